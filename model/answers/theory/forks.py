"""Fork and join: work that is done when the slowest of several M/M/1 queues has done its part."""

from __future__ import annotations

from model.answers.theory.many_servers import mmc_response_mean_s
from model.answers.theory.operational import utilisation

_FITTED_MAX = 32  # queues; the paper compared its fit with simulations up to here


def fork_join_of_two_response_mean_s(arrivals_per_s: float, service_mean_s: float) -> float:
    """Return the mean time until both of two M/M/1 queues, which every arrival joins, are done.

    Source: L. Flatto & S. Hahn, "Two Parallel Queues Created by Arrivals with Two Demands I",
    SIAM J. Applied Mathematics 44 (1984); in this form R. Nelson & A. N. Tantawi, "Approximate
    Analysis of Fork/Join Synchronization in Parallel Queues", IEEE Trans. Computers 37 (1988).
    Exact for two.
    """
    busy = utilisation(arrivals_per_s, service_mean_s)
    return (12 - busy) / 8 * mmc_response_mean_s(arrivals_per_s, service_mean_s)


def fork_join_response_approximation_s(
    arrivals_per_s: float, service_mean_s: float, queues: int
) -> float:
    """Return about the mean time until all of 2 to 32 M/M/1 queues, joined by all, are done.

    An approximation, not a bound: within 5 % of the paper's simulations; exact for two.

    Source: R. Nelson & A. N. Tantawi, "Approximate Analysis of Fork/Join Synchronization in
    Parallel Queues", IEEE Trans. Computers 37 (1988).
    """
    if not 2 <= queues <= _FITTED_MAX:
        raise ValueError(f"queues must be in 2..{_FITTED_MAX}, got {queues}")
    busy = utilisation(arrivals_per_s, service_mean_s)
    ratio = _harmonic(queues) / _harmonic(2)
    scaling = ratio + 4 / 11 * (1 - ratio) * busy
    return scaling * fork_join_of_two_response_mean_s(arrivals_per_s, service_mean_s)


def fork_join_response_bounds_s(
    arrivals_per_s: float, service_mean_s: float, queues: int
) -> tuple[float, float]:
    """Return what the mean time until all of some M/M/1 queues, joined by all, is between.

    At least as if no arrival had to wait, or as one queue; at most as if the queues, which share
    their arrivals, were independent.

    Source: Nelson & Tantawi (1988), as above: the stays are associated.
    """
    if queues < 1:
        raise ValueError(f"queues must be 1 or more, got {queues}")
    alone_s = mmc_response_mean_s(arrivals_per_s, service_mean_s)
    slowest = _harmonic(queues)
    return max(alone_s, slowest * service_mean_s), slowest * alone_s


def _harmonic(count: int) -> float:
    """Return the mean of the largest of so many exponential times of mean 1."""
    return sum(1 / order for order in range(1, count + 1))
