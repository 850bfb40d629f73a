"""The states of failure that matter, how likely each is, and what they make of the answers.

Performability: J. F. Meyer, "On Evaluating the Performability of Degradable Computing Systems",
IEEE Transactions on Computers C-29 (1980).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from model.answers.availability.components import Component, Pool, System
from model.answers.availability.counts import Counted, steady
from model.answers.availability.losses import SEVERAL, cause_of, failing_share, losses_of
from model.answers.availability.needs import INSIDE
from model.answers.availability.outages import NONE, Cause, Troubles, first_order, span_s
from model.answers.availability.parts import Counts, Part, Parts
from model.world.laws import refuse_unless
from model.world.scenario.events import Crash, Event, RegionLoss, ZoneLoss

ALL_WELL = "all well"
# The share of a component below which one of its members is not looked at by itself: judgement.
MATTERS_MIN = 0.01
_ALL_UP = Counted(time_share=np.ones(1), failures_per_s=np.zeros(1))


# These have copies on paper, as timelines have, and none in the simulated fleet: what their loss
# does is known from paper alone.
COPIED_ON_PAPER = ("session_store", "broker")


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A state of failure, how likely it is, and what makes a simulated run be in it.

    It is there from `since_s` until `until_s` after its events began: in a moment, or, without
    an end, for good.  `failing_share` of all requests fails in it however quick the others are
    answered; `usual_share` of all fails in every state, for what no state is about.
    """

    name: str
    probability: float
    failing_share: float
    usual_share: float = 0.0
    events: tuple[Event, ...] = ()
    since_s: float = 0.0
    until_s: float = math.inf

    @property
    def is_moment(self) -> bool:
        """Whether it passes by itself, before anything is repaired."""
        return self.until_s < math.inf


def states_of(system: System, *, matters_min: float = MATTERS_MIN) -> list[State]:
    """Return the states that matter, all well first; their probabilities add up to 1.

    One thing at a time: outages to first order, components in their steady state.  A component
    of which one member is less than `matters_min` is usually short of some, and part of all
    well.  Two things at once are one state, which loses what is lost on paper beyond the others.
    """
    refuse_unless(0 < matters_min <= 1, "matters_min must be in (0, 1]", matters_min)
    counts = {name: steady(component.members) for name, component in system.needed.items()}
    parts = Parts(system, counts)
    own = [name for name, one in system.needed.items() if 1 / _units(one) >= matters_min]
    usual = [part for name in counts if name not in own for part in parts.of_component(name)]
    found = _struck(system, Parts(system, counts | dict.fromkeys(own, _ALL_UP)))
    for name in own:
        found += _of_members(system, name, counts[name], parts, usual)
    none = math.prod(1 - one.probability for one in found)
    usually = _of_all(system, usual)
    well = State(name=ALL_WELL, probability=none, failing_share=usually)
    alone = [replace(one, probability=_alone(one, none)) for one in found if one.probability > 0]
    told = [well, *sorted(alone, key=lambda state: -state.probability)]
    told = [replace(state, usual_share=usually) for state in told]
    return [*told, _several(system, counts, told)]


def _several(system: System, counts: Counts, told: Sequence[State]) -> State:
    """Return the state of two things at once: what is left of all time, and of what is lost."""
    probability = max(0.0, 1 - math.fsum(state.probability for state in told))
    lost = losses_of(system, counts, first_order(system), felt_min=0.0).in_all(system.mix)
    rest = lost - math.fsum(state.probability * state.failing_share for state in told)
    share = rest / probability if probability else 0.0
    return State(name=SEVERAL, probability=probability, failing_share=min(1.0, max(0.0, share)))


def answered_well(states: Sequence[State], late_or_failed: Callable[[State], float]) -> float:
    """Return the share of all requests that is answered, and in time, over all states.

    `late_or_failed` says which share is not in one state, from a latency model of the fleet as
    it then is; it is not asked where everything fails.  Raises ValueError if it answers with
    anything but a share, and for probabilities that do not add up to 1.
    """
    total = math.fsum(state.probability for state in states)
    refuse_unless(math.isclose(total, 1, abs_tol=1e-9), "probabilities must add up to 1", total)
    return 1 - math.fsum(state.probability * _not_well(state, late_or_failed) for state in states)


