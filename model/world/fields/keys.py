"""Which keys may stand where in a scenario."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from model.world.fields.kinds import bare, kind_of
from model.world.fields.tables import tables_at
from model.world.scenario.tables import Table


def keys_at(path: Sequence[str]) -> list[str]:
    """Return the keys of the table that this path leads to, or of its shares by name.

    >>> keys_at(["traffic", "day"])
    ['peak_hour', 'peak_over_trough', 'starts_at']
    >>> keys_at(["traffic", "mix"])[:3]
    ['register', 'login', 'post']
    """
    if tables := tables_at(path):
        return [name for table in tables for name in table.model_fields]
    return [name for table in tables_at(path[:-1]) for name in _names_in(table, path[-1])]


def _names_in(table: type[Table], name: str) -> Iterator[str]:
    if field := table.model_fields.get(name):
        kind = kind_of(*bare(field.annotation, tuple(field.metadata)))
        yield from kind.choices
