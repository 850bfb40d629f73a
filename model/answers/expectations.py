"""What was expected of an answer, and whether it came so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from math import inf, isfinite, nan

from model.answers.differences import difference_at_most, difference_of
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
    UNKNOWN = "unknown"  # the answer does not have that number, or what it is compared with


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """An expectation in words, what was found, beside what, and what that makes of it."""

    expected: str
    found: Interval | None
    outcome: Outcome
    beside: Interval | None = None  # the number that it is compared with, if with one
    longer: Mapping[str, Interval] = field(default_factory=dict)  # by limit, if they settle it

    @property
    def verdict(self) -> Verdict:
        """The outcome, as exit codes know it."""
        known = {Outcome.YES: Verdict.PASS, Outcome.NO: Verdict.MISS}
        return known.get(self.outcome, Verdict.INCONCLUSIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """A number that another is compared with, and the variant that it is of."""

    variant: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A limit as it is written, in the unit of its number, or how many times another it is."""

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
    other = compared_with(expectation)
    beside = numbers[other.variant].get(other.name) if other else None
    outcome, shares = Outcome.UNKNOWN, dict[str, Interval]()
    if found is not None and (beside is not None or other is None):
        is_same = other is not None and other.name == that
        margins = {limit: _margin(found, beside, limit, is_same=is_same) for limit in limits}
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


def compared_with(expectation: Expectation) -> Other | None:
    """Return what an expectation's number is compared with, if with another."""
    if not expectation.times and not expectation.of:
        return None
    variant = expectation.times or expectation.variant or BASE
    return Other(variant=variant, name=expectation.of or expectation.that)


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


def _margin(
    found: Interval, beside: Interval | None, limit: Limit, *, is_same: bool
) -> tuple[float, float]:
    """Return the ends of how far a number is on the right side of its limit."""
    if beside is None:
        low, high = found.low - limit.value, found.high - limit.value
    else:
        difference = difference_of if is_same else difference_at_most
        low, high = difference(found, beside, times=limit.value)
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
    for word, text in _given(expectation).items():
        yield _limit(expectation, word, text)


def wrong_limits(expectation: Expectation) -> Iterator[str]:
    """Yield of each limit that is no quantity of the number's kind what to write instead."""
    for word, text in _given(expectation).items():
        try:
            _limit(expectation, word, text)
        except ScenarioError as error:
            yield str(error)


def _given(expectation: Expectation) -> dict[str, str]:
    limits = {"above": expectation.above, "below": expectation.below}
    return {word: text for word, text in limits.items() if text is not None}


def _limit(expectation: Expectation, word: str, text: str) -> Limit:
    other = compared_with(expectation)
    name = f"how many times {_other_in_words(expectation)}" if other else expectation.that
    read = _number if other else READERS[kind_of(expectation.that)]
    try:
        return Limit(text=text, value=read(text), is_most=word == "below")
    except ValueError as error:
        raise ScenarioError(f"{word}: {name}: {error}") from None


def kind_of(name: str) -> str:
    """Return what kind of number this is, as people call it."""
    if is_count(name):
        return "a count"
    return "a share" if is_share(name) else "a time"


def _number(text: str) -> float:
    """Read a plain number that is not below 0."""
    try:
        number = float(text)
    except ValueError:
        number = nan
    if not 0 <= number < inf:
        raise ValueError(f"write a number, such as 1.2, got {text!r}")
    return number


READERS = {"a count": _number, "a share": parse_share, "a time": parse_seconds}


def _in_words(expectation: Expectation) -> str:
    """Return such as "newsfeed.p99 (pull) above 2 and below 3 times that of base"."""
    variant = f" ({expectation.variant})" if expectation.variant else ""
    limits = " and ".join(f"{word} {text}" for word, text in _given(expectation).items())
    times = f" times {_other_in_words(expectation)}" if compared_with(expectation) else ""
    return f"{expectation.that}{variant} {limits}{times}"


def _other_in_words(expectation: Expectation) -> str:
    of_variant = f" of {expectation.times}" if expectation.times else ""
    if expectation.of:
        own = f" ({expectation.variant})" if expectation.variant else ""
        return f"{expectation.of}{of_variant or own}"
    return f"that{of_variant}"
