"""M/D/1: Poisson arrivals, one server that takes equally long for everyone."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from model.answers.theory.general_work import mg1_wait_mean_s
from model.answers.theory.operational import utilisation
from model.world.laws import refuse_unless

_PRESENT_MAX = 5_000  # customers; a quantile that needs more is refused


def md1_wait_mean_s(arrivals_per_s: float, service_s: float) -> float:
    """Return the mean time in queue of an M/D/1 queue; source as for `mg1_wait_mean_s`."""
    return mg1_wait_mean_s(arrivals_per_s, service_s, 0.0)


def md1_response_mean_s(arrivals_per_s: float, service_s: float) -> float:
    """Return the mean time in an M/D/1 system; source as for `mg1_wait_mean_s`."""
    return md1_wait_mean_s(arrivals_per_s, service_s) + service_s


def md1_wait_quantile_s(p: float, arrivals_per_s: float, service_s: float) -> float:
    """Return the wait that a share `p` of arrivals at an M/D/1 queue do not exceed.

    Source: G. J. Franx, "A Simple Solution for the M/D/c Waiting Time Distribution", Operations
    Research Letters 29 (2001): a sum without subtractions, where Erlang's alternates.  Exact to
    a relative 1e-11.
    """
    from scipy.optimize import brentq

    refuse_unless(0 < p < 1, "p must be in (0, 1)", p)
    busy = utilisation(arrivals_per_s, service_s)
    if p <= 1 - busy:
        return 0.0
    present_at_most = _present_at_most(p, busy)
    services = int(np.searchsorted(present_at_most[1:], p))  # whole services before the quantile
    shares = present_at_most[services + 1 : 0 : -1]

    def excess(left: float) -> float:
        """Return how far the share that waits no longer is above `p`."""
        return float(np.dot(shares, _poisson(busy * left, len(shares)))) - p

    left = 0.0 if excess(0.0) <= 0 else float(brentq(excess, 0.0, 1.0, xtol=1e-14))
    return (services + 1 - left) * service_s


def md1_response_quantile_s(p: float, arrivals_per_s: float, service_s: float) -> float:
    """Return the time in an M/D/1 system that a share `p` of arrivals do not exceed; exact."""
    return md1_wait_quantile_s(p, arrivals_per_s, service_s) + service_s


def _poisson(mean: float, count: int) -> NDArray[np.float64]:
    """Return the probabilities of 0, 1, ... count - 1 events."""
    from scipy.stats import poisson

    return np.asarray(poisson.pmf(np.arange(count), mean), dtype=np.float64)


def _present_at_most(p: float, busy: float) -> NDArray[np.float64]:
    """Return the shares of time with at most 0, 1, ... present, until one is above `p`.

    Source: V. Ramaswami, "A Stable Recursion for the Steady State Vector in Markov Chains of
    M/G/1 Type", Stochastic Models 4 (1988): no subtractions.
    """
    from scipy.stats import poisson

    size = 256
    while size <= _PRESENT_MAX:
        more_than = poisson.sf(np.arange(size), busy)
        shares = np.zeros(size)
        shares[0] = 1 - busy
        for present in range(size - 1):
            inflow = shares[0] * more_than[present]
            inflow += np.dot(shares[1 : present + 1], more_than[present:0:-1])
            shares[present + 1] = inflow * math.exp(busy)
        cumulated = np.cumsum(shares)
        if cumulated[-1] > p:
            return np.asarray(cumulated, dtype=np.float64)
        size *= 2
    raise ValueError(f"the quantile at {p} needs more than {_PRESENT_MAX} present")
