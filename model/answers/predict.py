"""What the twin says of a scenario: latencies with intervals, where time goes, how busy all is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model.answers.accounting import window_of, with_hits_seen
from model.answers.calibrations import Calibration
from model.answers.completing import completed, whole_stages
from model.answers.near_limits import NO_LIMITS, Limits, came_near, limits_left_out
from model.answers.one_by_one import Arrivals
from model.answers.outgrown import too_much_refused
from model.answers.recordings import Recording
from model.answers.runs import Run
from model.answers.simulated import recording_of
from model.answers.statistics import Interval, prediction_of_next, quantile_of_clusters
from model.answers.twin import cut_of, twin_of
from model.answers.utilisation import in_world, of_stations
from model.engine.engines import Engine
from model.engine.replications import replicate
from model.engine.runs import SimulatedRun
from model.world.edges import FILLING
from model.world.scenario import Scenario
from model.world.slices import CLOCK, Slice, nobodys

Floats = NDArray[np.float64]

DRAIN_S = 10.0  # after the last of recorded arrivals, for those still under way


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one replication showed after its warm-up."""

    latencies_s: Mapping[str, Floats]  # by endpoint, in order of arrival
    late: Mapping[str, int]  # by endpoint: failed, or not answered though the target had passed
    station_s: Mapping[tuple[str, str], float]  # (endpoint, station) -> mean per request
    fanout_lags_s: Floats
    busy: Mapping[str, float]  # by station, as `utilisation` says, of the time to the last arrival
    recording: Recording | None  # of the first replication
    came_near: bool = False  # any limit that was left out (`near_limits`)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """Independent replications of one scenario's twin."""

    scenario: Scenario
    observations: Sequence[Observation]

    def at_least_s(self, endpoint: str) -> list[Floats]:
        """Return all latencies that are known, those of failed and of late requests infinite."""
        return [
            np.concatenate((o.latencies_s[endpoint], np.full(o.late[endpoint], np.inf)))
            for o in self.observations
        ]

    @property
    def endpoints(self) -> list[str]:
        """The endpoints that every replication has enough answers of."""
        mix = [endpoint.value for endpoint in self.scenario.traffic.mix]
        return [e for e in mix if all(len(o.latencies_s[e]) > 1 for o in self.observations)]

    def quantile(self, endpoint: str, q: float) -> Interval:
        """Return a quantile of an endpoint's latency, in seconds.

        Raises TooShort if the endpoint was hardly asked for.
        """
        return quantile_of_clusters([o.latencies_s[endpoint] for o in self.observations], q)

    def next_run(self, endpoint: str, q: float) -> Interval:
        """Return where that quantile of one more run, as long as these, will lie."""
        of_runs = [float(np.quantile(o.latencies_s[endpoint], q)) for o in self.observations]
        return prediction_of_next(of_runs)

    def station_s(self, endpoint: str) -> dict[str, float]:
        """Return the mean time that a request spends at each station, in seconds."""
        stations = {s for o in self.observations for e, s in o.station_s if e == endpoint}
        times = {
            station: [o.station_s.get((endpoint, station), 0.0) for o in self.observations]
            for station in stations
        }
        return {station: float(np.mean(values)) for station, values in times.items()}

    def fanout_lags_s(self) -> Floats:
        """Return the lags of all posts of all replications, in seconds."""
        return np.concatenate([o.fanout_lags_s for o in self.observations])

    def busy(self) -> dict[str, float]:
        """Return how busy each station is, on average over replications."""
        first = self.observations[0].busy
        return {s: float(np.mean([o.busy[s] for o in self.observations])) for s in first}

    @property
    def recording(self) -> Recording:
        """The first replication, whole."""
        found = self.observations[0].recording
        assert found is not None, "the first replication is always kept"
        return found


def predict(
    scenario: Scenario,
    calibration: Calibration,
    *,
    jobs: int = 1,
    arrivals: Arrivals | None = None,
    engine: Engine = Engine.COMPILED,
) -> Prediction:
    """Simulate the scenario's twin as long and as often as its `simulation` table says.

    With `arrivals`, every replication serves those very requests, and only the luck of their
    works differs from one to the next.  Limits and deadlines that were left out are simulated if
    any replication came near one.  Raises ScenarioError for what cannot be simulated, and for more
    than an engine holds.
    """
    observed = partial(_observed, scenario, calibration, arrivals)
    with too_much_refused(scenario):
        observations = observed(is_guarded=False)(jobs=jobs, engine=engine)
        if any(observation.came_near for observation in observations):
            observations = observed(is_guarded=True)(jobs=jobs, engine=engine)
    return Prediction(scenario=scenario, observations=observations)


