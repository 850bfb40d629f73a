"""The legs of wide forks that a run shows: when each began, how long it took, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model.engine.program import Outcome
from model.engine.runs import SimulatedRun, Visits
from model.engine.stations import LEGS_MAX
from model.world.slices import BEGIN, CLOCK, END, Thinned

FORK = ["request", "outer", "attempt"]  # what tells apart the times that a fork was taken
_PER_LEVEL = LEGS_MAX + 1  # numbers of legs of one fork inside one leg of another

Mask = NDArray[np.bool_]


def visits_kept(run: SimulatedRun) -> Visits:
    """Return the visits of a run; ValueError if it kept none."""
    if run.visits is None:
        raise ValueError("this run kept no visits")
    return run.visits


def forks_of(run: SimulatedRun, fork: Thinned) -> pd.DataFrame:
    """Return a row per time that somebody who belongs here took the fork: FORK and begun_s."""
    visits = visits_kept(run)
    begins = np.flatnonzero(_at(run, fork.begin))
    return pd.DataFrame(
        {
            "request": visits.request[begins],
            "outer": visits.leg[begins],
            "attempt": visits.attempt[begins],
            "begun_s": visits.arrived_s[begins],
        }
    )


def legs_of(
    run: SimulatedRun, fork: Thinned, singled_out: Mapping[str, Sequence[int]]
) -> pd.DataFrame:
    """Return a row per leg, of who belongs here and of others: FORK, member, began_s, lasted_s.

    A leg that failed lasts for ever; of one under way when the run ended, nobody knows how long
    (NaN).  `is_single` says whether its member is singled out.
    """
    found = [
        _timed(run, path) if fork.is_timed else _plain(run, path)
        for path in (fork.path, fork.abroad)
    ]
    legs = pd.concat(found, ignore_index=True)
    return legs.assign(is_single=np.isin(legs.member, _numbers(run, singled_out)))


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


def _numbers(run: SimulatedRun, singled_out: Mapping[str, Sequence[int]]) -> list[int]:
    """Return members of stations as they are numbered through all stations."""
    stations = run.program.stations
    return [
        int(stations.first_member[stations.names.index(station)]) + member
        for station, members in singled_out.items()
        for member in members
    ]
