"""Which tables a field of a scenario holds, and which table a key stands in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from model.world.scenario import Scenario
from model.world.scenario.tables import Table


def tables_at(path: Iterable[str]) -> tuple[type[Table], ...]:
    """Return the table that this path leads to: none, or several where they have kinds.

    Numbers of list items are passed over, and a kind chooses among tables that have kinds: both
    `events.3.crash` and `events.crash` lead to the table of a crash.
    """
    tables: tuple[type[Table], ...] = (Scenario,)
    for part in path:
        if not part.isdigit():
            tables = _tables_below(tables, part)
    return tables


def tables_in(annotation: object) -> tuple[type[Table], ...]:
    """Return the tables that a value of this type may be, or may hold."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        return (annotation,)
    return tuple(table for part in get_args(annotation) for table in tables_in(part))


def kind_of_table(table: type[Table]) -> str:
    """Return what such a table says in its field `kind`; "" if it has none."""
    field = table.model_fields.get("kind")
    return str(get_args(field.annotation)[0]) if field else ""


def _tables_below(tables: tuple[type[Table], ...], part: str) -> tuple[type[Table], ...]:
    if of_kind := tuple(table for table in tables if part == kind_of_table(table)):
        return of_kind
    field = tables[0].model_fields.get(part) if len(tables) == 1 else None
    return tables_in(field.annotation) if field else ()
