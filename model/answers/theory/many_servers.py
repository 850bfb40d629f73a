"""M/M/c: Poisson arrivals, exponential service, several servers behind one queue."""

from __future__ import annotations

import math

from model.answers.theory.operational import utilisation
from model.world.laws import refuse_unless


def erlang_c(offered_erlangs: float, server_count: int) -> float:
    """Return the probability that an arrival must wait in an M/M/c queue.

    `offered_erlangs` is the arrival rate times the mean service time.

    Source: L. Kleinrock, *Queueing Systems*, vol. 1 (1975), sec. 3.5.  Computed through the
    Erlang-B recursion, because factorials overflow beyond c = 170; exact to rounding.
    """
    busy = utilisation(offered_erlangs, 1.0, server_count)
    blocked = 1.0
    for servers in range(1, server_count + 1):
        blocked = offered_erlangs * blocked / (servers + offered_erlangs * blocked)
    return blocked / (1 - busy * (1 - blocked))


def mmc_wait_mean_s(arrivals_per_s: float, service_mean_s: float, server_count: int = 1) -> float:
    """Return the mean time in queue of an M/M/c queue; source and error as for `erlang_c`."""
    offered_erlangs = arrivals_per_s * service_mean_s
    spare_per_s = (server_count - offered_erlangs) / service_mean_s
    return erlang_c(offered_erlangs, server_count) / spare_per_s


def mmc_response_mean_s(
    arrivals_per_s: float, service_mean_s: float, server_count: int = 1
) -> float:
    """Return the mean time in an M/M/c system; source and error as for `erlang_c`."""
    return mmc_wait_mean_s(arrivals_per_s, service_mean_s, server_count) + service_mean_s


def mmc_wait_quantile_s(
    p: float, arrivals_per_s: float, service_mean_s: float, server_count: int = 1
) -> float:
    """Return the wait that a share `p` of arrivals at an M/M/c queue do not exceed.

    The wait is 0, or exponential at the rate of the spare capacity (Kleinrock, as above).
    """
    refuse_unless(0 < p < 1, "p must be in (0, 1)", p)
    offered_erlangs = arrivals_per_s * service_mean_s
    waiting = erlang_c(offered_erlangs, server_count)
    spare_per_s = (server_count - offered_erlangs) / service_mean_s
    return max(0.0, math.log(waiting / (1 - p)) / spare_per_s)


def mmc_response_quantile_s(
    p: float, arrivals_per_s: float, service_mean_s: float, server_count: int = 1
) -> float:
    """Return the time in an M/M/c system that a share `p` of arrivals do not exceed.

    The sum of the wait above and an exponential service; its survival function is inverted by
    halving, to a relative 1e-12.
    """
    refuse_unless(0 < p < 1, "p must be in (0, 1)", p)
    offered_erlangs = arrivals_per_s * service_mean_s
    waiting = erlang_c(offered_erlangs, server_count)
    spare = server_count - offered_erlangs  # in units of the service rate

    def longer(services: float) -> float:
        """Return the probability of a stay longer than so many mean services."""
        if math.isclose(spare, 1.0, rel_tol=1e-9):
            return math.exp(-services) * (1 + waiting * services)
        both = (spare * math.exp(-services) - math.exp(-spare * services)) / (spare - 1)
        return (1 - waiting) * math.exp(-services) + waiting * both

    low, high = 0.0, 1.0
    while longer(high) > 1 - p:
        high *= 2
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if longer(middle) > 1 - p else (low, middle)
    return high * service_mean_s
