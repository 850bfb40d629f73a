"""M/G/1 and M/D/1 against matrix exponentials, lattices, exact sums and long recursions."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.linalg import expm
from scipy.optimize import brentq
from scipy.stats import lognorm

from model.answers import theory
from model.answers.theory.general_work import mg1_wait_transform
from model.answers.theory.inversion import tail
from model.world.laws import Constant, Exponential, Lognormal, erlang, hyperexponential

MEAN_S = 0.01


@pytest.mark.parametrize("p", [0.3, 0.9, 0.99, 0.9999])
@pytest.mark.parametrize("arrivals_per_s", [20, 80, 98])
def test_exponential_work_is_m_m_1(p, arrivals_per_s):
    service = theory.service_of(Exponential(mean=MEAN_S))
    wait_s = theory.mmc_wait_quantile_s(p, arrivals_per_s, MEAN_S)
    response_s = theory.mmc_response_quantile_s(p, arrivals_per_s, MEAN_S)
    assert theory.mg1_wait_quantile_s(p, arrivals_per_s, service) == pytest.approx(wait_s, rel=1e-6)
    found_s = theory.mg1_response_quantile_s(p, arrivals_per_s, service)
    assert found_s == pytest.approx(response_s, rel=1e-6)


def phase_type_tail(phases, arrivals_per_s, t):
    """P(wait > t) of M/PH/1 (Neuts, *Matrix-Geometric Solutions*, 1981, sec. 3.2)."""
    entry, generator = phases
    mean_s = -entry @ np.linalg.solve(generator, np.ones(len(entry)))
    rest = -entry @ np.linalg.inv(generator) / mean_s
    busy, exits = arrivals_per_s * mean_s, -generator.sum(axis=1)
    return busy * rest @ expm((generator + busy * np.outer(exits, rest)) * t) @ np.ones(len(entry))


def erlang_phases(k):
    rate_per_s = k / MEAN_S
    generator = -rate_per_s * np.eye(k) + rate_per_s * np.eye(k, k=1)
    return np.eye(k)[0], generator


def hyperexponential_phases(scv):
    first = (1 + math.sqrt((scv - 1) / (scv + 1))) / 2
    shares = np.array([first, 1 - first])
    return shares, -np.diag(2 * shares / MEAN_S)


PHASES = [
    (erlang_phases(3), theory.erlang_service(3, MEAN_S), erlang(k=3, mean=MEAN_S)),
    (
        hyperexponential_phases(4.0),
        theory.hyperexponential_service(MEAN_S, 4.0),
        hyperexponential(mean=MEAN_S, scv=4.0),
    ),
]


@pytest.mark.parametrize(("phases", "service", "law"), PHASES)
@pytest.mark.parametrize("arrivals_per_s", [30, 80])
def test_phases_wait_as_their_matrix_exponential(phases, service, law, arrivals_per_s):
    exact_s = brentq(lambda t: phase_type_tail(phases, arrivals_per_s, t) - 0.01, 0, 1)
    found_s = theory.mg1_wait_quantile_s(0.99, arrivals_per_s, service)
    assert found_s == pytest.approx(exact_s, rel=1e-7)
    # The tables that engines draw from are the same law to a thousandth, and a tail to less.
    table_s = theory.mg1_wait_quantile_s(0.99, arrivals_per_s, theory.service_of(law))
    assert table_s == pytest.approx(exact_s, rel=5e-3)


def lognormal_tail_between(arrivals_per_s, scv, t, step_s, steps=2**17):
    """P(wait > t): rests of services rounded down and up to a lattice, in geometric number."""
    sigma = math.sqrt(math.log1p(scv))
    median_s = MEAN_S * math.exp(-(sigma**2) / 2)
    edges_s = step_s * np.arange(steps + 1)
    within = lognorm(sigma, scale=median_s * math.exp(sigma**2)).cdf(edges_s)
    beyond = lognorm(sigma, scale=median_s).sf(edges_s)
    rests = np.diff(within + edges_s * beyond / MEAN_S)
    busy = arrivals_per_s * MEAN_S
    for shift in (0, 1):
        transformed = np.fft.rfft(np.roll(rests, shift))
        waits = np.fft.irfft((1 - busy) / (1 - busy * transformed))
        yield 1 - waits[: round(t / step_s) + 1].sum()


@pytest.mark.parametrize(("arrivals_per_s", "scv"), [(30, 0.3), (70, 1.5), (80, 4.0)])
def test_lognormal_work_waits_between_two_lattices(arrivals_per_s, scv):
    service = theory.service_of(Lognormal(mean=MEAN_S, scv=scv))
    p99_s = theory.mg1_wait_quantile_s(0.99, arrivals_per_s, service)
    step_s = p99_s / 4_000  # so that the quantile is on the lattice
    low, high = lognormal_tail_between(arrivals_per_s, scv, p99_s, step_s)
    assert low < 0.01 < high
    assert high - low < 2e-4, "too coarse to prove anything"
    assert (low + high) / 2 == pytest.approx(0.01, rel=1e-3)


def test_lognormal_work_responds_as_a_long_recursion(lindley, interval):
    rng, law = np.random.default_rng(2024), Lognormal(mean=MEAN_S, scv=1.5)
    service = theory.service_of(law)
    sigma = math.sqrt(math.log1p(law.scv))
    services_s = MEAN_S * rng.lognormal(-(sigma**2) / 2, sigma, (40, 100_000))
    waits_s = lindley(rng.exponential(1 / 50, services_s.shape), services_s)
    responses_s = waits_s + services_s[:, -waits_s.shape[1] :]
    middle_s, half_width_s = interval(np.quantile(responses_s, 0.99, axis=1))
    expected_s = theory.mg1_response_quantile_s(0.99, 50, service)
    assert expected_s == pytest.approx(middle_s, abs=half_width_s)
    assert half_width_s < 0.03 * expected_s, "too noisy to prove anything"
    middle_s, half_width_s = interval(responses_s.mean(axis=1))
    expected_s = theory.mg1_response_mean_s(50, service)
    assert expected_s == pytest.approx(middle_s, abs=half_width_s)


def test_more_terms_of_the_inversion_change_nothing():
    for law in (Lognormal(mean=MEAN_S, scv=1.5), hyperexponential(mean=MEAN_S, scv=4.0)):
        wait = mg1_wait_transform(70, theory.service_of(law))
        few, many = (tail(wait, 0.1, plain_terms=terms) for terms in (100, 400))
        assert few == pytest.approx(many, abs=1e-8)


def erlangs_sum(busy, services):
    """P(wait <= so many services) of M/D/1, Erlang (1909), with digits enough to alternate."""
    with localcontext(prec=100):
        terms = (
            (-Decimal(busy) * (Decimal(services) - k)) ** k
            / math.factorial(k)
            * (Decimal(busy) * (Decimal(services) - k)).exp()
            for k in range(int(services) + 1)
        )
        return float((1 - Decimal(busy)) * sum(terms))


@pytest.mark.parametrize("p", [0.55, 0.9, 0.99, 0.9999])
@pytest.mark.parametrize("busy", [0.5, 0.8, 0.95])
def test_constant_work_waits_as_in_erlangs_sum(busy, p):
    services = theory.md1_wait_quantile_s(p, busy, 1.0)
    assert erlangs_sum(busy, services) == pytest.approx(p, rel=1e-9)


def test_constant_work_waits_as_inverted_and_responds_one_service_later():
    inverted_s = theory.mg1_wait_quantile_s(0.99, 80, theory.service_of(Constant(value=MEAN_S)))
    exact_s = theory.md1_wait_quantile_s(0.99, 80, MEAN_S)
    assert inverted_s == pytest.approx(exact_s, rel=1e-4)
    assert theory.md1_response_quantile_s(0.99, 80, MEAN_S) == exact_s + MEAN_S


def test_quantiles_of_constant_work_integrate_to_its_mean():
    mean_s, _ = quad(lambda p: theory.md1_wait_quantile_s(p, 0.6, 1.0), 0.4, 1, limit=200)
    assert mean_s == pytest.approx(theory.md1_wait_mean_s(0.6, 1.0), rel=1e-3)
    assert theory.md1_response_mean_s(0.6, 1.0) == pytest.approx(1 + 0.6 / 0.8)


def test_nobody_waits_below_the_share_that_finds_the_server_idle():
    assert theory.md1_wait_quantile_s(0.4, 0.6, 1.0) == 0
    assert theory.mg1_wait_quantile_s(0.4, 0.6, theory.erlang_service(2, 1.0)) == 0


@pytest.mark.parametrize(
    "formula",
    [
        lambda: theory.mg1_wait_quantile_s(0.9, 1.0, theory.erlang_service(2, 1.0)),
        lambda: theory.mg1_response_quantile_s(0.9, 1.0, theory.erlang_service(2, 1.0)),
        lambda: theory.mg1_response_mean_s(1.0, theory.erlang_service(2, 1.0)),
        lambda: theory.md1_wait_mean_s(1.0, 1.0),
        lambda: theory.md1_response_mean_s(1.0, 1.0),
        lambda: theory.md1_wait_quantile_s(0.9, 1.0, 1.0),
        lambda: theory.md1_response_quantile_s(0.9, 1.0, 1.0),
    ],
)
def test_an_unstable_queue_has_no_steady_state(formula):
    with pytest.raises(ValueError, match="no steady state"):
        formula()


@pytest.mark.parametrize("formula", [theory.md1_wait_quantile_s, theory.mmc_wait_quantile_s])
def test_a_quantile_needs_a_probability(formula):
    with pytest.raises(ValueError, match=r"p must be in \(0, 1\), got 1"):
        formula(1.0, 0.5, 1.0)


def test_a_quantile_too_far_out_is_refused():
    with pytest.raises(ValueError, match="more than 5000 present"):
        theory.md1_wait_quantile_s(0.999, 0.99999, 1.0)


def test_constant_work_is_refused_where_its_response_would_be_inverted():
    constant = theory.service_of(Constant(value=0.01))
    with pytest.raises(ValueError, match=r"constant work of 0.01 s: its response has a jump"):
        theory.mg1_response_quantile_s(0.99, 50, constant)
