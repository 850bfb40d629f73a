"""M/M/c/K: a queue with room for so many; who finds it full is turned away."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from model.answers.theory.inversion import Complexes, quantile
from model.answers.theory.phases import Floats, passage_mean_s, passage_transform
from model.world.laws import refuse_unless

_ROOM_MAX = 10_000  # places; the inversion keeps a complex number for each at each of 113 points


@dataclass(frozen=True, slots=True, kw_only=True)
class FiniteRoom:
    """An M/M/c/K queue: `room` counts those in service too.

    Source: D. Gross et al., *Fundamentals of Queueing Theory*, 4th ed. (2008), sec. 2.5.  It has
    a steady state at any load.
    """

    arrivals_per_s: float
    service_mean_s: float
    servers: int
    room: int

    def __post_init__(self) -> None:
        """Refuse what is not a queue."""
        refuse_unless(
            self.arrivals_per_s > 0, "arrivals_per_s must be positive", self.arrivals_per_s
        )
        refuse_unless(
            self.service_mean_s > 0, "service_mean_s must be positive", self.service_mean_s
        )
        if not 1 <= self.servers <= self.room <= _ROOM_MAX:
            raise ValueError(
                f"need 1 <= servers <= room <= {_ROOM_MAX}, got {self.servers} and {self.room}"
            )


def shares_of_time(queue: FiniteRoom) -> Floats:
    """Return the shares of time with 0, 1, ... `room` present; exact to rounding."""
    offered = queue.arrivals_per_s * queue.service_mean_s
    busy = np.minimum(np.arange(1, queue.room + 1), queue.servers)
    logarithms = np.concatenate(([0.0], np.cumsum(math.log(offered) - np.log(busy))))
    weights = np.exp(logarithms - logarithms.max())
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def blocking_probability(queue: FiniteRoom) -> float:
    """Return the share of arrivals that find no room; exact to rounding."""
    return float(shares_of_time(queue)[-1])


def finite_room_wait_mean_s(queue: FiniteRoom) -> float:
    """Return the mean time in queue of those accepted; exact to rounding."""
    return passage_mean_s(*_departures_awaited(queue))


def finite_room_response_mean_s(queue: FiniteRoom) -> float:
    """Return the mean time in system of those accepted; exact to rounding."""
    return finite_room_wait_mean_s(queue) + queue.service_mean_s


def finite_room_wait_quantile_s(p: float, queue: FiniteRoom) -> float:
    """Return the wait that a share `p` of those accepted do not exceed; relative error 1e-7."""
    weights, rates_per_s = _departures_awaited(queue)
    wait = passage_transform(weights, rates_per_s)
    return quantile(wait, p, scale=queue.service_mean_s, at_zero=float(weights[0]))


def finite_room_response_quantile_s(p: float, queue: FiniteRoom) -> float:
    """Return the time in system that a share `p` of those accepted stay below; error as above."""
    wait = passage_transform(*_departures_awaited(queue))

    def transform(s: Complexes) -> Complexes:
        return wait(s) / (1 + s * queue.service_mean_s)

    return quantile(transform, p, scale=queue.service_mean_s)


def _departures_awaited(queue: FiniteRoom) -> tuple[Floats, Floats]:
    """Return how many departures the accepted wait for (their shares), and the rate of each."""
    found = shares_of_time(queue)[:-1]
    found /= found.sum()
    weights = np.concatenate(([found[: queue.servers].sum()], found[queue.servers :]))
    return weights, np.full(len(weights) - 1, queue.servers / queue.service_mean_s)
