"""Learns the twin of a fleet from measured runs: works first, then what they leave unexplained.

What is left of the measured median latency at the lowest load, once the twin has been
simulated there with the works learnt, is a delay *outside* of all stations: wake-ups, sockets,
the client.  It does not queue, so it is the same at every load.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from model.answers.accounting import Demand, Window, demand_of, window_of, with_hits_seen
from model.answers.calibrations import Calibration, CalibrationError
from model.answers.runs import Run, RunError
from model.answers.twin import twin_of
from model.answers.works import unit_costs, works_of
from model.engine.engines import Engine, simulate_with
from model.world.design import journeys_of
from model.world.laws import QuantileTable
from model.world.reach import reach_of
from model.world.scenario import Scenario

OUTSIDE_STREAM = 1_000  # the replication whose luck the delay outside is learnt under
OUTSIDE_REQUESTS = 2_000  # of the whole mix, simulated to learn it

_NO_WORK = QuantileTable(probabilities=(0.0, 1.0), values=(0.0, 0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """One measured run to learn from."""

    name: str
    rate_per_s: float
    window: Window


def lesson_of(run: Run) -> Lesson:
    """Return what there is to learn from a measured run; RunError if it is not a valid one."""
    window = window_of(run)
    if not run.result["validity"]["valid"]:
        reasons = "; ".join(run.result["validity"]["reasons"])
        raise RunError(f"{run.folder}: nothing is learnt from an invalid run: {reasons}")
    return Lesson(name=run.folder.name, rate_per_s=run.scenario.requests_per_s, window=window)


def same_scenario(runs: Sequence[Run]) -> Scenario:
    """Return the scenario of these runs; CalibrationError if they are of several, or one twice."""
    names = [run.folder.resolve() for run in runs]
    if len(set(names)) < len(names):
        raise CalibrationError("each run teaches once: one is given twice")
    first = runs[0].scenario
    for run in runs[1:]:
        for table in ("people", "fleet", "policy"):
            if getattr(run.scenario, table) != getattr(first, table):
                raise CalibrationError(f"{run.folder}: has another {table} than {runs[0].folder}")
        if run.scenario.traffic.mix != first.traffic.mix:
            raise CalibrationError(f"{run.folder}: has another traffic.mix than {runs[0].folder}")
    return first


def expected_demand(scenario: Scenario) -> Demand:
    """Return the visits that the scenario's journeys make, before anything is known of works."""
    return demand_of(journeys_of(reach_of(scenario), lambda *_: _NO_WORK, lambda _: 0.0))


def calibrate(scenario: Scenario, lessons: Sequence[Lesson]) -> Calibration:
    """Return what these runs of the scenario teach, whatever their order.

    Raises CalibrationError if they are too few or too short.
    """
    ordered = sorted(lessons, key=lambda lesson: lesson.rate_per_s)
    if not ordered:
        raise CalibrationError("calibrating needs at least one measured run")
    windows = _with_common_idle_share([lesson.window for lesson in ordered])
    demand = expected_demand(scenario)
    costs = unit_costs(windows, demand)
    half_range = (costs.max(axis=1) - costs.min(axis=1)) / 2 / costs.mean(axis=1)
    bare = Calibration(
        works=works_of(windows, demand),
        outside_s={},
        spread={str(station): float(share) for station, share in half_range.dropna().items()},
        rate_min_per_s=ordered[0].rate_per_s,
        rate_max_per_s=ordered[-1].rate_per_s,
        learnt_on=scenario,
        runs=tuple(lesson.name for lesson in ordered),
    )
    return replace(bare, outside_s=_outside(scenario, bare, ordered[0]))


def _with_common_idle_share(windows: Sequence[Window]) -> list[Window]:
    """Return the windows with the least that each process was ever seen to use unasked.

    A look of two seconds at an idle process may fall on a vacuum or a checkpoint, which is
    no steady share of anything.
    """
    processes = set.intersection(*(set(window.idle_share) for window in windows))
    least = {name: min(window.idle_share[name] for window in windows) for name in processes}
    return [replace(window, idle_share=least) for window in windows]


def _outside(scenario: Scenario, bare: Calibration, lowest: Lesson) -> dict[str, float]:
    """Return, per endpoint, the median latency that the works alone do not explain."""
    requests = lowest.window.requests
    measured_s = (requests.done_s - requests.intended_s).groupby(requests.endpoint).median()
    quiet = with_hits_seen(scenario.at_rate(lowest.rate_per_s), lowest.window)
    run = simulate_with(Engine.COMPILED)(
        twin_of(quiet, bare),
        seed=scenario.seed,
        replication=OUTSIDE_STREAM,
        until_s=OUTSIDE_REQUESTS / lowest.rate_per_s,
        keep_visits=False,
    )
    outside_s = {}
    for endpoint, median_s in measured_s.items():
        simulated_s = run.latencies_s(str(endpoint))
        if len(simulated_s):
            outside_s[str(endpoint)] = max(0.0, float(median_s - np.median(simulated_s)))
    return outside_s


def visits_compared(scenario: Scenario, lessons: Sequence[Lesson]) -> pd.DataFrame:
    """Return visits per request, measured and as the journeys have them, by endpoint and station.

    Columns endpoint, station, measured, modelled: where they differ, the journeys are wrong.
    """
    stages = pd.concat([lesson.window.stages() for lesson in lessons])
    seen = stages.groupby(["endpoint", "station"]).visits.sum()
    requests, modelled = _modelled(scenario, lessons)
    pairs = {(e, s) for e, s in modelled if e in requests} | set(seen.index)
    rows = [
        (e, s, float(seen.get((e, s), 0)) / requests[e], modelled.get((e, s), 0.0) / requests[e])
        for e, s in sorted(pairs)
    ]
    return pd.DataFrame(rows, columns=["endpoint", "station", "measured", "modelled"])


def _modelled(
    scenario: Scenario, lessons: Sequence[Lesson]
) -> tuple[Counter[str], dict[tuple[str, str], float]]:
    """Return the requests of each endpoint, and the visits that the journeys make for them.

    What is remembered for a while is asked for the less per request the more requests there are,
    and edges have what they were seen to have.
    """
    requests: Counter[str] = Counter()
    visits: defaultdict[tuple[str, str], float] = defaultdict(float)
    for lesson in lessons:
        counts = lesson.window.counts()
        requests.update(counts)
        seen = with_hits_seen(scenario.at_rate(lesson.rate_per_s), lesson.window)
        for (journey, station), n in expected_demand(seen).items():
            visits[journey, station] += n * counts.get(journey, 0)
    return requests, visits
