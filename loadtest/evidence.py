"""What speaks for and against a run, computed from what was seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from loadtest.ledger import CoreReading, Ledger, Reading
from loadtest.validity import Evidence

GENERATOR = "generator"  # its name in the ledger, and its station's


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The stretch of a run that counts, in seconds since the run began."""

    since_s: float
    until_s: float


def evidence_of(
    requests: pd.DataFrame,
    ledger: Ledger,
    window: Window,
    *,
    started_s: float,
    core_count: int,
    drained: bool,
    interrupted: bool,
) -> Evidence:
    """Weigh a run that began at `started_s` of the monotonic clock on `core_count` cores."""
    rows = requests[requests.intended_s >= window.since_s]
    sent = rows[rows.sent_s.notna()]
    lateness_s = (sent.sent_s - sent.intended_s).to_numpy()
    clock = Window(since_s=started_s + window.since_s, until_s=started_s + window.until_s + 0.5)
    foreign, stolen = _shares_of_others(ledger.core_readings, clock, core_count)
    return Evidence(
        lateness_p99_s=float(np.quantile(lateness_s, 0.99)) if len(lateness_s) else math.nan,
        offered=len(rows),
        sent=int((sent.sent_s <= window.until_s).sum()),
        dropped=int(rows.sent_s.isna().sum()),
        successes=int(rows.status.between(200, 299).sum()),
        generator_core_share=cpu_shares(ledger.readings, clock).get(GENERATOR, 0.0),
        foreign_share=foreign,
        stolen_share=stolen,
        lost=tuple(name for name in ledger.lost() if name != GENERATOR),
        drained=drained,
        interrupted=interrupted,
    )


def cpu_shares(readings: Sequence[Reading], clock: Window) -> dict[str, float]:
    """Return the CPU seconds per second of every process within `clock`, by its name."""
    read: dict[str, list[Reading]] = {}
    for reading in readings:
        if clock.since_s <= reading.at_s <= clock.until_s:
            read.setdefault(reading.process, []).append(reading)
    return {name: _share(of[0], of[-1]) for name, of in read.items() if len(of) > 1}


def _share(first: Reading, last: Reading) -> float:
    return (last.cpu_s - first.cpu_s) / (last.at_s - first.at_s)


def _shares_of_others(
    readings: Sequence[CoreReading], clock: Window, core_count: int
) -> tuple[float, float]:
    """Return which share of the cores strangers used, and which the hypervisor took."""
    within = [reading for reading in readings if clock.since_s <= reading.at_s <= clock.until_s]
    if len(within) < 2:
        return math.nan, math.nan
    first, last = within[0], within[-1]
    core_s = (last.at_s - first.at_s) * core_count
    foreign_s = (last.busy_s - first.busy_s) - (last.ours_s - first.ours_s)
    # The kernel counts the cores' time in ticks: a quiet machine can come out below nothing.
    return max(0.0, foreign_s / core_s), (last.stolen_s - first.stolen_s) / core_s
