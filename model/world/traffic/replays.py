"""Runs of what was recorded: how fast, for how long, and what cannot happen to it."""

from __future__ import annotations

import numpy as np

from model.world.scenario import Scenario, ScenarioError
from model.world.scenario.events import FlashCrowd
from model.world.traffic.demand import Demand, people_by_region
from model.world.traffic.recordings import RecordedInstants, RecordedRates, read_recording

COVERED_SHARE_MIN = 0.95  # of a run: where nobody comes any more, nothing is learnt
Recording = RecordedInstants | RecordedRates


def replay_of(scenario: Scenario, *, until_s: float) -> Recording | None:
    """Return what the scenario has recorded, as fast as it is to be; None if it gives rates.

    A rate beside the recording says how many requests per second there are to be on average: it
    is made so much faster, or slower.  Raises ScenarioError if the recording ends before the
    run, or for what would change it.
    """
    recorded = scenario.traffic.recorded
    if recorded is None:
        return None
    recording = read_recording(recorded, seed=scenario.seed)
    if scenario.traffic.rate is not None and recording.per_s:
        recording = recording.faster(scenario.traffic.rate / recording.per_s)
    if recording.covers_s < COVERED_SHARE_MIN * until_s:
        raise ScenarioError(
            f"traffic.recorded: {recorded.file} lasts {recording.covers_s:.4g} s at this speed,"
            f" the run {until_s:.4g} s: shorten the run, or make the recording slower"
        )
    _refuse_changes(scenario, recording)
    return recording


def as_recorded(scenario: Scenario) -> Scenario:
    """Return the scenario with the mix and the mean rate of what it has recorded, if it has.

    What depends on rates, such as how often a process asks again, counts with these.
    """
    recorded = scenario.traffic.recorded
    if recorded is None:
        return scenario
    recording = read_recording(recorded, seed=scenario.seed)
    rate_per_s = recording.per_s if scenario.traffic.rate is None else scenario.traffic.rate
    said = {"mix": recording.mix, "rate": rate_per_s}
    return scenario.model_copy(update={"traffic": scenario.traffic.model_copy(update=said)})


def demand_of_rates(scenario: Scenario, rates: RecordedRates) -> Demand:
    """Return recorded rates as the demand of the world; after their end nobody comes."""
    shares = people_by_region(scenario)
    per_s = np.append(rates.rates_per_s.sum(axis=1), 0.0)
    kinds = np.vstack((rates.rates_per_s, np.zeros(len(rates.endpoints))))
    kinds = np.divide(kinds, per_s[:, None], out=np.zeros_like(kinds), where=per_s[:, None] > 0)
    return Demand(
        endpoints=rates.endpoints,
        regions=tuple(shares),
        since_s=np.append(rates.since_s, rates.covers_s),
        per_s=per_s,
        kinds=kinds,
        places=np.tile([*shares.values()], (len(per_s), 1)),
    )


def _refuse_changes(scenario: Scenario, recording: Recording) -> None:
    if scenario.traffic.day is not None:
        raise ScenarioError("traffic.day: what was recorded has its own hours: leave one out")
    if isinstance(recording, RecordedRates):
        return
    if scenario.traffic.arrivals == "sessions":
        raise ScenarioError("traffic.arrivals: recorded requests come as they came, not 'sessions'")
    if any(isinstance(event, FlashCrowd) for event in scenario.events):
        raise ScenarioError("events: a flash-crowd multiplies rates; recorded requests have none")
