"""M/M/c/K against the queues that it becomes, and against sums of gamma laws."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import gammaincc

from model.answers import theory

MEAN_S = 0.01


def room(arrivals_per_s, servers, places):
    return theory.FiniteRoom(
        arrivals_per_s=arrivals_per_s, service_mean_s=MEAN_S, servers=servers, room=places
    )


@pytest.mark.parametrize(("arrivals_per_s", "servers"), [(80, 1), (150, 2), (700, 8)])
def test_endless_room_is_m_m_c(arrivals_per_s, servers):
    queue, load = room(arrivals_per_s, servers, 2_000), (arrivals_per_s, MEAN_S, servers)
    assert theory.blocking_probability(queue) < 1e-15
    assert theory.finite_room_wait_mean_s(queue) == pytest.approx(theory.mmc_wait_mean_s(*load))
    expected_s = theory.mmc_response_mean_s(*load)
    assert theory.finite_room_response_mean_s(queue) == pytest.approx(expected_s)
    for p in (0.5, 0.99):
        expected_s = theory.mmc_wait_quantile_s(p, *load)
        assert theory.finite_room_wait_quantile_s(p, queue) == pytest.approx(expected_s, rel=1e-7)
        expected_s = theory.mmc_response_quantile_s(p, *load)
        found_s = theory.finite_room_response_quantile_s(p, queue)
        assert found_s == pytest.approx(expected_s, rel=1e-7)


def test_no_room_to_wait_is_erlang_b():
    offered, servers = 9.0, 10
    weights = [offered**k / math.factorial(k) for k in range(servers + 1)]
    queue = room(offered / MEAN_S, servers, servers)
    assert theory.blocking_probability(queue) == pytest.approx(weights[-1] / sum(weights))
    assert theory.finite_room_wait_mean_s(queue) == 0
    assert theory.finite_room_wait_quantile_s(0.999, queue) == 0
    found_s = theory.finite_room_response_quantile_s(0.99, queue)
    assert found_s == pytest.approx(-math.log(0.01) * MEAN_S, rel=1e-8)


@pytest.mark.parametrize(("arrivals_per_s", "places"), [(60, 5), (100, 20), (300, 40)])
def test_one_server_responds_as_a_mixture_of_gamma_laws(arrivals_per_s, places):
    queue, found = room(arrivals_per_s, 1, places), (arrivals_per_s * MEAN_S) ** np.arange(places)
    found /= found.sum()
    stages = np.arange(1, places + 1)
    exact = brentq(lambda t: found @ gammaincc(stages, t) - 0.01, 0, 10 * places, xtol=1e-12)
    found_s = theory.finite_room_response_quantile_s(0.99, queue)
    assert found_s == pytest.approx(exact * MEAN_S, rel=1e-7)
    mean_s = theory.finite_room_response_mean_s(queue)
    assert mean_s == pytest.approx(found @ stages * MEAN_S)


def test_littles_law_holds_for_those_accepted(chain):
    def moves(present):
        if present < 12:
            yield present + 1, 500.0
        if present:
            yield present - 1, min(present, 4) / MEAN_S

    shares = chain(moves, 0).steady_state()
    queue = room(500, 4, 12)
    assert theory.blocking_probability(queue) == pytest.approx(shares[12])
    present = sum(number * share for number, share in shares.items())
    expected_s = present / (500 * (1 - shares[12]))
    assert theory.finite_room_response_mean_s(queue) == pytest.approx(expected_s)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"arrivals_per_s": 0.0}, "arrivals_per_s must be positive"),
        ({"service_mean_s": 0.0}, "service_mean_s must be positive"),
        ({"servers": 0}, "need 1 <= servers"),
        ({"room": 1}, "need 1 <= servers <= room"),
        ({"room": 10_001}, "<= 10000"),
    ],
)
def test_what_is_no_queue_is_refused(change, reason):
    sound = {"arrivals_per_s": 1.0, "service_mean_s": 1.0, "servers": 2, "room": 3}
    with pytest.raises(ValueError, match=reason):
        theory.FiniteRoom(**(sound | change))
