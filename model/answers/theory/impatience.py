"""M/M/c+M (Erlang-A): who has waited longer than an exponential patience leaves the queue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.answers.theory.inversion import Complexes, quantile
from model.answers.theory.phases import Floats, passage_mean_s, passage_transform
from model.world.laws import refuse_unless

_PRESENT_MAX = 20_000  # a queue that is often longer is refused
_NEGLIGIBLE = 1e-17  # share of time beside the greatest share: below rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpatientQueue:
    """An M/M/c queue whose customers leave after an exponential time in queue.

    Source: C. Palm (1957), as in O. Garnett, A. Mandelbaum & M. Reiman, "Designing a Call Center
    with Impatient Customers", Manufacturing & Service Operations Management 4 (2002), sec. 2.
    It has a steady state at any load.
    """

    arrivals_per_s: float
    service_mean_s: float
    patience_mean_s: float
    servers: int = 1

    def __post_init__(self) -> None:
        """Refuse what is not a queue."""
        refuse_unless(
            self.arrivals_per_s > 0, "arrivals_per_s must be positive", self.arrivals_per_s
        )
        refuse_unless(
            self.service_mean_s > 0, "service_mean_s must be positive", self.service_mean_s
        )
        refuse_unless(
            self.patience_mean_s > 0, "patience_mean_s must be positive", self.patience_mean_s
        )
        refuse_unless(self.servers > 0, "servers must be positive", self.servers)


def abandonment_probability(queue: ImpatientQueue) -> float:
    """Return the share of arrivals that leave unserved; exact to rounding."""
    found = _shares_found(queue)
    return float(np.dot(found[queue.servers :], 1 - _served_from(queue, len(found))))


def served_wait_mean_s(queue: ImpatientQueue) -> float:
    """Return the mean time in queue of those who are served; exact to rounding."""
    return passage_mean_s(*_steps_awaited(queue))


def served_response_mean_s(queue: ImpatientQueue) -> float:
    """Return the mean time in system of those who are served; exact to rounding."""
    return served_wait_mean_s(queue) + queue.service_mean_s


def served_wait_quantile_s(p: float, queue: ImpatientQueue) -> float:
    """Return the wait that a share `p` of the served do not exceed; relative error 1e-7."""
    weights, rates_per_s = _steps_awaited(queue)
    wait = passage_transform(weights, rates_per_s)
    return quantile(wait, p, scale=queue.service_mean_s, at_zero=float(weights[0]))


def served_response_quantile_s(p: float, queue: ImpatientQueue) -> float:
    """Return the time in system that a share `p` of the served stay below; error as above."""
    wait = passage_transform(*_steps_awaited(queue))

    def transform(s: Complexes) -> Complexes:
        return wait(s) / (1 + s * queue.service_mean_s)

    return quantile(transform, p, scale=queue.service_mean_s)


def _shares_found(queue: ImpatientQueue) -> Floats:
    """Return the shares of arrivals that find 0, 1, ... present, up to a negligible share."""
    weights = [1.0]
    peak = total = 1.0
    for present in range(1, _PRESENT_MAX):
        rate_per_s = min(present, queue.servers) / queue.service_mean_s
        rate_per_s += max(0, present - queue.servers) / queue.patience_mean_s
        weights.append(weights[-1] * queue.arrivals_per_s / rate_per_s)
        total += weights[-1]
        peak = max(peak, weights[-1])
        if peak > 1e200:  # keep far from overflow
            weights, total, peak = [w / peak for w in weights], total / peak, 1.0
        if present > queue.servers and weights[-1] < _NEGLIGIBLE * peak:
            return np.asarray(weights) / total
    raise ValueError(f"more than {_PRESENT_MAX} would be present: {queue}")


def _steps_per_s(queue: ImpatientQueue, places: int) -> Floats:
    """Return the rate at which one in place 1, 2, ... of the queue moves on, or gives up."""
    order = np.arange(1, places + 1)
    return queue.servers / queue.service_mean_s + order / queue.patience_mean_s


def _served_from(queue: ImpatientQueue, states: int) -> Floats:
    """Return the probability to be served of one who takes place 1, 2, ... of the queue."""
    steps_per_s = _steps_per_s(queue, states - queue.servers)
    return np.asarray(np.cumprod(1 - 1 / (queue.patience_mean_s * steps_per_s)))


def _steps_awaited(queue: ImpatientQueue) -> tuple[Floats, Floats]:
    """Return how many steps forward the served wait for (their shares), and the rate of each.

    Whether a step is a move or the end of patience is independent of how long it takes.
    """
    found = _shares_found(queue)
    waiting = found[queue.servers :] * _served_from(queue, len(found))
    weights = np.concatenate(([found[: queue.servers].sum()], waiting))
    return weights / weights.sum(), _steps_per_s(queue, len(waiting))
