"""What a run of a slice shows as the world would have left it, for who belongs to the slice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model.answers.joins import later_by
from model.answers.legs import below, visits_kept
from model.answers.recordings import COLUMNS
from model.answers.works import METERED
from model.engine.codes import NONE, Outcome
from model.engine.runs import Requests, SimulatedRun, Visits
from model.world.slices import CLOCK, Slice

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def completed(run: SimulatedRun, cut: Slice) -> SimulatedRun:
    """Return the run of a slice without who belongs elsewhere, and with the joins of the world.

    Totals of members stay what they are, and so do visits: of wide forks there are only those
    here.  What would end after the run is still under way; what fails elsewhere has expired.
    """
    if cut.of == 1:
        return run
    later = later_s(run, cut)
    requests = run.requests
    done_s, outcome = requests.done_s + np.where(np.isposinf(later), 0, later), requests.outcome
    is_done = outcome == Outcome.DONE
    outcome = np.where(is_done & np.isposinf(later), Outcome.EXPIRED, outcome)
    is_late = is_done & ~(done_s < run.until_s)
    changed = replace(
        requests,
        done_s=np.where(is_late, np.nan, done_s),
        outcome=np.where(is_late, Outcome.UNDER_WAY, outcome).astype(requests.outcome.dtype),
    )
    kept = ~_belongs_elsewhere(run, cut)
    return replace(run, requests=_kept(changed, kept), visits=_of_kept(visits_kept(run), kept))


def with_tries_elsewhere(whole: SimulatedRun, run: SimulatedRun) -> SimulatedRun:
    """Return a `completed` run in which has ended what only a leg elsewhere kept from it.

    Work that follows a request is tried until it succeeds; of a leg elsewhere that is not played.
    """
    done = np.isin(whole.requests.uid, run.requests.uid[run.requests.outcome == Outcome.DONE])
    in_vain = done & (whole.requests.outcome == Outcome.EXPIRED)
    outcome = np.where(in_vain, Outcome.DONE, whole.requests.outcome)
    return replace(
        whole,
        requests=replace(whole.requests, outcome=outcome.astype(whole.requests.outcome.dtype)),
    )


def later_s(run: SimulatedRun, cut: Slice) -> Floats:
    """Return by how much later each request ends in the world than in the slice, in seconds.

    Infinite where a leg elsewhere fails, or takes longer than a call around its fork waits: a
    retry of that call is not played, nor what it does otherwise.  A fork beside visits waits for
    them, too; beside other branches it is taken for the last to end.  NaN where a fork was taken
    of which no leg was seen.
    """
    total_s = np.zeros(len(run.requests.uid))
    for fork in cut.thinned:
        later = later_by(run, cut, fork)
        np.add.at(total_s, later.request.to_numpy(dtype=np.int64), later.later_s.to_numpy())
    return total_s


def whole_stages(stages: pd.DataFrame, run: SimulatedRun, cut: Slice) -> pd.DataFrame:
    """Return the stages of a `completed` run whose legs of wide forks stand for others, too.

    So the time at a station is right on average over requests, not for each of them.
    """
    if cut.of == 1:
        return stages
    visits = visits_kept(run)
    wide = [np.flatnonzero(below(run, fork.path)) for fork in cut.thinned]
    rows = np.concatenate([*wide, np.empty(0, dtype=np.int64)]).astype(np.int64)
    more = [1 / fork.thinning.share - 1 for fork in cut.thinned]
    times = np.repeat(more, [len(legs) for legs in wide])
    names = np.asarray(run.program.stations.names)
    others = pd.DataFrame(
        {
            "request": visits.request[rows],
            "station": names[run.program.stations.of_member[visits.member[rows]]],
            "visits": times,
            "wall_s": times * (visits.done_s[rows] - visits.arrived_s[rows]),
            "cpu_s": times * visits.work_s[rows],
        }
    ).dropna()
    others = others[run.requests.parent[others.request] == NONE]
    others = others.assign(cpu_s=others.cpu_s.where(others.station.isin(METERED)))
    both = pd.concat((stages, others))
    both = both[both.station != CLOCK].groupby(["request", "station"], sort=False)
    summed: pd.DataFrame = both.sum(min_count=1).reset_index().astype(COLUMNS["stages"])
    return summed


def _belongs_elsewhere(run: SimulatedRun, cut: Slice) -> Mask:
    """Return which requests are background, or were begun by one that is."""
    names = {background.journey.name for background in cut.backgrounds}
    numbers = [n for n, name in enumerate(run.program.journeys) if name in names]
    elsewhere: Mask = np.isin(run.requests.journey, numbers)
    parent = run.requests.parent
    while True:
        begun = (parent != NONE) & elsewhere[parent] & ~elsewhere
        if not begun.any():
            return elsewhere
        elsewhere |= begun


def _kept(requests: Requests, kept: Mask) -> Requests:
    number = np.cumsum(kept) - 1  # of those that are kept
    columns = {name: getattr(requests, name)[kept] for name in Requests.__slots__}
    parent = np.where(columns["parent"] == NONE, NONE, number[columns["parent"]])
    return Requests(**{**columns, "parent": parent.astype(requests.parent.dtype)})


def _of_kept(visits: Visits, kept: Mask) -> Visits:
    number, mine = np.cumsum(kept) - 1, kept[visits.request]
    columns = {name: getattr(visits, name)[mine] for name in Visits.__slots__}
    return Visits(**{**columns, "request": number[columns["request"]]})