def _observed(
    scenario: Scenario, calibration: Calibration, arrivals: Arrivals | None, *, is_guarded: bool
) -> partial[list[Observation]]:
    """Return what simulates and observes the replications, for whoever says with how many jobs."""
    runs = scenario.simulation
    cut = cut_of(scenario, calibration, is_guarded=is_guarded)
    drain_s = 0.0 if arrivals is None else DRAIN_S
    return partial(
        replicate,
        twin_of(scenario, calibration, arrivals, cut=cut, is_guarded=is_guarded),
        partial(
            observe,
            cut=cut,
            since_s=runs.warmup,
            last_s=runs.warmup + runs.duration,
            targets_s={e.value: scenario.targets.p99_of(e) for e in scenario.traffic.mix},
            limits=NO_LIMITS if is_guarded else limits_left_out(scenario),
        ),
        seed=scenario.seed,
        until_s=runs.warmup + runs.duration + drain_s,
        replications=runs.replications,
    )


def predict_run(run: Run, calibration: Calibration, *, jobs: int = 1) -> Prediction:
    """Predict a measured run, request by request as they were intended.

    Two runs of one load differ by the luck of their arrivals alone by more than a good model
    errs, so the twin is given the same ones: they are part of the scenario, not of what was
    measured.  So is what the edges had in their caches when it began.  Raises RunError if the run
    is not a measured one.
    """
    window = window_of(run)
    span = {"warmup": window.since_s, "duration": window.until_s - window.since_s}
    simulation = run.scenario.simulation.model_copy(update=span)
    scenario = with_hits_seen(run.scenario.model_copy(update={"simulation": simulation}), window)
    due = run.recording.requests.sort_values("intended_s").groupby("endpoint").intended_s
    arrivals = {str(endpoint): instants.to_numpy() for endpoint, instants in due}
    return predict(scenario, calibration, jobs=jobs, arrivals=arrivals)


def observe(
    run: SimulatedRun,
    *,
    cut: Slice,
    since_s: float,
    last_s: float,
    targets_s: Mapping[str, float],
    limits: Limits = NO_LIMITS,
) -> Observation:
    """Return what a replication shows of requests between `since_s` and `last_s`.

    A request that failed is late, and so is one that is still under way when the run ends if its
    target has passed; if not, nobody knows yet.
    """
    whole = completed(run, cut)
    recording = recording_of(whole)
    recording = replace(recording, stages=whole_stages(recording.stages, whole, cut))
    requests = recording.requests[recording.requests.intended_s >= since_s]
    answered = requests[requests.status == 200]
    stages = recording.stages.merge(answered[["request", "endpoint"]], on="request")
    counts = answered.endpoint.value_counts()
    totals = stages.groupby(["endpoint", "station"]).wall_s.sum().reset_index()
    pairs = zip(totals.endpoint, totals.station, strict=True)
    fanouts = recording.fanouts[recording.fanouts.created_s >= since_s]
    waiting = requests[requests.status == 0]
    overdue = waiting[
        run.until_s - waiting.intended_s > waiting.endpoint.map(targets_s).astype("float64")
    ]
    failed = requests[~requests.status.isin((0, 200))]
    late = pd.concat((overdue, failed)).endpoint.value_counts()
    return Observation(
        latencies_s={e: recording.latencies_s(e, since_s=since_s) for e in targets_s},
        late={endpoint: int(late.get(endpoint, 0)) for endpoint in targets_s},
        station_s={
            (endpoint, station): float(total_s / counts[endpoint])
            for (endpoint, station), total_s in zip(pairs, totals.wall_s.tolist(), strict=True)
        },
        fanout_lags_s=(fanouts.done_s - fanouts.created_s).to_numpy(),
        busy=_busy(run, cut, last_s),
        recording=_of_all(recording, run, cut) if run.replication == 0 else None,
        came_near=came_near(whole, limits, besides={FILLING}),
    )


def _busy(run: SimulatedRun, cut: Slice, last_s: float) -> dict[str, float]:
    busy = in_world(of_stations(run, last_s), run, cut)
    return {station: busy[station] for station in busy.keys() - nobodys(busy)}


def _of_all(recording: Recording, run: SimulatedRun, cut: Slice) -> Recording:
    """Return the recording with the clocks of processes that also work for those elsewhere."""
    if cut.of == 1:
        return recording
    cpu = recording_of(run).cpu
    return replace(recording, cpu=cpu[cpu.station != CLOCK])