def _not_well(state: State, late_or_failed: Callable[[State], float]) -> float:
    if state.failing_share >= 1:
        return 1.0
    share = late_or_failed(state)
    refuse_unless(0 <= share <= 1, f"{state.name}: must be a share between 0 and 1", share)
    return max(share, state.failing_share)


def _alone(state: State, none: float) -> float:
    """Return the probability of this one and none of the others, all independent."""
    return none * state.probability / (1 - state.probability)


def _struck(system: System, parts: Parts) -> list[State]:
    """Return the states in which something strikes many things; like ones are one state."""
    states: dict[str, State] = {}
    for troubles, share in first_order(system).items():
        if troubles == NONE:
            continue
        since_s, until_s = span_s(system, troubles)
        state = State(
            name=_name_of(troubles),
            probability=share,
            failing_share=_of_all(system, parts.during(troubles)),
            events=_events_of(system, troubles),
            since_s=since_s,
            until_s=until_s,
        )
        states[state.name] = _merged(states.get(state.name), state)
    return list(states.values())


def _name_of(troubles: Troubles) -> str:
    """Return what a state is called: as its cause in a budget, but of each region by itself."""
    regions = {trouble.which for trouble in troubles if trouble.cause is Cause.REGION}
    return " ".join((cause_of(troubles), *(f"({region})" for region in regions)))


def _merged(one: State | None, other: State) -> State:
    """Return two like states as one, with the events of the first."""
    if one is None:
        return other
    probability = one.probability + other.probability
    failing = one.failing_share * one.probability + other.failing_share * other.probability
    return replace(
        one,
        probability=probability,
        failing_share=failing / probability,
        since_s=min(one.since_s, other.since_s),
        until_s=max(one.until_s, other.until_s),
    )


def _events_of(system: System, troubles: Troubles) -> tuple[Event, ...]:
    first = min(troubles, key=lambda trouble: trouble.zone)
    if first.cause is Cause.ZONE:
        return (ZoneLoss(kind="zone-loss", zone=first.zone + 1),)
    if first.cause is Cause.REGION:
        return (RegionLoss(kind="region-loss", region=first.which),)
    if first.cause is Cause.COMMON:
        return _crash_whole(first.which, system.components[first.which].members.count)
    return ()


def _of_members(
    system: System, name: str, counted: Counted, parts: Parts, usual: Sequence[Part]
) -> Iterator[State]:
    """Yield that one has just failed, that one is down, and that more are."""
    component = system.components[name]
    lasting, moment = parts.of_component(name)
    just, levels = float(moment.time_share[1]), counted.levels
    some = float(counted.time_share[1:].sum())
    yield State(
        name=moment.name,
        probability=just,
        failing_share=_of_all(system, [*usual, _given(moment, np.array([False, True]))]),
        events=_crash(name, 1),
        until_s=system.noticed_after_s if isinstance(component, Pool) else component.failover_s,
    )
    for told, chosen in (("one down", levels == 1), ("more down", levels > 1)):
        share = float(counted.time_share[chosen].sum())
        if share:
            down = float(counted.time_share[chosen] @ levels[chosen]) / share
            yield State(
                name=f"{name}: {told}",
                probability=share * max(0.0, 1 - just / some),
                failing_share=_of_all(system, [*usual, _given(lasting, chosen)]),
                events=_crash_whole(name, round(down)),
            )


def _given(part: Part, chosen: NDArray[np.bool_]) -> Part:
    """Return a part given that it is at one of the chosen levels."""
    shares = np.where(chosen, part.time_share, 0.0)
    total = float(shares.sum())
    return replace(part, time_share=shares / total if total else shares)


def _crash_whole(station: str, members: int) -> tuple[Event, ...]:
    """Return that members are down, and their threads with them, once nobody is sent there.

    An index shard is left as it is: nobody but its own process asks it.
    """
    inside = [part for part, of in INSIDE.items() if of == station != "search"]
    return tuple(event for each in (station, *inside) for event in _crash(each, members))


def _crash(station: str, members: int) -> tuple[Event, ...]:
    if station in COPIED_ON_PAPER:
        return ()
    return (Crash(kind="crash", station=station, members=members),)


def _units(component: Component) -> int:
    return component.members.count if isinstance(component, Pool) else component.shards


def _of_all(system: System, parts: Sequence[Part]) -> float:
    return math.fsum(share * failing_share(parts, e) for e, share in system.mix.items())
