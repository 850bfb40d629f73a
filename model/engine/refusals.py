"""Which networks mean nothing, and are refused with the name of what is wrong."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from model.engine.stations import LEGS_MAX
from model.world.counts import CountLaw
from model.world.laws import Law

_RAREST = 2.0**-53  # where a law shows its smallest value, and at 1 minus it its largest


class NetworkError(ValueError):
    """A network that cannot mean anything; the message names the part and the value."""


def refuse_unless(holds: bool, complaint: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Raise NetworkError with the complaint, unless the rule holds."""
    if not holds:
        raise NetworkError(complaint)


def refuse_duration(path: str, law: Law) -> None:
    """Refuse a law by which time could run backwards."""
    shortest = law.quantile(_RAREST)
    refuse_unless(shortest >= 0, f"{path}: time must be 0 or more, the law has {shortest}")


def refuse_count(path: str, law: CountLaw) -> None:
    """Refuse a law of negative counts, or of more legs than a fork can have."""
    fewest, most = law.quantile(_RAREST), law.quantile(1 - _RAREST)
    refuse_unless(fewest >= 0, f"{path}: count must be 0 or more, the law has {fewest}")
    refuse_unless(most <= LEGS_MAX, f"{path}: count must be {LEGS_MAX} at most, the law has {most}")


def refuse_cycles(journeys: Sequence[str], emitted_by: Sequence[Collection[int]]) -> None:
    """Refuse journeys that start one another for ever."""

    def follow(journey: int, before: tuple[int, ...]) -> None:
        way = (*before, journey)
        if journey in before:
            raise NetworkError(f"emits in a circle: {' → '.join(journeys[one] for one in way)}")
        for emitted in emitted_by[journey]:
            follow(emitted, way)

    for journey in range(len(journeys)):
        follow(journey, ())


def reached_from(roots: Collection[int], emitted_by: Sequence[Collection[int]]) -> set[int]:
    """Return the journeys that requests of `roots` go through, or start."""
    reached = set(roots)
    for root in roots:
        reached |= reached_from(emitted_by[root], emitted_by)
    return reached


def refuse_attributes(
    journey: str, counted: Mapping[str, bool], columns: Mapping[str, NDArray[np.float64]]
) -> None:
    """Refuse arrivals that do not bring what their journey needs.

    `counted` says for each attribute needed whether it is the count of a fork.
    """
    for name, is_count in counted.items():
        refuse_unless(name in columns, f"{journey}: arrivals bring no attribute {name}")
        most = float(columns[name].max())
        refuse_unless(
            not is_count or most <= LEGS_MAX,
            f"{journey}: {name} must be {LEGS_MAX} at most, got {most:g}",
        )
