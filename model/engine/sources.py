"""Where requests come from: one source per call of `Network.arrivals` and its likes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.engine.codes import StreamKind
from model.engine.program import Stream
from model.engine.refusals import refuse_count, refuse_duration, refuse_outside, refuse_unless
from model.engine.rows import Tables
from model.engine.stations import LEGS_MAX
from model.world.chance import path_key
from model.world.counts import CountLaw
from model.world.laws import Law

Floats = NDArray[np.float64]
ATTRIBUTE_MAX = 2.0**53  # beyond, a number with a fraction cannot tell whole ones apart
Rates = float | Sequence[tuple[float, float]]  # one rate, or (from when on, rate) pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One source of requests of one journey; fields as in `program.Stream`."""

    kind: StreamKind
    journey: str
    rates: tuple[tuple[float, float], ...] = ()
    period_s: float = inf
    batch: CountLaw | None = None
    at_s: Floats = field(default_factory=lambda: np.empty(0))
    users: int = 0
    think: Law | None = None
    length: CountLaw | None = None
    attributes: Mapping[str, Floats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what nobody could send."""
        if self.kind in (StreamKind.OPEN, StreamKind.SESSIONS):
            _refuse_rates(self.journey, self.rates, self.period_s)
        for law in filter(None, (self.batch, self.length)):
            refuse_count(self.journey, law)
        if self.think is not None:
            refuse_duration(self.journey, self.think)
        refuse_outside(f"{self.journey}: users", self.users, 0, LEGS_MAX)

    def stream(self, tables: Tables, journeys: Sequence[str], number: int) -> Stream:
        """Return the stream; `number` counts the sources of the same journey before it."""
        return Stream(
            kind=self.kind,
            journey=journeys.index(self.journey),
            path_hash=path_key(f"{self.journey}/arrivals/{number}"),
            since_s=np.array([since_s for since_s, _ in self.rates]),
            rates_per_s=np.array([rate for _, rate in self.rates]),
            period_s=self.period_s,
            batch=tables.law(self.batch),
            at_s=self.at_s,
            users=self.users,
            think=tables.law(self.think),
            length=tables.law(self.length),
            attributes=self._table(tables.attributes),
        )

    def _table(self, names: Sequence[str]) -> Floats:
        """Return the columns in the order of `names`, NaN where the source has none."""
        recorded = self.kind is StreamKind.RECORDED
        rows = len(self.at_s) if recorded else len(next(iter(self.attributes.values()), (0,)))
        columns = [self.attributes.get(name, np.full(rows, np.nan)) for name in names]
        return np.ascontiguousarray(np.column_stack(columns)) if columns else np.empty((rows, 0))


def pieces(journey: str, rates: Rates, start_s: float) -> tuple[tuple[float, float], ...]:
    """Return a rate as pieces, from `start_s` on."""
    if isinstance(rates, int | float | np.number):
        refuse_unless(0 <= start_s < inf, f"{journey}: start must be 0 or more, got {start_s}")
        return ((start_s, float(rates)),)
    refuse_unless(
        start_s == 0, f"{journey}: the first of the rates says when they start, not {start_s}"
    )
    return tuple((float(since_s), float(rate)) for since_s, rate in rates)


def _refuse_rates(journey: str, rates: Sequence[tuple[float, float]], period_s: float) -> None:
    refuse_unless(len(rates) > 0, f"{journey}: needs a rate")
    starts = np.array([since_s for since_s, _ in rates])
    rising = starts[0] >= 0 and (np.diff(starts) > 0).all() and starts[-1] < inf
    refuse_unless(
        bool(rising),
        f"{journey}: rates must begin one after another, from 0 on, got {starts.tolist()}",
    )
    for _, rate in rates:
        refuse_unless(0 <= rate < inf, f"{journey}: rate must be 0 or more, got {rate}")
    refuse_unless(
        period_s > starts[-1], f"{journey}: period_s must be beyond {starts[-1]:g}, got {period_s}"
    )


def columns_of(journey: str, attributes: Mapping[str, ArrayLike] | None) -> dict[str, Floats]:
    """Return the attributes as columns, which must be numbers from 0, all equally many."""
    columns = {
        name: np.array(values, dtype=np.float64) for name, values in (attributes or {}).items()
    }
    for name, column in columns.items():
        refuse_unless(column.ndim == 1 and len(column) > 0, f"{journey}: {name} needs values")
        least, most = column.min(), column.max()  # NaN if one is
        refuse_unless(least >= 0, f"{journey}: {name} must be 0 or more, got {least}")
        refuse_unless(most < inf, f"{journey}: {name} must be finite, got {most}")
        refuse_unless(
            most <= ATTRIBUTE_MAX, f"{journey}: {name} must be 2**53 at most, got {most:g}"
        )
        refuse_unless(
            len(column) == len(next(iter(columns.values()))),
            f"{journey}: {name} has {len(column)} values, another attribute has not",
        )
    return columns


def recorded_source(
    journey: str, at_s: ArrayLike, attributes: Mapping[str, ArrayLike] | None
) -> Source:
    """Return a source of requests at these instants, the k-th with the k-th attributes."""
    instants = np.array(at_s, dtype=np.float64)
    refuse_unless(
        instants.ndim == 1,
        f"{journey}: recorded arrivals must be in one row, got the shape {instants.shape}",
    )
    in_order = np.isfinite(instants).all() and (np.diff(instants, prepend=0.0) >= 0).all()
    refuse_unless(bool(in_order), f"{journey}: recorded arrivals must rise from 0")
    columns = columns_of(journey, attributes)
    for name, column in columns.items():
        refuse_unless(
            len(column) == len(instants),
            f"{journey}: {len(column)} values of {name} for {len(instants)} arrivals",
        )
    return Source(kind=StreamKind.RECORDED, journey=journey, at_s=instants, attributes=columns)


def streams_of(
    sources: Sequence[Source], tables: Tables, journeys: Sequence[str]
) -> tuple[Stream, ...]:
    """Return all sources as streams."""
    return tuple(
        source.stream(tables, journeys, sum(s.journey == source.journey for s in sources[:number]))
        for number, source in enumerate(sources)
    )
