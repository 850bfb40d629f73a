"""The legs of wide forks that a run shows: when each began, how long it took, and where."""

from __future__ import annotations

from math import ceil, log

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model.engine.codes import Outcome
from model.engine.runs import SimulatedRun, Visits
from model.engine.stations import ATTEMPTS_MAX, LEGS_MAX
from model.world.hot_shards import Hot
from model.world.slices import BEGIN, CLOCK, END, Thinned

FORK = ["request", "outer", "attempt"]  # what tells apart the times that a fork was taken
TOGETHER = ["request", "together", "attempt"]  # the same of all times that go on together
_ATTEMPTS = ATTEMPTS_MAX + 1  # numbers of attempts of one call inside one attempt of another
_PER_LEVEL = LEGS_MAX + 1  # numbers of legs of one fork inside one leg of another

Attempts = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def visits_kept(run: SimulatedRun) -> Visits:
    """Return the visits of a run; ValueError if it kept none."""
    if run.visits is None:
        raise ValueError("this run kept no visits")
    return run.visits


def forks_of(run: SimulatedRun, fork: Thinned) -> pd.DataFrame:
    """Return a row per time that somebody who belongs here took the fork.

    That is FORK, TOGETHER and begun_s.
    """
    visits = visits_kept(run)
    begins = np.flatnonzero(_at(run, fork.begin))
    return pd.DataFrame(
        {
            "request": visits.request[begins],
            "outer": visits.leg[begins],
            "together": _together(visits.leg[begins], fork),
            "attempt": visits.attempt[begins],
            "begun_s": visits.arrived_s[begins],
        }
    )


def legs_of(run: SimulatedRun, fork: Thinned, hot: Hot | None) -> pd.DataFrame:
    """Return a row per leg, of who belongs here and of others.

    That is FORK, TOGETHER, member, began_s and lasted_s.

    A leg that failed lasts for ever; of one under way when the run ended, nobody knows how long
    (NaN).  `is_single` says whether its member is the hot shard: there is no other like it.
    """
    found = [
        _timed(run, path) if fork.is_timed else _plain(run, path)
        for path in (fork.path, *fork.abroad)
    ]
    legs = pd.concat(found, ignore_index=True)
    return legs.assign(
        together=_together(legs.outer.to_numpy(), fork),
        is_single=np.isin(legs.member, _copies_of(run, hot)),
    )


def beside_s(run: SimulatedRun, fork: Thinned, taken: pd.DataFrame) -> Floats:
    """Return until when others are waited for beside each fork, in seconds from its beginning.

    0 where there are none, or nobody knows for how long.
    """
    visits, beside = visits_kept(run), [below(run, path) for path in fork.beside]
    rows = np.flatnonzero(np.any(beside, axis=0)) if beside else np.empty(0, dtype=np.int64)
    columns = {
        "request": visits.request[rows],
        "attempt": _attempt_around(visits.attempt[rows], taken.attempt.to_numpy()),
        "done_s": visits.done_s[rows],
    }
    of_attempt = pd.DataFrame(columns).groupby(["request", "attempt"], as_index=False).max()
    waited = taken.merge(of_attempt, on=["request", "attempt"], how="left")
    waited_s: Floats = (waited.done_s - waited.begun_s).fillna(0.0).clip(lower=0.0).to_numpy()
    return waited_s


def way_s(run: SimulatedRun, fork: Thinned, taken: pd.DataFrame) -> Floats:
    """Return how long the way to each fork was, which no leg has any more, in seconds."""
    return -_since_begun_s(run, fork.leaves, taken)


def passed_s(run: SimulatedRun, fork: Thinned, taken: pd.DataFrame) -> Floats:
    """Return how long each fork waited for legs elsewhere to pass, in seconds; 0 if it did not."""
    return _since_begun_s(run, fork.passed, taken)


def _since_begun_s(run: SimulatedRun, path: str, taken: pd.DataFrame) -> Floats:
    """Return when the visit of each fork at this path was, from its beginning; 0 if it has none."""
    visits, rows = visits_kept(run), np.flatnonzero(_at(run, path))
    columns = {
        "request": visits.request[rows],
        "outer": visits.leg[rows],
        "attempt": visits.attempt[rows],
        "at_s": visits.arrived_s[rows],
    }
    visited = taken.merge(pd.DataFrame(columns), on=FORK, how="left")
    since_s: Floats = (visited.at_s - visited.begun_s).fillna(0.0).to_numpy()
    return since_s


def below(run: SimulatedRun, path: str) -> Mask:
    """Return which visits were made inside the step of this path, as a mask."""
    steps = [n for n, own in enumerate(run.program.steps.paths) if own.startswith(f"{path}/")]
    return np.isin(visits_kept(run).step, steps)


