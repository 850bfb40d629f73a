"""Fields of what callers send, in bodies, paths and queries: read, or refused by name."""

from __future__ import annotations

import re
from collections.abc import Mapping

from model.rules.ids import ID_MAX
from model.rules.timelines import PAGE_LIMIT_MAX
from reference_impl.chassis.errors import BadRequest

_DECIMAL = re.compile(r"[0-9]{1,19}")
# Control codes but tab and newline, and halves of UTF-16 pairs: SQL cannot store all of them.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def id_of(text: object, field: str) -> int:
    """Return the id that `text` says in decimal; ids are strings in JSON, for they have 63 bits."""
    if not (isinstance(text, str) and _DECIMAL.fullmatch(text)) or int(text) > ID_MAX:
        raise BadRequest(f"{field} must be an id in decimal digits, as a string")
    return int(text)


def limit_of(query: Mapping[str, str], default: int) -> int:
    """Return how many items the caller wants on a page."""
    text = query.get("limit")
    if text is None:
        return default
    if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= PAGE_LIMIT_MAX:
        raise BadRequest(f"limit must be in 1..{PAGE_LIMIT_MAX}, got {text[:20]!r}")
    return int(text)


def text_of(fields: Mapping[str, object], name: str, *, chars_max: int, chars_min: int = 1) -> str:
    """Return a field that must be text of this many characters, none of them a control code."""
    text = fields.get(name)
    if not isinstance(text, str):
        raise BadRequest(f"{name} must be given, as text")
    if not chars_min <= len(text) <= chars_max:
        raise BadRequest(f"{name} must have {chars_min} to {chars_max} characters")
    if _UNPRINTABLE.search(text):
        raise BadRequest(f"{name} must not contain control characters")
    return text
