"""Laws that hold for any arrivals and any service, without a model of either."""

from __future__ import annotations


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
