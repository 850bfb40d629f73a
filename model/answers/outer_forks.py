"""By how much later a fork ends whose legs end later."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heapreplace

import numpy as np
import pandas as pd

from model.answers.legs import FORK, at_level, below, outer_of, visits_kept
from model.engine.runs import SimulatedRun
from model.world.slices import Outer


def later_around(
    run: SimulatedRun, outer: Outer, later: pd.DataFrame, *, level: int
) -> pd.DataFrame:
    """Return FORK and later_s of a fork, given those of its legs; `level` counts forks from 1.

    Legs that begin in turn are put into those turns anew.
    """
    legs = _legs_of(run, outer, level)
    legs = legs[legs.request.isin(later.request)]
    of_leg = later.groupby(["request", "outer"], as_index=False)
    legs = legs.merge(
        of_leg.agg(attempt=("attempt", "max"), later_s=("later_s", "sum")),
        on=["request", "outer"],
        how="left",
    )
    legs = legs.assign(outer=outer_of(legs.outer.to_numpy()), later_s=legs.later_s.fillna(0.0))
    rows = [
        (request, around, own.attempt.max(), _later_s(own, outer))
        for (request, around), own in legs.groupby(["request", "outer"])
    ]
    return pd.DataFrame(rows, columns=[*FORK, "later_s"])


def makespan_s(legs_s: Iterable[float], at_once: int, *, in_lanes: bool = False) -> float:
    """Return when the last of legs ends that begin in order, at most `at_once` at a time (0: all).

    In lanes each waits for the one that is `at_once` before it, else for any.

    >>> makespan_s([3.0, 1.0, 1.0, 2.0], at_once=2)
    4.0
    >>> makespan_s([1.0, 3.0, 1.0, 2.0], at_once=2, in_lanes=True)
    5.0
    """
    lasting_s = list(legs_s)
    if not 0 < at_once < len(lasting_s):
        return max(lasting_s, default=0.0)
    if in_lanes:
        return max(sum(lasting_s[lane::at_once]) for lane in range(at_once))
    ends_s = lasting_s[:at_once]
    heapify(ends_s)
    for leg_s in lasting_s[at_once:]:
        heapreplace(ends_s, ends_s[0] + leg_s)
    return max(ends_s)


def _legs_of(run: SimulatedRun, outer: Outer, level: int) -> pd.DataFrame:
    """Return request, outer (its number) and here_s (how long it took here) of each leg."""
    visits, rows = visits_kept(run), np.flatnonzero(below(run, outer.path))
    columns = {
        "request": visits.request[rows],
        "outer": at_level(visits.leg[rows], level),
        "began_s": visits.arrived_s[rows],
        "ended_s": visits.done_s[rows],
    }
    of_leg = pd.DataFrame(columns).groupby(["request", "outer"], as_index=False)
    legs = of_leg.agg(began_s=("began_s", "min"), ended_s=("ended_s", "max")).dropna()
    return legs.assign(here_s=legs.ended_s - legs.began_s)


def _later_s(legs: pd.DataFrame, outer: Outer) -> float:
    whole_s = makespan_s(legs.here_s + legs.later_s, outer.at_once, in_lanes=outer.in_lanes)
    return whole_s - makespan_s(legs.here_s, outer.at_once, in_lanes=outer.in_lanes)
