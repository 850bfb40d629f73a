"""How many take longer than what is expected of a quantile: that settles it without its interval.

A quantile's interval has no end where too few values lie beyond it, or all of them in few of the
replications; the share of those beyond a limit always has two.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model.answers.expectations import Longer, compared_with, limits_of
from model.answers.numbers import LAG, QUANTILES, windows_of
from model.answers.readings import Floats, Reading
from model.answers.shares import share_beyond
from model.world.scenario import Scenario


def longer_than_expected(scenario: Scenario, readings: Sequence[Reading]) -> Longer:
    """Return the share of those answered that took longer than each limit of a quantile."""
    found = {}
    for expectation in scenario.expect:
        clusters = _answered(expectation.that, scenario, readings)
        if compared_with(expectation) is None and any(each.size for each in clusters):
            for limit in limits_of(expectation):
                share = share_beyond(clusters, limit.value, is_clustered_there=True)
                found[expectation.that, limit.text] = share
    return found


def _answered(name: str, scenario: Scenario, readings: Sequence[Reading]) -> list[Floats]:
    """Return how long those took of whom a number is a quantile; nothing if it is none."""
    window = max(
        (each for each in windows_of(scenario) if name.endswith(each.suffix)),
        key=lambda each: len(each.suffix),
    )
    what, _, quantile = name.removesuffix(window.suffix).rpartition(".")
    if quantile not in QUANTILES:
        return []
    timed = [
        reading.lags.get(what.removeprefix(LAG))
        if what.startswith(LAG)
        else reading.requests.get(what)
        for reading in readings
    ]
    took_s = [each.between(window.since_s, window.until_s) for each in timed if each is not None]
    return [each_s[np.isfinite(each_s)] for each_s in took_s]
