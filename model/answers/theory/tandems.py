"""M/M/1 queues one after another."""

from __future__ import annotations

import numpy as np

from model.answers.theory.inversion import quantile
from model.answers.theory.many_servers import mmc_response_mean_s
from model.answers.theory.phases import passage_transform
from model.world.laws import refuse_unless


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

    refuse_unless(0 < p < 1, "p must be in (0, 1)", p)
    return float(gammaincinv(queues, p)) * mmc_response_mean_s(arrivals_per_s, service_mean_s)


def tandem_of_unequal_response_quantile_s(
    p: float, arrivals_per_s: float, service_means_s: list[float]
) -> float:
    """Return the time through unlike M/M/1 queues that a share `p` do not exceed.

    A sum of independent exponential stays (Reich, as above), inverted: relative error 1e-7 at
    p = 0.99, whether or not some of the queues are alike.
    """
    stays_s = np.array([mmc_response_mean_s(arrivals_per_s, mean_s) for mean_s in service_means_s])
    all_of_them = np.zeros(len(stays_s) + 1)
    all_of_them[-1] = 1.0
    return quantile(passage_transform(all_of_them, 1 / stays_s), p, scale=float(stays_s.sum()))
