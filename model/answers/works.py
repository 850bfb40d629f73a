"""What each visit costs, learnt from runs at low and middling load.

What identifies a cost is CPU time, by the utilisation law D = U/X (Denning & Buzen, "The
Operational Analysis of Queueing Network Models", Computing Surveys 10, 1978): what a station's
processes worked, over the visits they had.  Latency would mix in delays, which do not queue.

- *Event loops* meter the CPU of each request.  What their process worked beyond that (parsing,
  sockets, timers) is spread evenly over all calls, asynchronous ones included; an asynchronous
  call that nobody meters is taken for an average one.
- *Stores* cannot meter.  Their CPU is shared out over visits in proportion to how long the
  visits of each endpoint take at the lowest load, where they hardly wait.

A station that only some requests of an endpoint visit, or some more often than others, is learnt
by visit, from those that did.  One that none of them happened to visit, such as the origin of
images that edges had all of, is taken to work for it as for the others that visit it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from model.answers.accounting import Demand, Window
from model.answers.calibrations import CalibrationError, Pair
from model.world.design import ACTIVITIES_OF, FANOUT
from model.world.laws import QuantileTable, gamma
from model.world.topology import EVENT_LOOPS

METERED = (*EVENT_LOOPS, "password", "darkroom", "search_index")
# Threads and children of that process.
WITHIN = {"password": "user", "darkroom": "media", "search_index": "search"}
# Their processes take in events too, much of their work where few requests come: a call costs them
# no more besides what is metered than it costs a gateway, and what events cost is left out.
FED, PLAIN = ("search", "cdn"), "gateway"
TIMED = ("object_store",)  # waits for a disk: the time is the cost
SCV_MIN, SCV_MAX = 0.05, 1.0  # a store's wall times vary more than its work: it waits for a core
WORK_S_MIN = 1e-7
REQUESTS_MIN = 20  # of an endpoint, for anything to be learnt of it
TABLE_POINTS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What all windows together say of one station."""

    visits: pd.DataFrame  # a row per request that visited: endpoint, visits, wall_s, cpu_s
    at_lowest: pd.DataFrame  # those of the lowest load
    asynchronous: Mapping[str, float]  # journey -> visits expected of it
    unseen: Collection[str]  # endpoints that visit it by their journey, and were not seen to
    busy_s: float


def works_of(windows: Sequence[Window], demand: Demand) -> dict[Pair, QuantileTable]:
    """Return the law of every visit that the journeys have, from windows lowest load first.

    Raises CalibrationError if an endpoint was asked for too rarely.
    """
    _refuse_thin(windows)
    works: dict[Pair, QuantileTable] = {}
    found = _evidence(windows, demand)
    plain_s = _overhead_s(found[PLAIN]) if PLAIN in found else math.inf
    for station, evidence in found.items():
        if station in METERED:
            laws = _metered(evidence, plain_s if station in FED else math.inf)
        else:
            laws = _timed(evidence) if station in TIMED else _apportioned(evidence)
        if station == FANOUT:
            laws[FANOUT] = _of_samples(
                pd.concat([window.recording.fanouts.cpu_s for window in windows]),
                plus=_overhead_of_fanouts(windows, evidence),
            )
        works |= {(journey, station): law for journey, law in laws.items()}
    return works


def _evidence(windows: Sequence[Window], demand: Demand) -> dict[str, Evidence]:
    """Return what the windows say of each station that is visited."""
    stages = pd.concat([window.stages() for window in windows])
    at_lowest = windows[0].stages()
    busy_s = _busy(windows, stages)
    asked = {endpoint for window in windows for endpoint in window.counts()}
    found = {}
    for station in sorted({station for _, station in demand}):
        visits = stages[stages.station == station]
        seen = set(visits.endpoint)
        found[station] = Evidence(
            visits=visits,
            at_lowest=at_lowest[at_lowest.station == station],
            asynchronous=_asynchronous(windows, demand, station),
            unseen={e for e in asked - seen if demand.get((e, station), 0.0)},
            busy_s=busy_s.get(station, 0.0),
        )
    return found


def unit_costs(windows: Sequence[Window], demand: Demand) -> pd.DataFrame:
    """Return the CPU seconds per visit of each station (rows) in each window (columns)."""
    columns = {}
    for number, window in enumerate(windows):
        stages = window.stages()
        busy_s = _busy([window], stages)
        columns[number] = {
            station: busy_s[station] / visits
            for station in busy_s
            if (visits := _visits([window], stages, demand, station)) > 0
        }
    return pd.DataFrame(columns)


def _visits(windows: Sequence[Window], stages: pd.DataFrame, demand: Demand, station: str) -> float:
    seen = float(stages[stages.station == station].visits.sum())
    return seen + sum(_asynchronous(windows, demand, station).values())


def _refuse_thin(windows: Sequence[Window]) -> None:
    if not windows:
        raise CalibrationError("calibrating needs at least one measured run")
    counts = pd.concat([window.requests.endpoint for window in windows]).value_counts()
    for endpoint, count in counts.items():
        if count < REQUESTS_MIN:
            raise CalibrationError(
                f"{endpoint}: {count} answers are too few to learn from; at least {REQUESTS_MIN}"
            )


