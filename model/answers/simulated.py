"""A simulated run as a recording: the same tables that a measured run leaves behind."""

from __future__ import annotations

import numpy as np
import pandas as pd

from model.answers.recordings import COLUMNS, Recording
from model.answers.works import METERED
from model.engine.codes import NONE, Outcome
from model.engine.runs import SimulatedRun, Visits
from model.world.design import FANOUT
from model.world.edges import FILLING
from model.world.topology import EVENT_LOOPS

READ_EVERY_S = 1.0  # how often the processes' clocks are read


def recording_of(run: SimulatedRun) -> Recording:
    """Return what a measurement would have seen of this run.

    Raises ValueError if the run kept no visits.
    """
    if run.visits is None:
        raise ValueError("this run kept no visits")
    visits = _visits(run, run.visits)
    return Recording(
        requests=_requests(run),
        stages=_stages(visits[visits.parent == NONE]),
        cpu=_cpu(run, run.visits),
        fanouts=_fanouts(run, visits),
    )


def _requests(run: SimulatedRun) -> pd.DataFrame:
    """Return one row per request that a person sent; those still under way have no answer."""
    names = np.asarray(run.program.journeys)
    by_people = names[run.requests.journey] != FILLING
    sent = np.flatnonzero((run.requests.parent == NONE) & by_people)
    done_s, outcome = run.requests.done_s[sent], run.requests.outcome[sent]
    columns = {
        "request": sent,
        "endpoint": names[run.requests.journey[sent]],
        "intended_s": run.requests.arrived_s[sent],
        "sent_s": run.requests.arrived_s[sent],
        "done_s": done_s,
        "status": np.select([outcome == Outcome.UNDER_WAY, outcome == Outcome.DONE], [0, 200], 503),
        "bytes": np.zeros(len(sent), dtype=np.int64),
    }
    return pd.DataFrame(columns).astype(COLUMNS["requests"])


def _visits(run: SimulatedRun, visits: Visits) -> pd.DataFrame:
    names = np.asarray(run.program.stations.names)
    return pd.DataFrame(
        {
            "request": visits.request,
            "parent": run.requests.parent[visits.request],
            "station": names[run.program.stations.of_member[visits.member]],
            "arrived_s": visits.arrived_s,
            "done_s": visits.done_s,
            "cpu_s": visits.work_s,
        }
    ).dropna()


def _stages(visits: pd.DataFrame) -> pd.DataFrame:
    """Return a row per request and station, as `Server-Timing` tells it.

    An event loop's time is from the call to the answer, whatever it waits for in between; a
    store's is that of its visits, added up.
    """
    visits = visits.assign(wall_s=visits.done_s - visits.arrived_s)
    grouped = visits.groupby(["request", "station"], sort=False)
    rows = grouped.agg(
        visits=("wall_s", "size"),
        wall_s=("wall_s", "sum"),
        cpu_s=("cpu_s", "sum"),
        first_s=("arrived_s", "min"),
        last_s=("done_s", "max"),
    ).reset_index()
    is_loop = rows.station.isin(EVENT_LOOPS)
    rows["visits"] = rows.visits.where(~is_loop, rows.visits // 2)
    rows["wall_s"] = rows.wall_s.where(~is_loop, rows.last_s - rows.first_s)
    rows["cpu_s"] = rows.cpu_s.where(rows.station.isin(METERED))
    return rows[list(COLUMNS["stages"])].astype(COLUMNS["stages"])


def _cpu(run: SimulatedRun, visits: Visits) -> pd.DataFrame:
    """Return each member's work up to every reading; a visit's counts when it is done."""
    instants_s = np.arange(0.0, run.until_s + READ_EVERY_S, READ_EVERY_S)
    stations = run.program.stations
    names = np.asarray(stations.names)[stations.of_member]
    numbers = np.arange(len(names)) - stations.first_member[stations.of_member] + 1
    processes = [f"{name}-{number}" for name, number in zip(names, numbers, strict=True)]
    done = ~np.isnan(visits.done_s)
    cells = visits.member[done] * len(instants_s) + np.searchsorted(instants_s, visits.done_s[done])
    worked_s = np.bincount(
        cells, weights=visits.work_s[done], minlength=len(names) * len(instants_s)
    )
    columns = {
        "process": np.repeat(processes, len(instants_s)),
        "station": np.repeat(names, len(instants_s)),
        "at_s": np.tile(instants_s, len(names)),
        "cpu_s": worked_s.reshape(len(names), -1).cumsum(axis=1).ravel(),
    }
    return pd.DataFrame(columns).astype(COLUMNS["cpu"])


def _fanouts(run: SimulatedRun, visits: pd.DataFrame) -> pd.DataFrame:
    """Return a row per post whose last delivery is done."""
    if FANOUT not in run.program.journeys:
        return pd.DataFrame(columns=list(COLUMNS["fanouts"])).astype(COLUMNS["fanouts"])
    requests = run.requests
    is_fanout = requests.journey == run.program.journeys.index(FANOUT)
    posts = np.flatnonzero(is_fanout & ~np.isnan(requests.done_s))
    worker = visits[visits.station == FANOUT].groupby("request")
    chunks = visits[visits.station == "timeline_store"].groupby("request").size()
    columns = {
        "post": posts,
        "followers": np.zeros(len(posts), dtype=np.int64),
        "chunks": chunks.reindex(posts, fill_value=0).to_numpy(),
        "created_s": requests.arrived_s[posts],
        "begun_s": worker.arrived_s.min().reindex(posts).to_numpy(),
        "done_s": requests.done_s[posts],
        "cpu_s": worker.cpu_s.sum().reindex(posts).to_numpy(),
    }
    return pd.DataFrame(columns).astype(COLUMNS["fanouts"])
