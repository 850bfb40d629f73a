"""One row per field of a scenario, found by walking through its tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from inspect import cleandoc
from typing import Any, get_origin

from pydantic.fields import FieldInfo

from model.world.fields.examples import EXAMPLES
from model.world.fields.kinds import Kind, bare, kind_of
from model.world.fields.limits import limits_of
from model.world.fields.tables import kind_of_table, tables_in
from model.world.fields.values import toml_of_list, toml_of_table
from model.world.scenario.tables import Table

ASKED = "must be given"
BELOW = "as its table says"
LEFT_OUT = "nothing"
UNSAID: tuple[Any, ...] = (None, "", (), {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What there is to say of one field."""

    path: str  # of the field: people.followers.alpha, or events.crash.station
    table: type[Table]  # that it stands in
    in_list: bool  # whether that is one of a list of tables
    name: str  # in that table
    noun: str  # of what to write: "a duration"
    example: str  # of it, as TOML
    default: str  # as TOML, or ASKED, BELOW, or LEFT_OUT
    limits: str
    meaning: str

    @property
    def place(self) -> str:
        """The path of the table that the field stands in; "" for the scenario itself."""
        return self.path.rpartition(".")[0]


def fields_of(table: type[Table]) -> tuple[Row, ...]:
    """Return a row for every field of a table, and of those inside of it, in their order."""
    return tuple(_rows(table, "", in_list=False))


def example_of(table: type[Table]) -> str:
    """Return such a table in one line of TOML, with what must be given and little more."""
    fields = table.model_fields
    asked = [name for name in fields if fields[name].is_required()] or list(fields)[:1]
    return toml_of_table({name: _example(table, name) for name in asked})


def _rows(table: type[Table], place: str, *, in_list: bool) -> Iterator[Row]:
    for name, field in table.model_fields.items():
        path = f"{place}.{name}".removeprefix(".")
        yield _row(table, path, in_list=in_list)
        for inner in tables_in(field.annotation):
            inner_path = f"{path}.{kind_of_table(inner)}".removesuffix(".")
            yield from _rows(inner, inner_path, in_list=_is_list(field))


def _row(table: type[Table], path: str, *, in_list: bool) -> Row:
    name = path.rpartition(".")[2]
    field = table.model_fields[name]
    kind, metadata = _kind_and_limits(field)
    return Row(
        path=path,
        table=table,
        in_list=in_list,
        name=name,
        noun=kind.noun,
        example=_example(table, name),
        default=_default(field, kind),
        limits=limits_of(kind, metadata),
        meaning=field.description or cleandoc(table.__doc__ or ""),
    )


def _is_list(field: FieldInfo) -> bool:
    return get_origin(bare(field.annotation)[0]) is tuple


def _kind_and_limits(field: FieldInfo) -> tuple[Kind, tuple[Any, ...]]:
    annotation, metadata = bare(field.annotation, tuple(field.metadata))
    return kind_of(annotation, metadata), metadata


def _default(field: FieldInfo, kind: Kind) -> str:
    if field.is_required():
        return ASKED
    if isinstance(field.default, Table):
        return _beside_itself(field.default)
    return LEFT_OUT if field.default in UNSAID else kind.toml(field.default)


def _beside_itself(default: Table) -> str:
    """Return as TOML in what a table that is left out differs from an empty one."""
    fields = type(default).model_fields
    differing = {
        name: _kind_and_limits(field)[0].toml(getattr(default, name))
        for name, field in fields.items()
        if getattr(default, name) != field.default
    }
    return toml_of_table(differing) if differing else BELOW


def _example(table: type[Table], name: str) -> str:
    """Return what stands in EXAMPLES, else the default, else any value of the kind."""
    field = table.model_fields[name]
    if f"{table.__name__}.{name}" in EXAMPLES:
        return EXAMPLES[f"{table.__name__}.{name}"]
    if inside := tables_in(field.annotation):
        one = example_of(inside[0])
        return toml_of_list([one]) if _is_list(field) else one
    kind, _ = _kind_and_limits(field)
    unsaid = field.is_required() or field.default in UNSAID
    return kind.example if unsaid else kind.toml(field.default)
