"""What is wrong with a key or its value, in the words of the page of fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic_core import ErrorDetails

from model.world.fields.keys import keys_at
from model.world.fields.kinds import bare, kind_of
from model.world.fields.tables import kind_of_table, tables_at
from model.world.fields.values import Write, number_text

# What pydantic calls it that a key of shares by name is no known name, and where.
WRONG_NAME, NAME = "enum", "[key]"
# What pydantic calls it that a table has no known kind, that something is of another kind than
# is wanted, beyond a limit, or too many or too few of something.
WRONG_KINDS = ("union_tag_invalid", "union_tag_not_found")
WANTED = {
    "model_type": "a table", "model_attributes_type": "a table", "dict_type": "a table",
    "tuple_type": "a list", "string_type": "text", "bool_type": "true or false",
    "bool_parsing": "true or false", "int_type": "a whole number", "int_parsing": "a whole number",
    "int_from_float": "a whole number", "float_type": "a number", "float_parsing": "a number",
    "finite_number": "a finite number",
}  # fmt: skip
BOUNDS = {
    "greater_than_equal": ("ge", "at least"), "greater_than": ("gt", "above"),
    "less_than_equal": ("le", "at most"), "less_than": ("lt", "below"),
}  # fmt: skip
SIZES = {"too_short": ("min_length", "at least"), "too_long": ("max_length", "at most")}
GIVEN_CHARS_MAX = 80  # of a wrong value, that are shown
CHOICES = ("enum", "literal_error")


def complaints_of(wrong: ErrorDetails) -> list[tuple[str, str]]:
    """Return (path of the key, what is wrong with it) for each complaint of an error of pydantic's.

    None for a list that is too short only since its items are wrong, which is told of them.
    """
    location = [str(part) for part in wrong["loc"]]
    if _is_wrong_name(wrong):
        location.remove(NAME)
    if wrong["type"] == "too_short" and len(wrong["input"]) >= wrong["ctx"]["min_length"]:
        return []
    message = _complaint(wrong, location)
    if wrong["type"] in WRONG_KINDS:
        location.append("kind")
    return [(".".join(location), line) for line in message.splitlines()]


def _complaint(wrong: ErrorDetails, location: list[str]) -> str:
    """Return what is wrong with the key at `location`, and with which value."""
    what, given = wrong["type"], wrong["input"]
    if what == "extra_forbidden" or _is_wrong_name(wrong):
        return "unknown key" + _nearest(location)
    if what == "missing":
        return "is missing"
    if what in WRONG_KINDS:
        return _wrong_kind(given, [kind_of_table(table) for table in tables_at(location)])
    if what == "value_error":
        return wrong["msg"].removeprefix("Value error, ")
    if what in SIZES:
        name, words = SIZES[what]
        return f"write {words} {wrong['ctx'][name]} of them, got {len(given)}"
    wanted = _wanted(wrong, location)
    return f"{wanted}, got {repr(given)[:GIVEN_CHARS_MAX]}" if wanted else wrong["msg"]


def _wanted(wrong: ErrorDetails, location: Sequence[str]) -> str:
    """Return what a value must be that is not; "" of an error that has no words here."""
    what, context = wrong["type"], wrong.get("ctx", {})
    if what in WANTED:
        return f"write {WANTED[what]}"
    if what in BOUNDS:
        name, words = BOUNDS[what]
        return f"must be {words} {_text_at(location)(context[name])}"
    if what in CHOICES:
        return f"must be one of {context['expected']}"
    if what == "string_pattern_mismatch":
        return f"must match {context['pattern']}"
    return ""


def _text_at(location: Sequence[str]) -> Write:
    """Return how limits of the field at `location` are written, with their unit."""
    for table in tables_at(location[:-1]):
        if field := table.model_fields.get(location[-1]):
            return kind_of(*bare(field.annotation, tuple(field.metadata))).text
    return number_text


def _is_wrong_name(wrong: ErrorDetails) -> bool:
    return wrong["type"] == WRONG_NAME and wrong["loc"][-1] == NAME


def _wrong_kind(given: Mapping[str, Any], kinds: list[str]) -> str:
    """Return which kinds of table there are, and which of them the given one may mean."""
    if "kind" not in given:
        return f"is missing; known are {', '.join(kinds)}"
    close = get_close_matches(str(given["kind"]), kinds, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"must be one of {', '.join(kinds)}, got {given['kind']!r}{hint}"


def _nearest(location: list[str]) -> str:
    """Return a hint at the known key that is spelt most like the last part of `location`."""
    known = keys_at(location[:-1])
    close = get_close_matches(location[-1], known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(known)}"
