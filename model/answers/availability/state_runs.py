"""Runs of a scenario's twin that are in one state of failure, and what they leave unanswered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil

from model.answers.availability.states import State
from model.answers.calibrations import Calibration
from model.answers.numbers import ALL, Numbers
from model.answers.questions import simulated
from model.answers.statistics import CONFIDENCE, Interval
from model.world.chance import path_key
from model.world.routes import STORE_OF
from model.world.scenario import Fleet, Instances, Scenario
from model.world.scenario.events import Crash, Event
from model.world.topology import simulated_topology

SEEDS = 2**62  # of runs: the seed of a scenario, and so many others
NOBODY_KNOWS = Interval(
    value=0.0, low=0.0, high=1.0, confidence=CONFIDENCE, n=0, method="nobody asked"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """Which share of all requests fails, and which fails or comes later than its target."""

    failed: Interval
    late_or_failed: Interval


ALL_LOST = Shortfall(failed=NOBODY_KNOWS, late_or_failed=NOBODY_KNOWS)


def shortfall_in(numbers: Numbers, *, is_struck: bool) -> Shortfall:
    """Return which requests a run did not answer, or not in time: if struck, during its events."""
    during = ".during" if is_struck else ""
    failed, late = (
        numbers.get(f"{ALL}.{what}{during}", NOBODY_KNOWS) for what in ("failed", "late")
    )
    return Shortfall(failed=failed, late_or_failed=late)


def simulated_in(
    scenario: Scenario, calibration: Calibration, state: State, *, jobs: int = 1
) -> Numbers:
    """Return the numbers of a run that is in a state for as long as it counts.

    Nothing is read of visits.
    """
    inside = scenario_in(scenario, state)
    return simulated(inside, calibration, jobs=jobs, from_visits=False).numbers


def scenario_in(scenario: Scenario, state: State) -> Scenario:
    """Return the scenario with a state's events instead of its own, and luck of its own.

    Of a moment all is counted, from its beginning to its end; the run goes on until it is known
    who is late.  What lasts begins with the warm-up, and is known from then on.
    """
    runs, fleet = scenario.simulation, scenario.fleet
    if state.is_moment:
        since_s, lasts_s = state.since_s, state.until_s
        patience_s = max(map(scenario.targets.p99_of, scenario.traffic.mix))
        duration_s = state.until_s - since_s + patience_s
    else:
        since_s, lasts_s, duration_s, fleet = runs.warmup, None, runs.duration, _knowing(fleet)
    span = {"warmup": max(runs.warmup, since_s), "duration": duration_s}
    # An event of a file begins after the warm-up; these begin before it ends.
    when = {"at": -since_s, "lasts": lasts_s}
    whole = (_of_whole_parts(event, runs.slice) for event in state.events)
    events = tuple(event.model_copy(update=when) for event in whole)
    return scenario.model_copy(
        update={
            "seed": (scenario.seed + path_key(state.name)) % SEEDS,
            "simulation": runs.model_copy(update=span),
            "fleet": fleet,
            "events": events,
        }
    )


def _knowing(fleet: Fleet) -> Fleet:
    """Return a fleet that knows at once who is down, and which copy takes the writes then."""
    stores: dict[str, object] = {
        table: getattr(fleet, table).model_copy(update={"failover": 0.0})
        for table in STORE_OF.values()
    }
    links = fleet.links.model_copy(update={"noticed_after": 0.0})
    return fleet.model_copy(update={**stores, "links": links})


def loses_more(state: State, scenario: Scenario) -> bool:
    """Say whether a run loses more than its state: one of 64 that crashes is half of a 32nd."""
    crashes = (event for event in state.events if isinstance(event, Crash))
    return any(crash.members % scenario.simulation.slice for crash in crashes)


def _of_whole_parts(event: Event, slice_of: int) -> Event:
    """Return the event with no fewer members down, so many that a slice has its part of them."""
    if not isinstance(event, Crash):
        return event
    return event.model_copy(update={"members": slice_of * ceil(event.members / slice_of)})


def with_unseen(seen: Shortfall, state: State, *, is_own: bool) -> Shortfall:
    """Return what a run has shown with what it cannot show, and with at least what fails on paper.

    A run of the state's own cannot show what usually fails; one of all well, nothing that fails.
    """
    besides = state.usual_share if is_own else state.failing_share
    return Shortfall(
        failed=_raised(seen.failed, besides, state.failing_share),
        late_or_failed=_raised(seen.late_or_failed, besides, state.failing_share),
    )


def at_most(known: Shortfall, worse: Shortfall) -> Shortfall:
    """Return what is known, or anything up to what is worse."""
    return Shortfall(
        failed=_up_to(known.failed, worse.failed),
        late_or_failed=_up_to(known.late_or_failed, worse.late_or_failed),
    )


def _up_to(known: Interval, worse: Interval) -> Interval:
    return replace(known, high=max(known.high, worse.high))


def _raised(share: Interval, besides: float, at_least: float) -> Interval:
    value, low, high = (
        max(at_least, 1 - (1 - one) * (1 - besides)) for one in (share.value, share.low, share.high)
    )
    return replace(share, value=value, low=low, high=high)


def busy_in(scenario: Scenario, numbers: Numbers) -> Mapping[str, float]:
    """Return how busy each pool was, as `system_of` takes it; those that grow take any load."""
    growing = {
        name
        for name, table in scenario.fleet
        if isinstance(table, Instances) and table.autoscaling is not None
    }
    return {
        station.name: min(1.0, numbers[f"busy.{station.name}"].value)
        for station in simulated_topology(scenario).stations
        if station.is_pool and station.name not in growing
    }
