"""The kinds of value that fields have: what they are called, and how one is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from model.world.fields.tables import tables_in
from model.world.fields.values import (
    Write,
    bytes_text,
    count_text,
    number_text,
    per_s_text,
    seconds_text,
    share_text,
    toml_of,
    toml_of_list,
    toml_of_table,
    toml_of_text,
)
from model.world.quantities import (
    parse_bytes,
    parse_count,
    parse_per_s,
    parse_seconds,
    parse_share,
)

Metadata = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of value: its noun, and a value as TOML and, for limits, without quotes."""

    noun: str
    toml: Write
    text: Write = number_text
    example: str = ""  # TOML; of a value that has no default
    choices: tuple[str, ...] = ()


def _quantity(noun: str, text: Write, example: str) -> Kind:
    return Kind(noun=noun, toml=lambda value: toml_of_text(text(value)), text=text, example=example)


QUANTITIES: dict[Callable[[Any], Any], Kind] = {
    parse_seconds: _quantity("a duration", seconds_text, '"10 s"'),
    parse_bytes: _quantity("a size", bytes_text, '"20 kB"'),
    parse_count: _quantity("a count", count_text, '"50 k"'),
    parse_per_s: _quantity("a rate", per_s_text, '"120/s"'),
    parse_share: _quantity("a share", share_text, '"35 %"'),
}
PLAIN: dict[object, Kind] = {
    bool: Kind(noun="true or false", toml=toml_of, example="true"),
    int: Kind(noun="a whole number", toml=toml_of, text=str, example="10"),
    float: Kind(noun="a number", toml=toml_of, example="1.5"),
    str: Kind(noun="text", toml=toml_of, example='"text"'),
}


def kind_of(annotation: Any, metadata: Metadata = ()) -> Kind:
    """Return the kind of values of this type, which must not be optional (see `bare`)."""
    for each in metadata:
        if isinstance(each, BeforeValidator) and each.func in QUANTITIES:
            return QUANTITIES[each.func]
    if get_origin(annotation) is Literal:
        return _choice(get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _choice(member.value for member in annotation)
    if get_origin(annotation) in (tuple, dict) or tables_in(annotation):
        return _compound(annotation)
    return PLAIN[annotation]


def bare(annotation: Any, metadata: Metadata = ()) -> tuple[Any, Metadata]:
    """Return a type that is neither optional nor annotated, and all that was annotated."""
    if hasattr(annotation, "__metadata__"):
        return bare(annotation.__origin__, (*metadata, *_flat(annotation.__metadata__)))
    parts = get_args(annotation)
    if NoneType in parts and len(parts) == 2:
        return bare(next(part for part in parts if part is not NoneType), metadata)
    return annotation, metadata


def _flat(metadata: Iterable[Any]) -> Metadata:
    """Return limits as pydantic keeps them, those inside of `Field(…)` too."""
    return tuple(
        inner
        for each in metadata
        for inner in (each.metadata if isinstance(each, FieldInfo) else (each,))
    )


def _choice(values: Iterable[Any]) -> Kind:
    written = tuple(toml_of(value) for value in values)
    return Kind(noun="one of these", toml=toml_of, example=written[0], choices=written)


def _compound(annotation: Any) -> Kind:
    """Return the kind of a table, of a list, or of a table with keys of one's own."""
    if tables_in(annotation):
        return Kind(noun="tables" if get_origin(annotation) is tuple else "a table", toml=str)
    parts = [kind_of(*bare(part)) for part in get_args(annotation) if part is not Ellipsis]
    if get_origin(annotation) is dict:
        return _named(*parts)
    return _listed(parts)


def _named(key: Kind, value: Kind) -> Kind:
    def toml(values: Any) -> str:
        return toml_of_table({_key(name): value.toml(each) for name, each in values.items()})

    keys = tuple(choice.strip('"') for choice in key.choices)
    return Kind(noun=f"a table, each {value.noun}", toml=toml, choices=keys)


def _key(name: Any) -> str:
    """Return a name, which is one word, as the key of a table."""
    return toml_of(name).strip('"')


def _listed(parts: list[Kind]) -> Kind:
    def toml(values: Any) -> str:
        kinds = parts if len(parts) > 1 else parts * len(values)
        return toml_of_list([kind.toml(value) for kind, value in zip(kinds, values, strict=True)])

    nouns = " and ".join(part.noun for part in parts)
    noun = nouns if len(parts) > 1 else f"a list, each {nouns}"
    return Kind(noun=noun, toml=toml, choices=parts[0].choices)
