"""Which networks mean nothing, and are refused with the name of what is wrong."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from model.engine.stations import ATTEMPTS_MAX, LEGS_MAX
from model.world.attributes import Attribute
from model.world.counts import CountLaw
from model.world.journeys import Call
from model.world.laws import Law

_RAREST = 2.0**-53  # where a law shows its smallest value, and at 1 minus it its largest


class NetworkError(ValueError):
    """A network that cannot mean anything; the message names the part and the value."""


def refuse_unless(holds: bool, complaint: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Raise NetworkError with the complaint, unless the rule holds."""
    if not holds:
        raise NetworkError(complaint)


def refuse_outside(what: str, value: int, least: int, most: int) -> None:
    """Refuse a number of things beyond the limits, and what is not a whole number."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    refuse_unless(whole, f"{what} must be a whole number, got {value}")
    refuse_unless(value >= least, f"{what} must be {least} or more, got {value}")
    refuse_unless(value <= most, f"{what} must be {most} at most, got {value}")


def refuse_fraction(what: str, value: object) -> None:
    """Refuse what is not a whole number."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    refuse_unless(whole, f"{what} must be a whole number, got {value!r}")


def refuse_no_law(path: str, law: object) -> None:
    """Refuse what is no law, such as a bare number."""
    refuse_unless(
        hasattr(law, "quantile"), f"{path}: needs a law (as Constant) or an Attribute, got {law!r}"
    )


def refuse_duration(path: str, law: Law) -> None:
    """Refuse a law by which time could run backwards, or never end."""
    refuse_no_law(path, law)
    shortest, longest = law.quantile(_RAREST), law.quantile(1 - _RAREST)
    refuse_unless(shortest >= 0, f"{path}: time must be 0 or more, the law has {shortest}")
    refuse_unless(longest < np.inf, f"{path}: time must be finite, the law has {longest}")


def refuse_count(path: str, law: CountLaw, *, most: int = LEGS_MAX) -> None:
    """Refuse a law of negative counts, or of more than `most`: a fork has that many legs."""
    refuse_no_law(path, law)
    fewest, largest = law.quantile(_RAREST), law.quantile(1 - _RAREST)
    refuse_unless(fewest >= 0, f"{path}: count must be 0 or more, the law has {fewest}")
    refuse_unless(largest <= most, f"{path}: count must be {most} at most, the law has {largest}")
    for count in (fewest, largest):
        refuse_unless(count % 1 == 0, f"{path}: count must be whole, the law has {count}")


def refuse_call(path: str, call: Call) -> None:
    """Refuse calls that repeat in a way that nobody can."""
    if call.deadline is not None and not isinstance(call.deadline, Attribute):
        refuse_duration(path, call.deadline)
    if call.hedge_after is not None:
        refuse_duration(path, call.hedge_after)
    refuse_outside(f"{path}: retries", call.retries, 0, ATTEMPTS_MAX // 2 - 1)
    backoff, budget, breaker = call.backoff, call.budget, call.breaker
    _refuse_negative(path, "backoff base_s", backoff.base_s)
    _refuse_negative(path, "backoff cap_s", backoff.cap_s)
    refuse_unless(
        1 <= backoff.factor < np.inf,
        f"{path}: backoff factor must be 1 or more, got {backoff.factor}",
    )
    if budget is not None:
        _refuse_negative(path, "budget ratio", budget.ratio)
        _refuse_negative(path, "budget burst", budget.burst)
    if breaker is not None:
        _refuse_negative(path, "breaker open_s", breaker.open_s)
        refuse_outside(f"{path}: breaker failures", breaker.failures, 1, 2**31 - 1)


def _refuse_negative(path: str, what: str, value: float) -> None:
    refuse_unless(0 <= value < np.inf, f"{path}: {what} must be 0 or more, got {value}")


def refuse_cycles(journeys: Sequence[str], emitted_by: Sequence[Collection[int]]) -> None:
    """Refuse journeys that start one another for ever."""
    ended: set[int] = set()  # those from which every way comes to an end

    def follow(journey: int, before: tuple[int, ...]) -> None:
        way = (*before, journey)
        if journey in before:
            raise NetworkError(f"emits in a circle: {' → '.join(journeys[one] for one in way)}")
        for emitted in emitted_by[journey]:
            if emitted not in ended:
                follow(emitted, way)
        ended.add(journey)

    for journey in range(len(journeys)):
        follow(journey, ())


def reached_from(roots: Collection[int], emitted_by: Sequence[Collection[int]]) -> set[int]:
    """Return the journeys that requests of `roots` go through, or start."""
    reached: set[int] = set()
    ahead = list(roots)
    while ahead:
        journey = ahead.pop()
        if journey not in reached:
            reached.add(journey)
            ahead += emitted_by[journey]
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
