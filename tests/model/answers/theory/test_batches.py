"""M^X/G/1 against M/M/1, a chain of how many are found, and a long recursion."""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import gammaincc

from model.answers import theory
from model.world.laws import Exponential

MEAN_S = 0.01
EXPONENTIAL = theory.service_of(Exponential(mean=MEAN_S))


def test_batches_of_one_are_m_m_1():
    single = theory.Batches(batches_per_s=80, shares=(1.0,))
    expected_s = theory.mmc_response_mean_s(80, MEAN_S)
    assert theory.batch_response_mean_s(single, EXPONENTIAL) == pytest.approx(expected_s)
    expected_s = theory.mmc_response_quantile_s(0.99, 80, MEAN_S)
    found_s = theory.batch_response_quantile_s(0.99, single, EXPONENTIAL)
    assert found_s == pytest.approx(expected_s, rel=1e-7)


SHARES = [(0.0, 1.0), (0.5, 0.2, 0.0, 0.3), (0.0,) * 9 + (1.0,)]


@pytest.mark.parametrize("shares", SHARES)
def test_exponential_work_responds_as_the_number_ahead_says(shares, chain):
    size_mean = sum(size * share for size, share in enumerate(shares, start=1))
    batches = theory.Batches(batches_per_s=70 / size_mean, shares=shares)

    def moves(present):
        for size, share in enumerate(shares, start=1):
            if share and present + size <= 900:
                yield present + size, batches.batches_per_s * share
        if present:
            yield present - 1, 1 / MEAN_S

    found = chain(moves, 0).steady_state()
    counts = np.zeros(901)
    counts[list(found)] = list(found.values())
    places = np.cumsum(shares[::-1])[::-1] / size_mean  # of a customer in its batch
    stages = np.convolve(counts, places)
    number = np.arange(1, len(stages) + 1)
    mean_s = theory.batch_response_mean_s(batches, EXPONENTIAL)
    assert mean_s == pytest.approx(stages @ number * MEAN_S, rel=1e-9)
    exact = brentq(lambda t: stages @ gammaincc(number, t) - 0.01, 0, 500, xtol=1e-12)
    found_s = theory.batch_response_quantile_s(0.99, batches, EXPONENTIAL)
    assert found_s == pytest.approx(exact * MEAN_S, rel=1e-7)


def test_other_work_responds_as_a_long_recursion(lindley, interval):
    rng, pairs = np.random.default_rng(2024), theory.Batches(batches_per_s=30, shares=(0.0, 1.0))
    services_s = rng.gamma(3, MEAN_S / 3, (40, 60_000))
    gaps_s = rng.exponential(1 / 30, services_s.shape)
    gaps_s[:, 1::2] = 0
    responses_s = lindley(gaps_s, services_s)
    responses_s = responses_s + services_s[:, -responses_s.shape[1] :]
    service = theory.erlang_service(3, MEAN_S)
    middle_s, half_width_s = interval(responses_s.mean(axis=1))
    expected_s = theory.batch_response_mean_s(pairs, service)
    assert expected_s == pytest.approx(middle_s, abs=half_width_s)
    assert half_width_s < 0.01 * expected_s, "too noisy to prove anything"
    middle_s, half_width_s = interval(np.quantile(responses_s, 0.99, axis=1))
    expected_s = theory.batch_response_quantile_s(0.99, pairs, service)
    assert expected_s == pytest.approx(middle_s, abs=half_width_s)
    assert half_width_s < 0.025 * expected_s, "too noisy to prove anything"


@pytest.mark.parametrize("shares", [(), (0.5, 0.4), (1.5, -0.5)])
def test_what_is_no_distribution_is_refused(shares):
    with pytest.raises(ValueError, match="shares must be probabilities that sum to 1"):
        theory.Batches(batches_per_s=1.0, shares=shares)


def test_an_unstable_queue_has_no_steady_state():
    batches = theory.Batches(batches_per_s=50, shares=(0.0, 1.0))
    with pytest.raises(ValueError, match="no steady state"):
        theory.batch_response_mean_s(batches, EXPONENTIAL)
    with pytest.raises(ValueError, match="no steady state"):
        theory.batch_response_quantile_s(0.99, batches, EXPONENTIAL)
