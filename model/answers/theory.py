"""What queueing theory knows exactly: the rulers that engines are held against.

All arrivals are Poisson.  Rates are per second, times in seconds, `p` is a probability in (0, 1).
Every formula raises ValueError where there is no steady state.
"""

from __future__ import annotations

import math


def utilisation(arrivals_per_s: float, service_mean_s: float, server_count: int = 1) -> float:
    """Return the share of time that each server is busy (the utilisation law).

    Source: P. J. Denning & J. P. Buzen, "The Operational Analysis of Queueing Network Models",
    ACM Computing Surveys 10 (1978).  Exact for any arrivals and service.
    """
    busy = arrivals_per_s * service_mean_s / server_count
    if not 0 <= busy < 1:
        raise ValueError(f"no steady state: utilisation would be {busy:g}")
    return busy


def number_present(arrivals_per_s: float, response_mean_s: float) -> float:
    """Return the mean number in a system that requests stay in for so long on average.

    Source: J. D. C. Little, "A Proof for the Queuing Formula L = λW", Operations Research 9
    (1961).  Exact for any system in steady state.
    """
    return arrivals_per_s * response_mean_s


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


def mg1_wait_mean_s(arrivals_per_s: float, service_mean_s: float, service_scv: float) -> float:
    """Return the mean time in queue of an M/G/1 queue, first come, first served.

    `service_scv` is the squared coefficient of variation of the service time.

    Source: Pollaczek & Khinchine; Kleinrock, vol. 1 (1975), sec. 5.6.  Exact.
    """
    busy = utilisation(arrivals_per_s, service_mean_s)
    return busy * service_mean_s * (1 + service_scv) / (2 * (1 - busy))


def mg1_ps_response_mean_s(arrivals_per_s: float, service_mean_s: float) -> float:
    """Return the mean time in an M/G/1 system that all share equally, whatever the law.

    Source: L. Kleinrock, *Queueing Systems*, vol. 2 (1976), sec. 4.4.  Exact.
    """
    return service_mean_s / (1 - utilisation(arrivals_per_s, service_mean_s))


def tandem_response_mean_s(arrivals_per_s: float, service_means_s: list[float]) -> float:
    """Return the mean time through M/M/1 queues one after another.

    Source: J. R. Jackson, "Networks of Waiting Lines", Operations Research 5 (1957).  Exact.
    """
    return sum(mmc_response_mean_s(arrivals_per_s, mean_s) for mean_s in service_means_s)


def tandem_response_quantile_s(
    p: float, arrivals_per_s: float, service_mean_s: float, queues: int
) -> float:
    """Return the time through `queues` equal M/M/1 queues that a share `p` do not exceed.

    The stays are independent and exponential, so their sum is Erlang (E. Reich, "Waiting Times
    When Queues Are in Tandem", Annals of Mathematical Statistics 28, 1957).  Exact.
    """
    from scipy.special import gammaincinv

    return float(gammaincinv(queues, p)) * mmc_response_mean_s(arrivals_per_s, service_mean_s)


def fork_join_of_two_response_mean_s(arrivals_per_s: float, service_mean_s: float) -> float:
    """Return the mean time until both of two M/M/1 queues, which every arrival joins, are done.

    Source: L. Flatto & S. Hahn, "Two Parallel Queues Created by Arrivals with Two Demands I",
    SIAM J. Applied Mathematics 44 (1984); in this form R. Nelson & A. N. Tantawi, "Approximate
    Analysis of Fork/Join Synchronization in Parallel Queues", IEEE Trans. Computers 37 (1988).
    Exact for two.
    """
    busy = utilisation(arrivals_per_s, service_mean_s)
    return (12 - busy) / 8 * mmc_response_mean_s(arrivals_per_s, service_mean_s)
