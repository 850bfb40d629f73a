"""The states of failure that matter, how likely each is, and what they make of the answers.

Performability: J. F. Meyer, "On Evaluating the Performability of Degradable Computing Systems",
IEEE Transactions on Computers C-29 (1980).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from model.answers.availability.components import Component, Pool, System
from model.answers.availability.counts import Counted, steady
from model.answers.availability.losses import SEVERAL, cause_of, failing_share
from model.answers.availability.outages import NONE, Cause, Troubles, first_order
from model.answers.availability.parts import Part, Parts
from model.world.laws import refuse_unless
from model.world.scenario.events import Crash, Event, RegionLoss, ZoneLoss

ALL_WELL = "all well"
# The share of a component below which one of its members is not looked at by itself: judgement.
MATTERS_MIN = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A state of failure, how likely it is, and what makes a simulated run be in it.

    `failing_share` of all requests fails in it however quick the others are answered.
    """

    name: str
    probability: float
    failing_share: float
    events: tuple[Event, ...] = ()


def states_of(system: System, *, matters_min: float = MATTERS_MIN) -> list[State]:
    """Return the states that matter, all well first; their probabilities add up to 1.

    One thing at a time: outages to first order, components in their steady state.  A component
    of which one member is less than `matters_min` is usually short of some, and part of all
    well.  Two things at once are one state, in which everything is taken to fail.
    """
    refuse_unless(0 < matters_min <= 1, "matters_min must be in (0, 1]", matters_min)
    counts = {name: steady(component.members) for name, component in system.needed.items()}
    parts = Parts(system, counts)
    found = [*_struck(system, parts)]
    usual: list[Part] = []
    for name, component in system.needed.items():
        lasting, moment = parts.of_component(name)
        if 1 / _units(component) >= matters_min:
            found += _of_members(system, name, counts[name], (lasting, moment))
        else:
            usual += [lasting, moment]
    none = math.prod(1 - one.probability for one in found)
    alone = [replace(one, probability=_alone(one, none)) for one in found if one.probability > 0]
    rest = max(0.0, 1 - none - math.fsum(one.probability for one in alone))
    well = State(name=ALL_WELL, probability=none, failing_share=_of_all(system, usual))
    several = State(name=SEVERAL, probability=rest, failing_share=1.0)
    return [well, *sorted(alone, key=lambda state: -state.probability), several]


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
        name, fails = cause_of(troubles), _of_all(system, parts.during(troubles))
        before = states.get(name, State(name=name, probability=0.0, failing_share=0.0))
        probability = before.probability + share
        failing = before.failing_share * before.probability + fails * share
        states[name] = State(
            name=name,
            probability=probability,
            failing_share=failing / probability,
            events=before.events or _events_of(troubles),
        )
    return list(states.values())


def _events_of(troubles: Troubles) -> tuple[Event, ...]:
    first = min(troubles, key=lambda trouble: trouble.zone)
    if first.cause is Cause.ZONE:
        return (ZoneLoss(kind="zone-loss", zone=first.zone + 1),)
    if first.cause is Cause.REGION:
        return (RegionLoss(kind="region-loss", region=first.which),)
    return ()


def _of_members(
    system: System, name: str, counted: Counted, parts: tuple[Part, Part]
) -> Iterator[State]:
    """Yield that some are down, and before it that one has just failed."""
    lasting, moment = parts
    just = float(moment.time_share[1])
    some = max(0.0, 1 - float(counted.time_share[0]) - just)
    yield State(
        name=moment.name,
        probability=just,
        failing_share=_of_all(system, [_without_first(moment)]),
        events=_crash(name, 1),
    )
    down = float(counted.time_share @ counted.levels) / max(1 - counted.time_share[0], 1e-300)
    yield State(
        name=f"{name}: some down",
        probability=some,
        failing_share=_of_all(system, [_without_first(lasting)]),
        events=_crash(name, max(1, round(down))),
    )


def _without_first(part: Part) -> Part:
    """Return a part given that it is not at its first level, at which nothing is down."""
    shares = np.concatenate(([0.0], part.time_share[1:]))
    total = float(shares.sum())
    return replace(part, time_share=shares / total if total else shares)


def _crash(station: str, members: int) -> tuple[Event, ...]:
    return (Crash(kind="crash", station=station, members=members),)


def _units(component: Component) -> int:
    return component.members.count if isinstance(component, Pool) else component.shards


def _of_all(system: System, parts: Sequence[Part]) -> float:
    return math.fsum(share * failing_share(parts, e) for e, share in system.mix.items())
