"""The best of a few queues drawn by chance: the limit for infinitely many servers."""

from __future__ import annotations

from model.answers.theory.operational import utilisation


def choices_response_limit_s(
    arrivals_per_server_per_s: float, service_mean_s: float, choices: int
) -> float:
    """Return the mean response where each arrival joins the shortest of `choices` random queues.

    The limit for infinitely many exponential servers; with n of them the mean is off by a term of
    order 1/n (N. Gast, "Expected Values Estimated via Mean-Field Approximation are 1/N-Accurate",
    Proc. ACM Measurement and Analysis of Computing Systems 1, 2017).

    Source: N. D. Vvedenskaya, R. L. Dobrushin & F. I. Karpelevich, "Queueing System with Selection
    of the Shortest of Two Queues: An Asymptotic Approach", Problems of Information Transmission
    32 (1996); M. Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", IEEE
    Trans. Parallel and Distributed Systems 12 (2001), sec. 3.
    """
    if choices < 1:
        raise ValueError(f"choices must be 1 or more, got {choices}")
    busy = utilisation(arrivals_per_server_per_s, service_mean_s)
    if choices == 1:
        return service_mean_s / (1 - busy)
    total, exponent, step = 0.0, 0.0, 1.0
    while (longer := busy**exponent) > 1e-17 * total:
        total += longer  # the share of arrivals whose queue holds at least so many before them
        step *= choices
        exponent += step
    return total * service_mean_s
