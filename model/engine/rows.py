"""One row per step while a Program is being made, and the tables that rows point into."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from model.engine.codes import NONE, Key, Kind
from model.engine.program import Calls, Steps
from model.engine.refusals import refuse_unless
from model.world.attributes import Attribute
from model.world.chance import path_key
from model.world.counts import CountLaw
from model.world.laws import Law

_DTYPES = {
    "kind": np.int8,
    "key": np.int8,
    "priority": np.int8,
    "in_lanes": np.int8,
    "key_hash": np.uint64,
}
_CALL_DTYPES = {"jitter": np.int8, "cancels": np.int8}


@dataclass(slots=True, kw_only=True)
class Row:
    """One step; columns as in `program.Steps`."""

    path: str
    kind: Kind = Kind.VISIT
    end: int = NONE
    station: int = NONE
    key: Key = Key.RANDOM
    key_hash: int = 0
    keys: int = NONE
    key_attribute: int = NONE
    replica: int = 0
    priority: int = 0
    law: int = NONE
    attribute: int = NONE
    base: int = NONE
    count: int = NONE
    count_attribute: int = NONE
    at_once: int = 0
    in_lanes: bool = False
    need: int = NONE
    probability: float = 1.0
    journey: int = NONE
    link: int = NONE
    cache: int = NONE
    call: int = NONE
    otherwise: int = NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """How one call is repeated; columns as in `program.Calls`."""

    retries: int
    base_s: float
    factor: float
    cap_s: float
    jitter: bool
    budget_ratio: float
    budget_burst: float
    hedge_law: int
    breaker_failures: int
    breaker_open_s: float
    cancels: bool


@dataclass(slots=True, kw_only=True)
class Tables:
    """What steps refer to by number, which grows as they are read."""

    laws: list[Law | CountLaw] = field(default_factory=list)
    attributes: list[str] = field(default_factory=list)

    def law(self, law: Law | CountLaw | None) -> int:
        """Return the number of a law; the same law has the same number."""
        if law is None:
            return NONE
        if law not in self.laws:
            self.laws.append(law)
        return self.laws.index(law)

    def attribute(self, attribute: Attribute) -> int:
        """Return the number of an attribute."""
        if attribute.name not in self.attributes:
            self.attributes.append(attribute.name)
        return self.attributes.index(attribute.name)

    def value(self, value: Law | CountLaw | Attribute | None) -> tuple[int, int]:
        """Return the numbers of law and attribute, one of which is NONE, or both."""
        if isinstance(value, Attribute):
            return NONE, self.attribute(value)
        return self.law(value), NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names that steps may refer to, in the order of their numbers."""

    journeys: Sequence[str]
    stations: Sequence[str]
    replicas: Sequence[int]  # of each station
    members: Sequence[int]  # shards of each station
    key_sets: Sequence[str]
    caches: Sequence[str]
    cache_keys: Sequence[str]  # of each cache
    links: Sequence[str]
    lossy: Sequence[bool]  # of each link: whether it ever loses a message


@dataclass(slots=True, kw_only=True)
class Flat:
    """The rows of all journeys."""

    names: Names
    tables: Tables
    rows: list[Row] = field(default_factory=list)
    calls: list[CallRow] = field(default_factory=list)
    begin: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)
    cancelled: set[int] = field(default_factory=set)  # stations visited within a call that cancels

    def rows_of(self, journey: int) -> list[Row]:
        """Return the steps of one journey."""
        return self.rows[self.begin[journey] : self.end[journey]]

    @property
    def emitted_by(self) -> list[list[int]]:
        """For each journey, those that it starts."""
        return [
            [row.journey for row in self.rows_of(journey) if row.kind is Kind.EMIT]
            for journey in range(len(self.names.journeys))
        ]

    def counted(self, journey: int) -> dict[str, bool]:
        """Return the attributes that a journey needs, and whether as the count of a fork."""
        needed: dict[str, bool] = {}
        for row in self.rows_of(journey):
            for attribute in (row.attribute, row.count_attribute, row.key_attribute):
                if attribute != NONE:
                    name = self.tables.attributes[attribute]
                    needed[name] = needed.get(name, False) or row.kind is Kind.FOR_EACH
        return needed

    def stations_held(self) -> set[int]:
        """Return the stations whose servers are held, rather than work."""
        return {row.station for row in self.rows if row.kind is Kind.HOLD}

    def steps(self) -> Steps:
        """Return the rows as columns."""
        columns: dict[str, Any] = {
            one.name: np.array(
                [getattr(row, one.name) for row in self.rows],
                _DTYPES.get(one.name, np.float64 if one.name == "probability" else np.int32),
            )
            for one in fields(Row)
            if one.name != "path"
        }
        paths = tuple(row.path for row in self.rows)
        for path, times in Counter(paths).items():
            refuse_unless(times == 1, f"{path}: {times} steps have this path; name them apart")
        path_hash = np.array([path_key(path) for path in paths], np.uint64)
        return Steps(**columns, path_hash=path_hash, paths=paths)

    def call_table(self) -> Calls:
        """Return the calls as columns."""
        columns: dict[str, Any] = {
            one.name: np.array(
                [getattr(row, one.name) for row in self.calls],
                _CALL_DTYPES.get(one.name, np.float64 if one.type == "float" else np.int32),
            )
            for one in fields(CallRow)
        }
        return Calls(**columns)
