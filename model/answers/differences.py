"""By how much two numbers differ, and in which numbers one answer differs from another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import hypot

from model.answers.statistics import Interval

JUDGED = ("p50", "p99", "failed", "late")  # of each request of people


@dataclass(frozen=True, slots=True, kw_only=True)
class Differing:
    """The numbers that both answers have of those that are judged, and which of them differ."""

    judged: tuple[str, ...]
    differ: Mapping[str, float]  # by number: how much more one answer says than the other


def difference_of(one: Interval, other: Interval, *, times: float = 1.0) -> tuple[float, float]:
    """Return the ends of `one` less so many times the `other`.

    Both count as if they had come by independent luck: a number of two variants under the same
    luck rises and falls together, and differs less, so this is the careful side.  Where one falls
    as the other rises it is too narrow: of perfect opposites, 95 % are 83 %.  `difference_at_most`
    is not.

    Source: G. Y. Zou & A. Donner, "Construction of Confidence Limits about Effect Measures: A
    General Approach", *Statistics in Medicine* 27 (2008).
    """
    more = one.value - times * other.value
    below = hypot(one.value - one.low, times * (other.high - other.value))
    above = hypot(one.high - one.value, times * (other.value - other.low))
    return more - below, more + above


def difference_at_most(
    one: Interval, other: Interval, *, times: float = 1.0
) -> tuple[float, float]:
    """Return the ends of `one` less so many times the `other`, however they depend on another.

    Two numbers of one run do, either way: what waits at the end of one part of it waits in the
    next, and who scaled up in one is quicker in the next.  So the errors are added as they are, as
    if one were low whenever the other is high.  Standard deviations of a difference are at most
    the sum of both, so of means over the same replications these ends hold those of Student's t for
    the pairs' differences, and cover no less.  They are at most 1.42 times as far apart as
    those of `difference_of`.
    """
    return one.low - times * other.high, one.high - times * other.low


def differing(numbers: Mapping[str, Interval], base: Mapping[str, Interval]) -> Differing:
    """Return in which of the numbers that are judged an answer differs from another.

    Each is said to differ with the confidence of its intervals, by itself: of twenty that are the
    same one may be said to.
    """
    requests = [name.removesuffix(".failed") for name in numbers if is_of_request(name)]
    names = (f"{request}.{what}" for request in requests for what in JUDGED)
    judged = tuple(name for name in names if name in numbers and name in base)
    differ = {
        name: numbers[name].value - base[name].value
        for name in judged
        if _is_sure(*difference_of(numbers[name], base[name]))
    }
    return Differing(judged=judged, differ=differ)


def is_of_request(name: str) -> bool:
    """Say whether a number is the share that failed of one kind of request, or of all of them."""
    return name.count(".") == 1 and name.endswith(".failed")


def _is_sure(low: float, high: float) -> bool:
    """Say whether a difference with these ends is not nothing."""
    return low > 0 or high < 0
