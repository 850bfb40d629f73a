"""Whether a run without the policy's limits and deadlines came near any: then it needs them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from model.engine.codes import NONE
from model.engine.runs import SimulatedRun
from model.world.scenario import Scenario
from model.world.wiring import wiring_of

# Of so many that all gateways have on average half their limit, each dealt to one of them by
# chance, one has its limit with probability below e^-99 where that is 512 (Poisson, Chernoff).
NEAR_SHARE = 0.5

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From where on a run of people's requests is near a limit; infinite where there is none."""

    took_s: float = inf  # of one request
    under_way: float = inf  # requests at one instant, in all of a slice


NO_LIMITS = Limits()


def limits_left_out(scenario: Scenario) -> Limits:
    """Return the limits that the twin of a scenario lacks unless it is told to have them.

    They are those of the usual protections: with others it has them.
    """
    if wiring_of(scenario).is_guarded:
        return NO_LIMITS
    how = scenario.policy.protections
    return Limits(
        took_s=min(how.deadline, how.call_deadline),
        under_way=NEAR_SHARE * how.in_flight_max * _gateways_min(scenario),
    )


def came_near(run: SimulatedRun, limits: Limits, *, besides: Collection[str]) -> bool:
    """Say whether any request of people, at any time of the run, came near a limit.

    That of no journey `besides`.  A call takes no longer than its request, so that no call comes
    near its deadline where no request does.  What goes on after the answers calls the same
    instances, and waits there in the same queues as people do, so that they stand for it.
    """
    requests = run.requests
    others = [n for n, name in enumerate(run.program.journeys) if name in besides]
    of_people: Mask = (requests.parent == NONE) & ~np.isin(requests.journey, others)
    began_s, done_s = requests.arrived_s[of_people], requests.done_s[of_people]
    ended_s = np.where(np.isnan(done_s), run.until_s, done_s)
    longest_s = float((ended_s - began_s).max(initial=0.0))
    return longest_s >= limits.took_s or _most_at_once(began_s, ended_s) >= limits.under_way


def _most_at_once(began_s: NDArray[np.float64], ended_s: NDArray[np.float64]) -> int:
    """Return how many there are at most at one instant; one that ends then is there no more."""
    began_s, ended_s = np.sort(began_s), np.sort(ended_s)
    over = np.searchsorted(ended_s, began_s, side="right")
    return int((np.arange(1, len(began_s) + 1) - over).max(initial=0))


def _gateways_min(scenario: Scenario) -> int:
    """Return how many gateways share all requests of a slice at the least.

    That is those of one zone, where all people may be; of those that scale by themselves one.
    """
    fleet = scenario.fleet
    if fleet.gateway.autoscaling is not None:
        return 1
    return max(1, fleet.gateway.instances // scenario.simulation.slice // fleet.zones)
