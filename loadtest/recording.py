"""Turns what the generator, the ledger and the broker saw into one recording."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd

from loadtest.ledger import Reading
from loadtest.server_timing import MalformedTiming, Stage, stages_of
from model.answers.recordings import COLUMNS, Recording, table_of

log = logging.getLogger(__name__)


def recording_of(
    arrivals: pd.DataFrame,
    outcomes: pd.DataFrame,
    readings: list[Reading],
    fanouts: pd.DataFrame,
    *,
    started_s: float,
) -> Recording:
    """Return the recording of a run that began at `started_s` of the monotonic clock.

    Of the ledger's readings only those since then are taken: what was idle before is not load.
    """
    return Recording(
        requests=_requests(arrivals, outcomes),
        stages=_stages(outcomes),
        cpu=table_of("cpu", [_cpu_row(r, started_s) for r in readings if r.at_s >= started_s]),
        fanouts=fanouts,
    )


def _requests(arrivals: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    due = arrivals[["request", "endpoint", "at_s"]].rename(columns={"at_s": "intended_s"})
    columns = COLUMNS["requests"]
    return due.merge(outcomes, on="request")[list(columns)].astype(columns)


def _stages(outcomes: pd.DataFrame) -> pd.DataFrame:
    rows: list[tuple[object, ...]] = []
    unread = []
    for request, header in zip(outcomes.request, outcomes.server_timing, strict=True):
        try:
            rows.extend((request, *stage) for stage in stages_of(header))
        except MalformedTiming as error:
            unread.append(str(error))
    if unread:
        log.warning("%d headers left out, the first: %s", len(unread), unread[0])
    order = list(COLUMNS["stages"])
    assert order == ["request", *Stage._fields]
    return table_of("stages", rows)


def _cpu_row(reading: Reading, started_s: float) -> tuple[object, ...]:
    return reading.process, reading.station, reading.at_s - started_s, reading.cpu_s


def errors_of(arrivals: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return how often which endpoint failed in which way: columns endpoint, error, count.

    An error is a status, or what happened instead of an answer (`dropped`, `TimeoutError`).
    """
    both = arrivals[["request", "endpoint"]].merge(outcomes, on="request")
    failed = both[(both.status < 200) | (both.status >= 300)]
    named = failed.assign(error=np.where(failed.status == 0, failed.error, failed.status.map(str)))
    return named.groupby(["endpoint", "error"]).size().reset_index(name="count")
