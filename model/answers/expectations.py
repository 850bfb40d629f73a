"""What was expected of an answer, and whether it came so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from math import inf

from model.answers.numbers import Numbers, is_share
from model.answers.staleness import is_count
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
    """An expectation in words, what was found, and what that makes of it."""

    expected: str
    found: Interval | None
    outcome: Outcome

    @property
    def verdict(self) -> Verdict:
        """The outcome, as exit codes know it."""
        known = {Outcome.YES: Verdict.PASS, Outcome.NO: Verdict.MISS}
        return known.get(self.outcome, Verdict.INCONCLUSIVE)


def checked(expectation: Expectation, numbers: Mapping[str, Numbers]) -> Checked:
    """Compare one expectation with the numbers of every variant.

    Raises ScenarioError if its limit is no quantity of the number's kind.
    """
    name, variant = expectation.that, expectation.variant or BASE
    found = numbers[variant].get(name)
    limits = [_limit(expectation, text, numbers) for text in (expectation.above, expectation.below)]
    low, high = (-inf if limits[0] is None else limits[0], inf if limits[1] is None else limits[1])
    return Checked(expected=_in_words(expectation), found=found, outcome=_outcome(found, low, high))


def _outcome(found: Interval | None, low: float | None, high: float | None) -> Outcome:
    if found is None or low is None or high is None:
        return Outcome.UNKNOWN
    if low <= found.low and found.high <= high:
        return Outcome.YES
    if found.high < low or found.low > high:
        return Outcome.NO
    return Outcome.UNCLEAR


def _limit(
    expectation: Expectation, text: str | None, numbers: Mapping[str, Numbers]
) -> float | None:
    """Return a limit in the unit of the number; None if there is none, or nothing to compare."""
    if text is None:
        return None
    if expectation.times is None:
        return _read(expectation.that, text)
    other = numbers[expectation.times].get(expectation.that)
    return None if other is None else _number(expectation.that, text) * other.value


def _read(name: str, text: str) -> float:
    if is_count(name):
        return _number(name, text)
    try:
        return parse_share(text) if is_share(name) else parse_seconds(text)
    except ValueError as error:
        raise ScenarioError(f"expect: {name}: {error}") from None


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ScenarioError(f"expect: {name}: write a number, such as 1.2, got {text!r}") from None


def _in_words(expectation: Expectation) -> str:
    limits = [
        f"{word} {text}" + (f" times that of {expectation.times}" if expectation.times else "")
        for word, text in (("above", expectation.above), ("below", expectation.below))
        if text is not None
    ]
    variant = f" ({expectation.variant})" if expectation.variant else ""
    return f"{expectation.that}{variant} {' and '.join(limits)}"