def outer_of(leg: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the leg around each leg; 0 is outside of any fork (`engine.stations.leg_of`)."""
    return leg // _PER_LEVEL


def at_level(leg: NDArray[np.int64], level: int) -> NDArray[np.int64]:
    """Return the leg around each leg that is inside so many forks, counted from 1."""
    while (leg >= _PER_LEVEL**level).any():
        leg = np.where(leg >= _PER_LEVEL**level, outer_of(leg), leg)
    return leg


def _together(outer: NDArray[np.int64], fork: Thinned) -> NDArray[np.int64]:
    """Return which times of a fork go on together, of those in legs of a fork around it.

    All do, or as many one after another as it has at once.
    """
    if not fork.around or fork.around[0].at_once == 1:
        return outer
    around, at_once = outer_of(outer), fork.around[0].at_once
    index = outer % _PER_LEVEL - 1
    return around * _PER_LEVEL + index // at_once + 1 if at_once else around


def _attempt_around(attempt: Attempts, deep: Attempts) -> Attempts:
    """Return the attempt around each attempt that is inside as few calls as those of `deep`."""
    level = _ATTEMPTS ** ceil(log(1 + deep.max(initial=0), _ATTEMPTS))
    while (attempt >= level).any():
        attempt = np.where(attempt >= level, attempt // _ATTEMPTS, attempt)
    return attempt


def _plain(run: SimulatedRun, path: str) -> pd.DataFrame:
    """Return legs that are a visit each."""
    visits = visits_kept(run)
    rows = np.flatnonzero(below(run, path))
    outcome = visits.outcome[rows]
    lasted_s = visits.done_s[rows] - visits.arrived_s[rows]
    lasted_s[outcome == Outcome.UNDER_WAY] = np.nan
    lasted_s[~np.isin(outcome, (Outcome.UNDER_WAY, Outcome.DONE))] = np.inf
    columns = {**_keys(visits, rows), "member": visits.member[rows], "lasted_s": lasted_s}
    return pd.DataFrame(columns).drop(columns="leg")


def _timed(run: SimulatedRun, path: str) -> pd.DataFrame:
    """Return legs that say themselves when they begin and end."""
    visits, keys = visits_kept(run), ["request", "leg", "attempt"]
    legs = pd.DataFrame(_keys(visits, np.flatnonzero(_at(run, f"{path}/{BEGIN}"))))
    ends = np.flatnonzero(_at(run, f"{path}/{END}"))
    ended = pd.DataFrame(_keys(visits, ends)).drop(columns="outer")
    ended = ended.rename(columns={"began_s": "ended_s"})
    clock = run.program.stations.names.index(CLOCK)
    served = below(run, path) & (run.program.stations.of_member[visits.member] != clock)
    rows = np.flatnonzero(served)
    at = pd.DataFrame(
        {"request": visits.request[rows], "leg": visits.leg[rows], "member": visits.member[rows]}
    ).drop_duplicates(["request", "leg"])
    legs = legs.merge(ended, on=keys, how="left").merge(at, on=["request", "leg"], how="left")
    lasted_s = (legs.ended_s - legs.began_s).to_numpy()
    is_over = run.requests.outcome[legs.request.to_numpy()] != Outcome.UNDER_WAY
    lasted_s = np.where(np.isnan(lasted_s) & is_over, np.inf, lasted_s)
    columns = [*FORK, "member", "began_s", "lasted_s"]
    return legs.assign(lasted_s=lasted_s, member=legs.member.fillna(-1))[columns]


def _keys(visits: Visits, rows: NDArray[np.int64]) -> dict[str, NDArray[np.generic]]:
    return {
        "request": visits.request[rows],
        "leg": visits.leg[rows],
        "outer": outer_of(visits.leg[rows]),
        "attempt": visits.attempt[rows],
        "began_s": visits.arrived_s[rows],
    }


def _at(run: SimulatedRun, path: str) -> Mask:
    """Return which visits are of the step of this path."""
    if path not in run.program.steps.paths:
        return np.zeros(len(visits_kept(run).step), dtype=np.bool_)
    made: Mask = visits_kept(run).step == run.program.steps.paths.index(path)
    return made


def _copies_of(run: SimulatedRun, hot: Hot | None) -> list[int]:
    """Return the copies of a hot shard as members are numbered through all stations."""
    if hot is None:
        return []
    stations = run.program.stations
    first = int(stations.first_member[stations.names.index(hot.station)])
    return list(range(first, first + hot.copies))