def _busy(windows: Sequence[Window], stages: pd.DataFrame) -> dict[str, float]:
    """Return the CPU seconds of every station; what threads of another one did is taken off."""
    total: dict[str, float] = {}
    for window in windows:
        for station, busy_s in window.busy_s().items():
            total[station] = total.get(station, 0.0) + busy_s
    for station, process in WITHIN.items():
        inside_s = float(stages[stages.station == station].cpu_s.sum())
        if process in total:
            total[process] = max(0.0, total[process] - inside_s)
    return total


def _asynchronous(windows: Sequence[Window], demand: Demand, station: str) -> dict[str, float]:
    """Return the visits that activities started by the windows' requests make, by journey."""
    expected: dict[str, float] = {}
    for window in windows:
        counts = window.counts()
        for endpoint, journeys in ACTIVITIES_OF.items():
            for journey in journeys:
                visits = counts.get(endpoint.value, 0) * demand.get((journey, station), 0.0)
                if visits:
                    expected[journey] = expected.get(journey, 0.0) + visits
    return expected


def _metered(evidence: Evidence, overhead_max_s: float) -> dict[str, QuantileTable]:
    """Return each journey's law at a station that meters its requests."""
    overhead_s = min(overhead_max_s, _overhead_s(evidence))
    laws = {
        str(endpoint): _of_samples(_per_visit(rows, rows.cpu_s), plus=overhead_s)
        for endpoint, rows in evidence.visits.groupby("endpoint")
    }
    average = _constant(_metered_mean_s(evidence) + overhead_s)
    return laws | dict.fromkeys((*evidence.asynchronous, *evidence.unseen), average)


def _overhead_s(evidence: Evidence) -> float:
    """Return what a station's processes worked per call beyond what they metered."""
    calls = float(evidence.visits.visits.sum()) + sum(evidence.asynchronous.values())
    rest_s = evidence.busy_s - _metered_mean_s(evidence) * calls
    return max(0.0, rest_s) / max(1.0, calls)


def _metered_mean_s(evidence: Evidence) -> float:
    calls = float(evidence.visits.visits.sum())
    return float(evidence.visits.cpu_s.sum()) / calls if calls else 0.0


def _overhead_of_fanouts(windows: Sequence[Window], evidence: Evidence) -> float:
    """Return what the worker's process worked per post beyond what it metered."""
    metered = pd.concat([window.recording.fanouts.cpu_s for window in windows])
    posts = max(1.0, sum(evidence.asynchronous.values()))
    return max(0.0, evidence.busy_s / posts - float(metered.mean() if len(metered) else 0.0))


def _apportioned(evidence: Evidence) -> dict[str, QuantileTable]:
    """Return each journey's law at a store, whose CPU is shared out by wall time."""
    seen, quiet = evidence.visits, evidence.at_lowest
    weight_of = {
        str(endpoint): float(rows.wall_s.sum() / rows.visits.sum())
        for endpoint, rows in quiet.groupby("endpoint")
    }
    average = float(quiet.wall_s.sum() / quiet.visits.sum()) if len(quiet) else 1.0
    scv = _scv(quiet.wall_s / quiet.visits) if len(quiet) > 1 else SCV_MAX
    visits_of = {str(e): float(rows.visits.sum()) for e, rows in seen.groupby("endpoint")}
    visits_of |= evidence.asynchronous
    weighted = sum(n * weight_of.get(journey, average) for journey, n in visits_of.items())
    per_weight_s = evidence.busy_s / weighted if weighted else 0.0
    return {
        journey: gamma(
            mean=max(WORK_S_MIN, per_weight_s * weight_of.get(journey, average)),
            scv=scv,
            points=TABLE_POINTS,
        )
        for journey in (*visits_of, *evidence.unseen)
    }


def _timed(evidence: Evidence) -> dict[str, QuantileTable]:
    """Return each journey's law at a station whose wall time at low load is its cost.

    Of endpoints that did not visit it then, that of whoever did.
    """
    quiet = evidence.at_lowest
    laws = {
        str(endpoint): _of_samples(_per_visit(rows, rows.wall_s))
        for endpoint, rows in quiet.groupby("endpoint")
    }
    later = {*evidence.visits.endpoint, *evidence.unseen} - set(laws)
    others = quiet if len(quiet) else evidence.visits
    return laws | dict.fromkeys(later, _of_samples(_per_visit(others, others.wall_s)))


def _per_visit(rows: pd.DataFrame, total_s: pd.Series[float]) -> pd.Series[float]:
    """Return the time of each visit: of several by one request, for each an equal part."""
    each = np.repeat((total_s / rows.visits).to_numpy(), rows.visits.to_numpy())
    return pd.Series(each)


def _scv(values: pd.Series[float]) -> float:
    middle = float(values.mean())
    return float(min(SCV_MAX, max(SCV_MIN, values.var() / middle**2))) if middle else SCV_MAX


def _of_samples(values: pd.Series[float], *, plus: float = 0.0) -> QuantileTable:
    known = values.dropna().to_numpy()
    if not len(known):
        return _constant(plus)
    return QuantileTable.of_samples(known, points=TABLE_POINTS).shifted(max(plus, WORK_S_MIN))


def _constant(value_s: float) -> QuantileTable:
    return QuantileTable(probabilities=(0.0, 1.0), values=(value_s, value_s))
