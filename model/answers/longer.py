"""How many take longer than what is expected of a quantile: that settles it without its interval.

A quantile's interval has no end where too few values lie beyond it, or all of them in few of the
replications; the share of those beyond a limit always has two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

import numpy as np

from model.answers.expectations import Longer, compared_with, limits_of
from model.answers.numbers import LAG, QUANTILES, Window, windows_of
from model.answers.readings import Reading, Timed
from model.answers.shares import share_beyond
from model.answers.statistics import Interval, TooShort
from model.answers.unended import lagged
from model.world.scenario import Scenario


def longer_than_expected(scenario: Scenario, readings: Sequence[Reading]) -> Longer:
    """Return the share of those answered that took longer than each limit of a quantile.

    Of lags what is overdue at the end counts, too (`unended`).
    """
    found = {}
    for expectation in scenario.expect:
        longer_than = _of_whom(expectation.that, scenario, readings)
        if compared_with(expectation) is None and longer_than is not None:
            for limit in limits_of(expectation):
                with suppress(TooShort):
                    found[expectation.that, limit.text] = longer_than(limit.value)
    return found


def _of_whom(
    name: str, scenario: Scenario, readings: Sequence[Reading]
) -> Callable[[float], Interval] | None:
    """Return what says how many of those take longer of whom a number is a quantile, if it is."""
    window = max(
        (each for each in windows_of(scenario) if name.endswith(each.suffix)),
        key=lambda each: len(each.suffix),
    )
    what, _, quantile = name.removesuffix(window.suffix).rpartition(".")
    activity = what.removeprefix(LAG)
    if quantile not in QUANTILES:
        return None
    if activity != what and activity in readings[0].lags:
        return lagged(readings, activity, window.since_s, window.until_s).longer_than
    if what in readings[0].requests:
        return partial(_longer, [reading.requests[what] for reading in readings], window)
    return None


def _longer(timed: Sequence[Timed], window: Window, limit_s: float) -> Interval:
    """Return the share of those answered that took longer than a limit."""
    took_s = [each.between(window.since_s, window.until_s) for each in timed]
    answered_s = [each_s[np.isfinite(each_s)] for each_s in took_s]
    return share_beyond(answered_s, limit_s, is_clustered_there=True)
