"""Availability joined to latency: which share of requests is answered in time, over all years.

Each state of failure is simulated, and weighted by how likely it is (`states`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate

from model.answers.availability.components import system_of
from model.answers.availability.losses import SEVERAL
from model.answers.availability.state_runs import (
    ALL_LOST,
    Shortfall,
    at_most,
    busy_in,
    loses_more,
    shortfall_in,
    simulated_in,
    with_unseen,
)
from model.answers.availability.states import ALL_WELL, State, answered_well, states_of
from model.answers.calibrations import Calibration
from model.answers.numbers import Numbers
from model.answers.statistics import CONFIDENCE, Interval
from model.rules.targets import Verdict, verdict_of
from model.world.scenario import Scenario

RUNS_MAX = 40  # states that are simulated
# Of the requests that may be lost, the share that all states too rare to be run may lose together.
NEGLIGIBLE = 0.01
SURE_DIGITS = 9  # of a share: what rounding adds to a sum of shares is less

Report = Callable[[str], None]


class Source(Enum):
    """Where it is known from what a state does; the value is its name in tables."""

    RUN = "simulated"
    MORE = "at most as a run that loses more"  # whose slice cannot lose as little; else on paper
    PAPER = "on paper"  # what fails does; the others are answered as when all is well
    BOUND = "at most all"  # else on paper


@dataclass(frozen=True, slots=True, kw_only=True)
class InState:
    """A state, and which requests are not answered in it, or not in time."""

    state: State
    source: Source
    shortfall: Shortfall


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The answer: shares of all requests that are lost, over all states.

    The target says which share is answered, not how soon; both are judged by it.
    """

    in_states: tuple[InState, ...]  # all well first
    failed: Interval
    late_or_failed: Interval
    target: float

    def verdict(self, lost: Interval) -> Verdict:
        """Say whether no more is lost than the target allows."""
        return verdict_of(lost.low, lost.high, 1 - self.target)


def joined_of(
    scenario: Scenario,
    calibration: Calibration,
    *,
    runs_max: int = RUNS_MAX,
    jobs: int = 1,
    report: Report = lambda _: None,
) -> Joined:
    """Return how many requests are answered, and in time, over all states of a scenario.

    Its own events are left out: these are its usual days.  Instances are as busy as they are
    found while all is well.  A state lasts long beside its beginning and its end: how a backlog
    is worked off after a repair is not in it.  Raises ScenarioError as `system_of` and `twin_of`.
    """
    whole = State(name=ALL_WELL, probability=1.0, failing_share=0.0)
    report(f"simulating {scenario.name}, {ALL_WELL}")
    well = simulated_in(scenario, calibration, whole, jobs=jobs)
    states = states_of(system_of(scenario, busy=busy_in(scenario, well)))
    sources = sources_of(states, scenario, runs_max=runs_max - 1)
    found = []
    for state in states:
        source, own = sources[state.name], None
        if source in (Source.RUN, Source.MORE) and state.name != ALL_WELL:
            report(f"simulating {scenario.name}, {state.name}")
            own = simulated_in(scenario, calibration, state, jobs=jobs)
        shortfall = _shortfall(state, source, well=well, own=own)
        found.append(InState(state=state, source=source, shortfall=shortfall))
    return Joined(
        in_states=tuple(found),
        failed=over_states(found, lambda one: one.failed),
        late_or_failed=over_states(found, lambda one: one.late_or_failed),
        target=scenario.targets.available,
    )


def _shortfall(state: State, source: Source, *, well: Numbers, own: Numbers | None) -> Shortfall:
    """Return what a state leaves unanswered, by its own run if it has one, and that of all well."""
    on_paper = with_unseen(shortfall_in(well, is_struck=False), state, is_own=False)
    if own is None:
        return at_most(on_paper, ALL_LOST) if source is Source.BOUND else on_paper
    run = with_unseen(shortfall_in(own, is_struck=True), state, is_own=True)
    return at_most(on_paper, run) if source is Source.MORE else run


def sources_of(
    states: Sequence[State], scenario: Scenario, *, runs_max: int = RUNS_MAX
) -> dict[str, Source]:
    """Return where it is known from what each state does, by name.

    States that could matter most are simulated first, and what is negligible in all is not.
    """
    unsure = [state for state in states if state.events and _unknown(state) > 0]
    unsure.sort(key=_unknown, reverse=True)
    allowed = NEGLIGIBLE * (1 - scenario.targets.available)
    run = unsure[: min(runs_max, len(unsure) - _negligible(unsure, allowed))]
    known = {ALL_WELL: Source.RUN, SEVERAL: Source.BOUND}
    known |= dict.fromkeys((state.name for state in unsure), Source.BOUND)
    known |= {s.name: Source.MORE if loses_more(s, scenario) else Source.RUN for s in run}
    return {state.name: known.get(state.name, Source.PAPER) for state in states}


def _unknown(state: State) -> float:
    """Return which share of all requests it is open to a state to lose, beyond those on paper."""
    return state.probability * round(1 - state.failing_share, SURE_DIGITS)


def _negligible(states: Sequence[State], allowed: float) -> int:
    """Return how many of the last states cannot lose more than is allowed together."""
    together = accumulate(_unknown(state) for state in reversed(states))
    return sum(lost <= allowed for lost in together)


def over_states(in_states: Sequence[InState], of: Callable[[Shortfall], Interval]) -> Interval:
    """Return the interval of a share of all requests, from that in each state.

    Runs are independent, and so each end is as far from the value as theirs are, in squares
    (G. Y. Zou & A. Donner, "Construction of Confidence Limits About Effect Measures", Statistics
    in Medicine 27, 2008).  What is only bounded may lose so much: that is added as it is.
    """
    shares = {one.state.name: of(one.shortfall) for one in in_states}
    value = 1 - answered_well([one.state for one in in_states], lambda s: shares[s.name].value)
    below = _reach(in_states, lambda one: of(one).value - of(one).low)
    above = _reach(in_states, lambda one: of(one).high - of(one).value)
    return Interval(
        value=value,
        low=max(0.0, value - below),
        high=min(1.0, value + above),
        confidence=CONFIDENCE,
        n=sum(one.source is Source.RUN for one in in_states),
        method="states",
    )


def _reach(in_states: Sequence[InState], reach_of: Callable[[Shortfall], float]) -> float:
    """Return how far an end is from the value; what is on paper shares the luck of all well."""
    own, shared, bound = list[float](), 0.0, 0.0
    for one in in_states:
        reach = one.state.probability * reach_of(one.shortfall)
        if one.source in (Source.BOUND, Source.MORE):
            bound += reach
        elif one.source is Source.RUN and one.state.name != ALL_WELL:
            own.append(reach)
        else:
            shared += reach
    return math.hypot(shared, *own) + bound
