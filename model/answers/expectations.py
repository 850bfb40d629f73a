"""What was expected of an answer, and whether it came so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from math import isfinite

from model.answers.differences import difference_of
from model.answers.numbers import QUANTILES, Numbers, is_count, is_share
from model.answers.statistics import Interval
from model.rules.targets import Verdict
from model.world.quantities import parse_seconds, parse_share
from model.world.scenario import Expectation, ScenarioError

BASE = "base"  # the scenario itself, among its variants

Longer = Mapping[tuple[str, str], Interval]  # shares by a quantile's name and its limit's text
NO_VARIANTS: Mapping[str, Longer] = {}


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
    longer: Mapping[str, Interval] = field(default_factory=dict)  # by limit, if they settle it

    @property
    def verdict(self) -> Verdict:
        """The outcome, as exit codes know it."""
        known = {Outcome.YES: Verdict.PASS, Outcome.NO: Verdict.MISS}
        return known.get(self.outcome, Verdict.INCONCLUSIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A limit as it is written, in the unit of its number, or how many times another's it is."""

    text: str
    value: float
    is_most: bool


def checked(
    expectation: Expectation,
    numbers: Mapping[str, Numbers],
    longer: Mapping[str, Longer] = NO_VARIANTS,
) -> Checked:
    """Compare one expectation with the numbers of every variant.

    `longer` says by variant how many took longer than limits of quantiles (`model.answers.longer`).
    Raises ScenarioError if its limit is no quantity of the number's kind.
    """
    variant, that = expectation.variant or BASE, expectation.that
    found, limits = numbers[variant].get(that), list(limits_of(expectation))
    beside = numbers[expectation.times].get(that) if expectation.times else None
    outcome, shares = Outcome.UNKNOWN, dict[str, Interval]()
    if found is not None and (beside is not None or expectation.times is None):
        margins = {limit: _margin(found, beside, limit) for limit in limits}
        shares = _settling(that, found, margins, longer.get(variant, {}))
        outcome = _outcome(
            [
                _margin_of_share(that, shares[limit.text], limit)
                if limit.text in shares
                else margin
                for limit, margin in margins.items()
            ]
        )
    words = _in_words(expectation)
    return Checked(expected=words, found=found, outcome=outcome, beside=beside, longer=shares)


def _settling(
    that: str, found: Interval, margins: Mapping[Limit, tuple[float, float]], longer: Longer
) -> dict[str, Interval]:
    """Return the shares that tell what a quantile's interval cannot, for want of an end."""
    if isfinite(found.low) and isfinite(found.high):
        return {}
    unclear = [limit.text for limit, (low, high) in margins.items() if low < 0 <= high]
    return {text: longer[that, text] for text in unclear if (that, text) in longer}


def _outcome(margins: Sequence[tuple[float, float]]) -> Outcome:
    if all(low >= 0 for low, _ in margins):
        return Outcome.YES
    if any(high < 0 for _, high in margins):
        return Outcome.NO
    return Outcome.UNCLEAR


def _margin(found: Interval, beside: Interval | None, limit: Limit) -> tuple[float, float]:
    """Return the ends of how far a number is on the right side of its limit."""
    if beside is None:
        low, high = found.low - limit.value, found.high - limit.value
    else:
        low, high = difference_of(found, beside, times=limit.value)
    return (-high, -low) if limit.is_most else (low, high)


def _margin_of_share(that: str, longer: Interval, limit: Limit) -> tuple[float, float]:
    """Return the same of a quantile, as how many fewer or more take longer than its limit."""
    most = 1 - next(QUANTILES[part] for part in that.split(".") if part in QUANTILES)
    low, high = longer.low - most, longer.high - most
    return (-high, -low) if limit.is_most else (low, high)


def limits_of(expectation: Expectation) -> Iterator[Limit]:
    """Yield the limits that are given.

    Raises ScenarioError if one is no quantity of the number's kind.
    """
    for text, is_most in ((expectation.above, False), (expectation.below, True)):
        if text is not None:
            yield Limit(text=text, value=_limit(expectation, text), is_most=is_most)


def _limit(expectation: Expectation, text: str) -> float:
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
