"""How the trees of steps become rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model.engine.program import NONE, Key, Kind, Steps
from model.engine.refusals import refuse_count, refuse_duration, refuse_unless
from model.engine.stations import DEPTH_MAX
from model.world import journeys as tree
from model.world.chance import path_key
from model.world.counts import CountLaw
from model.world.laws import Law


@dataclass(slots=True, kw_only=True)
class Row:
    """One step; columns as in `program.Steps`."""

    kind: Kind
    path: str
    end: int = NONE
    station: int = NONE
    key: Key = Key.RANDOM
    key_hash: int = 0
    law: int = NONE
    attribute: int = NONE
    at_once: int = 0
    probability: float = 1.0
    journey: int = NONE


@dataclass(slots=True, kw_only=True)
class Flat:
    """The rows of all journeys, and the tables that they point into."""

    journeys: Sequence[str]
    stations: Sequence[str]
    rows: list[Row] = field(default_factory=list)
    begin: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)
    laws: list[Law | CountLaw] = field(default_factory=list)
    attributes: list[str] = field(default_factory=list)

    def steps(self) -> Steps:
        """Return the rows as columns."""
        return Steps(
            kind=self._column("kind", np.int8),
            end=self._column("end", np.int32),
            station=self._column("station", np.int32),
            key=self._column("key", np.int8),
            key_hash=self._column("key_hash", np.uint64),
            law=self._column("law", np.int32),
            attribute=self._column("attribute", np.int32),
            at_once=self._column("at_once", np.int32),
            probability=self._column("probability", np.float64),
            journey=self._column("journey", np.int32),
            path_hash=np.array([path_key(row.path) for row in self.rows], np.uint64),
            paths=tuple(row.path for row in self.rows),
        )

    def rows_of(self, journey: int) -> list[Row]:
        """Return the steps of one journey."""
        return self.rows[self.begin[journey] : self.end[journey]]

    @property
    def emitted_by(self) -> list[list[int]]:
        """For each journey, those that it starts."""
        return [
            [row.journey for row in self.rows_of(journey) if row.kind is Kind.EMIT]
            for journey in range(len(self.journeys))
        ]

    def counted(self, journey: int) -> dict[str, bool]:
        """Return the attributes that a journey needs, and whether as the count of a fork."""
        needed: dict[str, bool] = {}
        for row in self.rows_of(journey):
            if row.attribute != NONE:
                name = self.attributes[row.attribute]
                needed[name] = needed.get(name, False) or row.kind is Kind.FOR_EACH
        return needed

    def _column(self, name: str, dtype: DTypeLike) -> NDArray[Any]:
        return np.array([getattr(row, name) for row in self.rows], dtype)


def flatten(journeys: Sequence[tree.Journey], stations: Sequence[str]) -> Flat:
    """Return the rows of all journeys, in order."""
    flat = Flat(journeys=[journey.name for journey in journeys], stations=stations)
    for journey in journeys:
        flat.begin.append(len(flat.rows))
        _add_all(flat, journey.name, journey.steps, forks=0)
        flat.end.append(len(flat.rows))
    paths = Counter(row.path for row in flat.rows)
    for path, times in paths.items():
        refuse_unless(times == 1, f"{path}: {times} steps have this path; name them apart")
    return flat


def _add_all(flat: Flat, path: str, steps: tree.Steps, *, forks: int) -> None:
    neighbours = tree.sequence(steps)
    refuse_unless(len(neighbours) > 0, f"{path}: has no steps")
    for name, step in zip(tree.names_among(neighbours), neighbours, strict=True):
        _add(flat, f"{path}/{name}", step, forks=forks)


def _add(flat: Flat, path: str, step: tree.Step, *, forks: int) -> None:
    """Append the row of a step, then the rows of the steps inside it."""
    row = Row(kind=Kind.VISIT, path=path)
    flat.rows.append(row)
    match step:
        case tree.Visit():
            _fill_visit(flat, row, step)
        case tree.Delay():
            row.kind = Kind.DELAY
            _fill_time(flat, row, step.time)
        case tree.AllOf():
            row.kind = Kind.ALL_OF
            _add_branches(flat, path, step, forks=forks)
        case tree.ForEach():
            row.kind = Kind.FOR_EACH
            _fill_count(flat, row, step)
            refuse_unless(forks < DEPTH_MAX, f"{path}: more than {DEPTH_MAX} forks in one another")
            _add_all(flat, path, step.body, forks=forks + 1)
        case tree.WithProbability():
            row.kind, row.probability = Kind.MAYBE, step.p
            refuse_unless(0 <= step.p <= 1, f"{path}: probability must be in 0..1, got {step.p}")
            _add_all(flat, path, step.then, forks=forks)
        case tree.Emit():
            row.kind = Kind.EMIT
            row.journey = _index(flat.journeys, step.journey, f"{path}: emits unknown journey")
    row.end = len(flat.rows)


def _add_branches(flat: Flat, path: str, step: tree.AllOf, *, forks: int) -> None:
    refuse_unless(len(step.branches) > 0, f"{path}: has no branches")
    for number, branch in enumerate(step.branches, start=1):
        row = Row(kind=Kind.BRANCH, path=f"{path}/{number}")
        flat.rows.append(row)
        _add_all(flat, row.path, branch, forks=forks)
        row.end = len(flat.rows)


def _fill_visit(flat: Flat, row: Row, visit: tree.Visit) -> None:
    row.station = _index(flat.stations, visit.station, f"{row.path}: visits unknown station")
    if visit.key != tree.RANDOM:
        row.key = Key.LEG if visit.key == tree.LEG else Key.REQUEST
        row.key_hash = path_key(f"key {visit.key}")
    _fill_time(flat, row, visit.work)


def _fill_time(flat: Flat, row: Row, time: Law | tree.Attribute) -> None:
    if isinstance(time, tree.Attribute):
        row.attribute = _attribute(flat, time)
    else:
        refuse_duration(row.path, time)
        row.law = _law(flat, time)


def _fill_count(flat: Flat, row: Row, step: tree.ForEach) -> None:
    refuse_unless(step.at_once >= 0, f"{row.path}: at_once must be 0 or more, got {step.at_once}")
    row.at_once = step.at_once
    if isinstance(step.count, tree.Attribute):
        row.attribute = _attribute(flat, step.count)
    else:
        refuse_count(row.path, step.count)
        row.law = _law(flat, step.count)


def _law(flat: Flat, law: Law | CountLaw) -> int:
    flat.laws.append(law)
    return len(flat.laws) - 1


def _attribute(flat: Flat, attribute: tree.Attribute) -> int:
    if attribute.name not in flat.attributes:
        flat.attributes.append(attribute.name)
    return flat.attributes.index(attribute.name)


def _index(names: Sequence[str], name: str, complaint: str) -> int:
    refuse_unless(name in names, f"{complaint} {name}")
    return names.index(name)
