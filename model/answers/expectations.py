"""What was expected of an answer, and whether it came so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from math import hypot

from model.answers.numbers import Numbers, is_count, is_share
from model.answers.statistics import Interval
from model.rules.targets import Verdict
from model.world.quantities import parse_seconds, parse_share
from model.world.scenario import Expectation, ScenarioError

BASE = "base"  # the scenario itself, among its variants


class Outcome(Enum):
    """Whether an expectation came true."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"  # the interval straddles the limit
    UNKNOWN = "unknown"  # the answer does not have that number


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """An expectation in words, what was found, beside what, and what that makes of it."""

    expected: str
    found: Interval | None
    outcome: Outcome
    beside: Interval | None = None  # the other variant's number, if it is compared with one

    @property
    def verdict(self) -> Verdict:
        """The outcome, as exit codes know it."""
        known = {Outcome.YES: Verdict.PASS, Outcome.NO: Verdict.MISS}
        return known.get(self.outcome, Verdict.INCONCLUSIVE)


def checked(expectation: Expectation, numbers: Mapping[str, Numbers]) -> Checked:
    """Compare one expectation with the numbers of every variant.

    Raises ScenarioError if its limit is no quantity of the number's kind.
    """
    found = numbers[expectation.variant or BASE].get(expectation.that)
    is_compared = expectation.times is not None
    beside = numbers[expectation.times].get(expectation.that) if expectation.times else None
    limits = [(_limit(expectation, text), is_most) for text, is_most in _limits(expectation)]
    outcome = Outcome.UNKNOWN
    if found is not None and (beside is not None or not is_compared):
        outcome = _outcome(
            [_margin(found, beside, limit, is_most=is_most) for limit, is_most in limits]
        )
    return Checked(expected=_in_words(expectation), found=found, outcome=outcome, beside=beside)


def _outcome(margins: Sequence[tuple[float, float]]) -> Outcome:
    if all(low >= 0 for low, _ in margins):
        return Outcome.YES
    if any(high < 0 for _, high in margins):
        return Outcome.NO
    return Outcome.UNCLEAR


def _margin(
    found: Interval, beside: Interval | None, limit: float, *, is_most: bool
) -> tuple[float, float]:
    """Return the ends of how far a number is on the right side of its limit.

    A limit of so many times another number is as uncertain as that, as if the two had come by
    independent luck: by the same luck they differ less, so this is the careful side.  Ends of a
    difference: G. Y. Zou & A. Donner, *Statistics in Medicine* 27 (2008).
    """
    most, below, above = limit, 0.0, 0.0
    if beside is not None:
        most = limit * beside.value
        below, above = limit * (beside.high - beside.value), limit * (beside.value - beside.low)
    over = found.value - most
    low = over - hypot(found.value - found.low, below)
    high = over + hypot(found.high - found.value, above)
    return (-high, -low) if is_most else (low, high)


def _limits(expectation: Expectation) -> Iterator[tuple[str, bool]]:
    """Yield the limits that are given, and whether each is the most that may come."""
    if expectation.above is not None:
        yield expectation.above, False
    if expectation.below is not None:
        yield expectation.below, True


def _limit(expectation: Expectation, text: str) -> float:
    """Return a limit in the unit of the number, or how many times another's it is."""
    name = expectation.that
    return _read(name, text) if expectation.times is None else _number(name, text)


def _read(name: str, text: str) -> float:
    if is_count(name):
        return _number(name, text)
    try:
        return parse_share(text) if is_share(name) else parse_seconds(text)
    except ValueError as error:
        raise ScenarioError(f"{name}: {error}") from None


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ScenarioError(f"{name}: write a number, such as 1.2, got {text!r}") from None


def _in_words(expectation: Expectation) -> str:
    limits = [
        f"{word} {text}" + (f" times that of {expectation.times}" if expectation.times else "")
        for word, text in (("above", expectation.above), ("below", expectation.below))
        if text is not None
    ]
    variant = f" ({expectation.variant})" if expectation.variant else ""
    return f"{expectation.that}{variant} {' and '.join(limits)}"
