"""Formulas against other ways to the same number, and against limits that must hold."""

import math

import pytest
from scipy.integrate import quad
from scipy.stats import gamma

from model.answers import theory

MEAN_S = 0.01


def erlang_c_by_its_sum(offered, servers):
    """The definition, with factorials."""
    waiting = offered**servers / math.factorial(servers) * servers / (servers - offered)
    return waiting / (sum(offered**k / math.factorial(k) for k in range(servers)) + waiting)


@pytest.mark.parametrize(("offered", "servers"), [(0.8, 1), (1.5, 2), (9.0, 10), (90.0, 100)])
def test_erlang_c_is_its_sum(offered, servers):
    assert theory.erlang_c(offered, servers) == pytest.approx(erlang_c_by_its_sum(offered, servers))


def test_erlang_c_reaches_beyond_factorials():
    assert 0 < theory.erlang_c(480.0, 500) < 1


def test_one_server_waits_as_m_m_1():
    assert theory.erlang_c(0.8, 1) == pytest.approx(0.8)
    assert theory.mmc_response_mean_s(80, MEAN_S) == pytest.approx(1 / (100 - 80))
    exact_s = -math.log(1 - 0.99) / (100 - 80)
    assert theory.mmc_response_quantile_s(0.99, 80, MEAN_S) == pytest.approx(exact_s)
    assert theory.mmc_wait_quantile_s(0.99, 80, MEAN_S) == pytest.approx(math.log(80) / 20)


def test_two_servers_respond_as_their_closed_form():
    assert theory.mmc_response_mean_s(150, MEAN_S, 2) == pytest.approx(MEAN_S / (1 - 0.75**2))


@pytest.mark.parametrize(("arrivals_per_s", "servers"), [(150, 2), (100, 2), (700, 8)])
def test_quantiles_of_the_response_integrate_to_its_mean(arrivals_per_s, servers):
    # At 100/s on two servers spare capacity is one server: the formula's removable singularity.
    mean_s, _ = quad(
        lambda p: theory.mmc_response_quantile_s(p, arrivals_per_s, MEAN_S, servers), 0, 1
    )
    assert mean_s == pytest.approx(
        theory.mmc_response_mean_s(arrivals_per_s, MEAN_S, servers), rel=1e-3
    )


def test_quantiles_of_the_wait_integrate_to_its_mean():
    mean_s, _ = quad(lambda p: theory.mmc_wait_quantile_s(p, 150, MEAN_S, 2), 0, 1, limit=200)
    assert mean_s == pytest.approx(theory.mmc_wait_mean_s(150, MEAN_S, 2), rel=1e-3)


def test_few_wait_where_there_are_many_servers():
    assert theory.mmc_wait_quantile_s(0.5, 100, MEAN_S, 10) == 0.0


def test_exponential_work_waits_as_m_m_1_and_constant_work_half_as_long():
    exponential_s = theory.mg1_wait_mean_s(80, MEAN_S, 1.0)
    assert exponential_s == pytest.approx(theory.mmc_wait_mean_s(80, MEAN_S))
    assert theory.mg1_wait_mean_s(80, MEAN_S, 0.0) == pytest.approx(exponential_s / 2)


def test_sharing_responds_as_m_m_1():
    expected_s = theory.mmc_response_mean_s(80, MEAN_S)
    assert theory.mg1_ps_response_mean_s(80, MEAN_S) == pytest.approx(expected_s)


def test_a_tandem_is_the_sum_of_its_queues():
    expected_s = 1 / (100 - 80) + 1 / (200 - 80)
    assert theory.tandem_response_mean_s(80, [0.01, 0.005]) == pytest.approx(expected_s)
    exact_s = gamma(3, scale=1 / 20).ppf(0.99)
    assert theory.tandem_response_quantile_s(0.99, 80, MEAN_S, 3) == pytest.approx(exact_s)


def test_a_fork_of_two_is_the_larger_of_two_services_where_nobody_waits():
    idle_s = theory.fork_join_of_two_response_mean_s(1e-9, MEAN_S)
    assert idle_s == pytest.approx(1.5 * MEAN_S)
    # Busy queues do the same arrivals' work, so they are closer than two independent ones.
    busy_s, alone_s = theory.fork_join_of_two_response_mean_s(80, MEAN_S), 1 / (100 - 80)
    assert alone_s < busy_s < 1.5 * alone_s


def test_utilisation_and_littles_law():
    assert theory.utilisation(150, MEAN_S, 2) == 0.75
    assert theory.number_present(150, 0.2) == 30


@pytest.mark.parametrize(
    "formula",
    [
        lambda: theory.utilisation(100, MEAN_S),
        lambda: theory.utilisation(-1, MEAN_S),
        lambda: theory.erlang_c(2.0, 2),
        lambda: theory.mmc_wait_mean_s(100, MEAN_S),
        lambda: theory.mmc_wait_quantile_s(0.9, 200, MEAN_S, 2),
        lambda: theory.mmc_response_mean_s(101, MEAN_S),
        lambda: theory.mmc_response_quantile_s(0.9, 200, MEAN_S, 2),
        lambda: theory.mg1_wait_mean_s(100, MEAN_S, 1.0),
        lambda: theory.mg1_ps_response_mean_s(100, MEAN_S),
        lambda: theory.tandem_response_mean_s(100, [0.001, MEAN_S]),
        lambda: theory.tandem_response_quantile_s(0.9, 100, MEAN_S, 2),
        lambda: theory.fork_join_of_two_response_mean_s(100, MEAN_S),
    ],
)
def test_an_unstable_queue_has_no_steady_state(formula):
    with pytest.raises(ValueError, match="no steady state"):
        formula()
