"""Erlang-A against M/M/c, a Poisson law, and the density of the offered wait."""

import math

import pytest
from scipy.integrate import quad

from model.answers import theory

MEAN_S = 0.01


def impatient(arrivals_per_s, patience_mean_s, servers=1):
    return theory.ImpatientQueue(
        arrivals_per_s=arrivals_per_s,
        service_mean_s=MEAN_S,
        patience_mean_s=patience_mean_s,
        servers=servers,
    )


@pytest.mark.parametrize(("arrivals_per_s", "servers"), [(80, 1), (150, 2)])
def test_endless_patience_is_m_m_c(arrivals_per_s, servers):
    queue, load = impatient(arrivals_per_s, 1e9, servers), (arrivals_per_s, MEAN_S, servers)
    assert theory.abandonment_probability(queue) < 1e-9
    assert theory.served_wait_mean_s(queue) == pytest.approx(theory.mmc_wait_mean_s(*load))
    expected_s = theory.mmc_response_mean_s(*load)
    assert theory.served_response_mean_s(queue) == pytest.approx(expected_s)
    expected_s = theory.mmc_wait_quantile_s(0.99, *load)
    assert theory.served_wait_quantile_s(0.99, queue) == pytest.approx(expected_s, rel=1e-7)
    expected_s = theory.mmc_response_quantile_s(0.99, *load)
    assert theory.served_response_quantile_s(0.99, queue) == pytest.approx(expected_s, rel=1e-7)


@pytest.mark.parametrize("offered", [0.5, 3.0])
def test_patience_as_long_as_service_leaves_a_poisson_number(offered):
    # Everyone present leaves at one rate; one server is busy unless nobody is there.
    queue = impatient(offered / MEAN_S, MEAN_S)
    served = (1 - math.exp(-offered)) / offered
    assert theory.abandonment_probability(queue) == pytest.approx(1 - served)


def offered_wait(arrivals_per_s, patience_mean_s, servers):
    """Shares of arrivals that wait for nothing, and the density of waits offered to others.

    F. Baccelli & G. Hebuterne, "On Queues with Impatient Customers", Performance '81.
    """
    offered = arrivals_per_s * MEAN_S
    idle = [offered**k / math.factorial(k) for k in range(servers)]

    def density(t):
        lost_s = patience_mean_s * -math.expm1(-t / patience_mean_s)
        rise = math.exp(arrivals_per_s * lost_s - servers * t / MEAN_S)
        return arrivals_per_s * idle[-1] * rise

    return sum(idle), density


@pytest.mark.parametrize(
    ("arrivals_per_s", "patience_mean_s", "servers"), [(90, 0.02, 1), (500, 0.05, 4), (900, 0.1, 8)]
)
def test_the_served_wait_as_the_offered_wait_that_patience_outlasts(
    arrivals_per_s, patience_mean_s, servers
):
    queue = impatient(arrivals_per_s, patience_mean_s, servers)
    at_once, density = offered_wait(arrivals_per_s, patience_mean_s, servers)

    def endured(t):
        return density(t) * math.exp(-t / patience_mean_s)

    offered, _ = quad(density, 0, 2, limit=500, points=[0.05, 0.2])
    served, _ = quad(endured, 0, 2, limit=500, points=[0.05, 0.2])
    lost = (offered - served) / (at_once + offered)
    assert theory.abandonment_probability(queue) == pytest.approx(lost, rel=1e-7)
    waited_s, _ = quad(lambda t: t * endured(t), 0, 2, limit=500, points=[0.05, 0.2])
    mean_s = waited_s / (at_once + served)
    assert theory.served_wait_mean_s(queue) == pytest.approx(mean_s, rel=1e-7)
    p99_s = theory.served_wait_quantile_s(0.99, queue)
    beyond, _ = quad(endured, p99_s, 2, limit=500, points=[0.05, 0.2], epsabs=1e-12)
    assert beyond / (at_once + served) == pytest.approx(0.01, rel=1e-6)
    # The response is the wait and an independent service.
    p99_s = theory.served_response_quantile_s(0.99, queue)

    def longer(t):
        return endured(t) * math.exp(-max(0.0, p99_s - t) / MEAN_S)

    beyond, _ = quad(longer, 0, 2, limit=500, points=[0.05, 0.2, p99_s], epsabs=1e-12)
    beyond += at_once * math.exp(-p99_s / MEAN_S)
    assert beyond / (at_once + served) == pytest.approx(0.01, rel=1e-6)


def test_a_heavy_overload_loses_what_is_beyond_capacity():
    queue = impatient(1_000, 5.0)  # ten times what is served; some 4,500 wait
    assert theory.abandonment_probability(queue) == pytest.approx(0.9, rel=1e-6)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"arrivals_per_s": 0.0}, "arrivals_per_s must be positive"),
        ({"service_mean_s": 0.0}, "service_mean_s must be positive"),
        ({"patience_mean_s": 0.0}, "patience_mean_s must be positive"),
        ({"servers": 0}, "servers must be positive"),
    ],
)
def test_what_is_no_queue_is_refused(change, reason):
    sound = {"arrivals_per_s": 1.0, "service_mean_s": 1.0, "patience_mean_s": 1.0, "servers": 1}
    with pytest.raises(ValueError, match=reason):
        theory.ImpatientQueue(**(sound | change))


def test_too_long_a_queue_is_refused():
    with pytest.raises(ValueError, match="more than 20000 would be present"):
        theory.abandonment_probability(impatient(200, 1e6))
