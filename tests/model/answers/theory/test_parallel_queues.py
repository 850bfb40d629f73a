"""Tandems, forks, choices and the shortest queue against each other and against long runs."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import gammaincc

from model.answers import theory
from model.answers.theory import shortest_queue

MEAN_S = 0.01


def test_a_tandem_of_equals_is_erlang():
    for p in (0.1, 0.99):
        exact_s = theory.tandem_response_quantile_s(p, 80, MEAN_S, 3)
        found_s = theory.tandem_of_unequal_response_quantile_s(p, 80, [MEAN_S] * 3)
        assert found_s == pytest.approx(exact_s, rel=1e-7)


def test_a_tandem_of_two_unlike_queues_has_two_exponential_tails():
    slow, quick = 100 - 80, 200 - 80

    def longer(t):
        return (quick * math.exp(-slow * t) - slow * math.exp(-quick * t)) / (quick - slow)

    exact_s = brentq(lambda t: longer(t) - 0.01, 0, 10, xtol=1e-14)
    found_s = theory.tandem_of_unequal_response_quantile_s(0.99, 80, [0.01, 0.005])
    assert found_s == pytest.approx(exact_s, rel=1e-8)


def test_a_fork_of_two_is_exact_and_of_more_between_its_bounds():
    for arrivals_per_s in (10, 50, 90):
        exact_s = theory.fork_join_of_two_response_mean_s(arrivals_per_s, MEAN_S)
        found_s = theory.fork_join_response_approximation_s(arrivals_per_s, MEAN_S, 2)
        assert found_s == pytest.approx(exact_s)
        for queues in (2, 3, 8, 32):
            low_s, high_s = theory.fork_join_response_bounds_s(arrivals_per_s, MEAN_S, queues)
            about_s = theory.fork_join_response_approximation_s(arrivals_per_s, MEAN_S, queues)
            assert low_s < about_s < high_s


@pytest.mark.parametrize("arrivals_per_s", [30, 70])
def test_a_fork_of_six_is_within_a_twentieth_of_a_long_recursion(arrivals_per_s, lindley, interval):
    rng = np.random.default_rng(2024)
    gaps_s = rng.exponential(1 / arrivals_per_s, (20, 1, 20_000))
    services_s = rng.exponential(MEAN_S, (20, 6, 20_000))
    waits_s = lindley(gaps_s, services_s)
    stays_s = (waits_s + services_s[..., -waits_s.shape[-1] :]).max(axis=1)
    middle_s, half_width_s = interval(stays_s.mean(axis=1))
    assert half_width_s < 0.03 * middle_s, "too noisy to prove anything"
    about_s = theory.fork_join_response_approximation_s(arrivals_per_s, MEAN_S, 6)
    assert about_s == pytest.approx(middle_s, abs=half_width_s + 0.05 * middle_s)


# M. Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing" (2001), table 1.
@pytest.mark.parametrize(
    ("busy", "response"), [(0.5, 1.2657), (0.7, 1.6145), (0.9, 2.6141), (0.99, 5.4320)]
)
def test_two_choices_respond_as_published(busy, response):
    found_s = theory.choices_response_limit_s(busy / MEAN_S, MEAN_S, 2)
    assert found_s == pytest.approx(response * MEAN_S, abs=5e-5 * MEAN_S)


def test_one_choice_is_m_m_1_and_no_load_is_the_service():
    expected_s = theory.mmc_response_mean_s(80, MEAN_S)
    assert theory.choices_response_limit_s(80, MEAN_S, 1) == pytest.approx(expected_s)
    assert theory.choices_response_limit_s(0, MEAN_S, 2) == MEAN_S


def within(truncated, expected):
    return abs(truncated.value - expected) <= truncated.truncation_error


@pytest.mark.parametrize("arrivals_per_s", [0, 30, 80, 95])
def test_the_only_queue_is_m_m_1(arrivals_per_s):
    found = theory.shortest_queue_response_mean_s(arrivals_per_s, MEAN_S, 1)
    assert found.truncation_error <= 1e-5 * found.value
    assert found.value == pytest.approx(theory.mmc_response_mean_s(arrivals_per_s, MEAN_S))
    found = theory.shortest_queue_response_quantile_s(0.99, arrivals_per_s, MEAN_S, 1)
    expected_s = theory.mmc_response_quantile_s(0.99, arrivals_per_s, MEAN_S)
    assert found.value == pytest.approx(expected_s, rel=1e-6)
    assert found.truncation_error <= 1e-4 * found.value


@pytest.mark.parametrize("arrivals_per_s", [60, 150])
def test_two_queues_are_the_chain_of_their_lengths(arrivals_per_s, chain):
    def moves(lengths):
        first, second = lengths
        rate = arrivals_per_s / (1 + (first == second))
        if first <= second < 60:
            yield (first + 1, second), rate
        if second <= first < 60:
            yield (first, second + 1), rate
        if first:
            yield (first - 1, second), 1 / MEAN_S
        if second:
            yield (first, second - 1), 1 / MEAN_S

    shares = chain(moves, (0, 0)).steady_state()
    present = sum(sum(lengths) * share for lengths, share in shares.items())
    found = theory.shortest_queue_response_mean_s(arrivals_per_s, MEAN_S, 2)
    assert found.value == pytest.approx(present / arrivals_per_s, rel=1e-8)
    assert found.truncation_error < 1e-6 * found.value
    stages = np.array([min(lengths) + 1 for lengths in shares])
    weights = np.array(list(shares.values()))
    p99 = theory.shortest_queue_response_quantile_s(0.99, arrivals_per_s, MEAN_S, 2)
    assert weights @ gammaincc(stages, p99.value / MEAN_S) == pytest.approx(0.01, rel=1e-6)


@pytest.mark.parametrize("servers", [3, 4])
def test_more_queues_respond_as_many_runs_side_by_side(servers, interval):
    # The chain at the rate of its fastest state; then by Little's law.
    rng, busy, runs = np.random.default_rng(2024), 0.8, 4_000
    lengths, rows, total = np.zeros((runs, servers)), np.arange(runs), np.zeros(runs)
    for step in range(3_000):
        drawn = rng.random(runs) * (servers * busy + servers)
        shortest = lengths.argmin(axis=1)  # which of equals does not matter to their number
        arrives = drawn >= servers
        served = np.minimum(drawn.astype(int), servers - 1)
        lengths[rows[arrives], shortest[arrives]] += 1
        leaves = ~arrives & (lengths[rows, served] > 0)
        lengths[rows[leaves], served[leaves]] -= 1
        if step >= 600:
            total += lengths.sum(axis=1)
    middle, half_width = interval(total / 2_400 / (servers * busy))
    found = theory.shortest_queue_response_mean_s(servers * busy, 1.0, servers)
    assert found.value == pytest.approx(middle, abs=half_width)
    assert half_width < 0.015 * found.value, "too noisy to prove anything"
    assert found.truncation_error < 1e-6 * found.value


@pytest.mark.parametrize("servers", [2, 3, 4])
def test_the_truncation_error_covers_what_a_smaller_chain_is_wrong(servers, monkeypatch):
    exact = theory.shortest_queue_response_mean_s(0.7 * servers, 1.0, servers)
    monkeypatch.setitem(shortest_queue._GAPS_MAX, servers, (3, 5))
    monkeypatch.setattr(shortest_queue, "_REST", (1e-3, 1e-4))
    small = theory.shortest_queue_response_mean_s(0.7 * servers, 1.0, servers)
    assert small.truncation_error > 10 * exact.truncation_error
    assert within(small, exact.value)


def test_a_shorter_queue_is_joined_than_by_chance_and_waits_longer_than_one_line():
    for servers in (2, 3, 4):
        joined_s = theory.shortest_queue_response_mean_s(80 * servers, MEAN_S, servers).value
        line_s = theory.mmc_response_mean_s(80 * servers, MEAN_S, servers)
        assert line_s < joined_s < theory.mmc_response_mean_s(80, MEAN_S)


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        (lambda: theory.tandem_of_unequal_response_quantile_s(0.9, 100, [0.001, MEAN_S]), "steady"),
        (lambda: theory.tandem_response_quantile_s(1.0, 50, MEAN_S, 2), "p must be in"),
        (lambda: theory.fork_join_response_approximation_s(100, MEAN_S, 3), "no steady state"),
        (
            lambda: theory.fork_join_response_approximation_s(50, MEAN_S, 1),
            "queues must be in 2",
        ),
        (lambda: theory.fork_join_response_approximation_s(50, MEAN_S, 33), r"\.\.32, got 33"),
        (lambda: theory.fork_join_response_bounds_s(100, MEAN_S, 3), "no steady state"),
        (lambda: theory.fork_join_response_bounds_s(50, MEAN_S, 0), "queues must be 1 or more"),
        (lambda: theory.choices_response_limit_s(100, MEAN_S, 2), "no steady state"),
        (lambda: theory.choices_response_limit_s(50, MEAN_S, 0), "choices must be 1 or more"),
        (lambda: theory.shortest_queue_response_mean_s(200, MEAN_S, 2), "no steady state"),
        (
            lambda: theory.shortest_queue_response_mean_s(50, MEAN_S, 5),
            r"servers must be in 1\.\.4",
        ),
        (lambda: theory.shortest_queue_response_mean_s(398, MEAN_S, 4), "utilisation too high"),
        (lambda: theory.shortest_queue_response_quantile_s(0.9, 200, MEAN_S, 2), "no steady"),
        (lambda: theory.shortest_queue_response_quantile_s(1.0, 50, MEAN_S, 2), "p must be in"),
    ],
)
def test_what_has_no_answer_is_refused(refused, reason):
    with pytest.raises(ValueError, match=reason):
        refused()
