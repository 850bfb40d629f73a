"""Priorities against one class alone, and against chains that follow one customer."""

import numpy as np
import pytest

from model.answers import theory
from model.answers.theory import priorities
from model.world.laws import Constant, Exponential, Lognormal

URGENT_S, PATIENT_S = 0.01, 0.02


def load(arrivals_per_s, mean_s):
    return theory.Load(
        arrivals_per_s=arrivals_per_s, service=theory.service_of(Exponential(mean=mean_s))
    )


URGENT, PATIENT = load(35, URGENT_S), load(15, PATIENT_S)
MOST = 45  # of one class; what is beyond has a probability below 1e-9


def arrivals(urgent, patient, *, followed=False):
    """Moves of arrivals; nobody comes ahead of a followed customer but the urgent."""
    if urgent < MOST:
        yield (urgent + 1, patient), URGENT.arrivals_per_s
    if patient < MOST and not followed:
        yield (urgent, patient + 1), PATIENT.arrivals_per_s


def interrupting(state):
    urgent, patient = state
    yield from arrivals(urgent, patient)
    if urgent:
        yield (urgent - 1, patient), 1 / URGENT_S
    elif patient:
        yield (0, patient - 1), 1 / PATIENT_S


def interrupting_until_served(state):
    """The last of the patient here is the one who is followed."""
    urgent, patient = state
    yield from arrivals(urgent, patient, followed=True)
    if urgent:
        yield (urgent - 1, patient), 1 / URGENT_S
    else:
        yield (0, patient - 1) if patient > 1 else None, 1 / PATIENT_S


def test_the_interrupted_respond_as_a_chain_that_follows_one(chain):
    shares = chain(interrupting, (0, 0)).steady_state()
    present = sum(patient * share for (_, patient), share in shares.items())
    means_s = theory.preemptive_response_means_s(URGENT, PATIENT)
    assert means_s[1] == pytest.approx(present / PATIENT.arrivals_per_s, rel=1e-6)
    assert means_s[0] == pytest.approx(theory.mmc_response_mean_s(35, URGENT_S))
    p99_s = theory.preemptive_response_quantiles_s(0.99, URGENT, PATIENT)
    start = {(urgent, patient + 1): share for (urgent, patient), share in shares.items()}
    follow = chain(interrupting_until_served, *start)
    assert follow.remains(start, p99_s[1]) == pytest.approx(0.01, rel=1e-6)
    assert p99_s[0] == pytest.approx(theory.mmc_response_quantile_s(0.99, 35, URGENT_S))


def polite(state):
    """Who waits of each class, and who is served: "urgent", "patient" or nobody."""
    urgent, patient, served = state
    for waiting, rate in arrivals(urgent, patient):
        if served:
            yield (*waiting, served), rate
        else:
            yield (0, 0, "urgent" if waiting[0] else "patient"), rate
    if served:
        rate = 1 / (URGENT_S if served == "urgent" else PATIENT_S)
        if urgent:
            yield (urgent - 1, patient, "urgent"), rate
        else:
            yield ((0, patient - 1, "patient") if patient else (0, 0, "")), rate


def polite_until_patient_begins(state):
    """How many patient are ahead of the one who is followed, besides who is served."""
    urgent, patient, served = state
    for waiting, rate in arrivals(urgent, patient, followed=True):
        yield (*waiting, served), rate
    rate = 1 / (URGENT_S if served == "urgent" else PATIENT_S)
    if urgent:
        yield (urgent - 1, patient, "urgent"), rate
    else:
        yield ((0, patient - 1, "patient") if patient else None), rate


def polite_until_urgent_begins(state):
    urgent, served = state
    after = (urgent - 1, "urgent") if urgent else None
    yield after, 1 / (URGENT_S if served == "urgent" else PATIENT_S)


def test_the_polite_wait_as_chains_that_follow_one(chain):
    shares = chain(polite, (0, 0, "")).steady_state()
    waiting = [sum(state[c] * share for state, share in shares.items()) for c in (0, 1)]
    expected_s = waiting[0] / URGENT.arrivals_per_s, waiting[1] / PATIENT.arrivals_per_s
    assert theory.priority_wait_means_s(URGENT, PATIENT) == pytest.approx(expected_s, rel=1e-6)
    urgent_s, patient_s = theory.priority_wait_quantiles_s(0.99, URGENT, PATIENT)
    busy = {state: share for state, share in shares.items() if state[2]}
    follow = chain(polite_until_patient_begins, *busy)
    assert follow.remains(busy, patient_s) == pytest.approx(0.01, rel=1e-6)
    ahead: dict[tuple[int, str], float] = {}
    for (urgent, _, served), share in busy.items():
        ahead[urgent, served] = ahead.get((urgent, served), 0.0) + share
    follow = chain(polite_until_urgent_begins, *ahead)
    assert follow.remains(ahead, urgent_s) == pytest.approx(0.01, rel=1e-6)


@pytest.mark.parametrize("p", [0.5, 0.99])
def test_without_the_urgent_the_patient_are_alone(p):
    nobody, alone = load(1e-12, URGENT_S), load(40, PATIENT_S)
    wait_s = theory.mmc_wait_quantile_s(p, 40, PATIENT_S)
    response_s = theory.mmc_response_quantile_s(p, 40, PATIENT_S)
    for found_s, expected_s in [
        (theory.priority_wait_quantiles_s(p, nobody, alone)[1], wait_s),
        (theory.priority_response_quantiles_s(p, nobody, alone)[1], response_s),
        (theory.preemptive_response_quantiles_s(p, nobody, alone)[1], response_s),
    ]:
        assert found_s == pytest.approx(expected_s, rel=1e-6)


def test_without_the_patient_the_urgent_are_alone():
    nobody = load(1e-12, PATIENT_S)
    for p in (0.5, 0.99):
        expected_s = theory.mmc_response_quantile_s(p, 35, URGENT_S)
        found_s = theory.priority_response_quantiles_s(p, URGENT, nobody)[0]
        assert found_s == pytest.approx(expected_s, rel=1e-6)
    expected_s = theory.mmc_response_mean_s(35, URGENT_S)
    assert theory.priority_response_means_s(URGENT, nobody)[0] == pytest.approx(expected_s)


@pytest.mark.parametrize(
    ("means", "quantiles"),
    [
        (theory.priority_wait_means_s, theory.priority_wait_quantiles_s),
        (theory.priority_response_means_s, theory.priority_response_quantiles_s),
        (theory.preemptive_response_means_s, theory.preemptive_response_quantiles_s),
    ],
)
def test_quantiles_of_other_work_integrate_to_its_means(means, quantiles):
    varied = theory.hyperexponential_service(PATIENT_S, 3.0)
    urgent = theory.Load(arrivals_per_s=35, service=theory.erlang_service(3, URGENT_S))
    patient = theory.Load(arrivals_per_s=15, service=varied)
    # The mean is the integral over p; p = 1 - x^4 gathers the points in the tail.
    points = (np.arange(60) + 0.5) / 60
    found_s = np.array([quantiles(1 - x**4, urgent, patient) for x in points])
    integrals_s = (4 * points**3) @ found_s / 60
    assert integrals_s == pytest.approx(np.array(means(urgent, patient)), rel=2e-3)


def test_busy_periods_of_any_work_have_the_moments_that_the_work_gives_them():
    service = theory.service_of(Lognormal(mean=URGENT_S, scv=1.5))
    urgent = theory.Load(arrivals_per_s=35, service=service)
    idle, s = 1 - urgent.busy, 0.01
    mean_s, second = service.mean_s / idle, service.second_moment / idle**3
    expected = s + urgent.arrivals_per_s * (s * mean_s - s**2 / 2 * second)
    stretched = priorities._stretched(urgent)(np.array([s + 0j]))[0]
    assert stretched.real == pytest.approx(expected, rel=1e-7)


def test_a_busy_period_that_is_too_long_is_refused(monkeypatch):
    monkeypatch.setattr(priorities, "_ITERATIONS_MAX", 2)
    with pytest.raises(ValueError, match="busy period of the urgent is too long"):
        theory.preemptive_response_quantiles_s(0.9, URGENT, PATIENT)


@pytest.mark.parametrize(
    "formula",
    [
        lambda: theory.priority_wait_means_s(URGENT, load(33, PATIENT_S)),
        lambda: theory.priority_response_means_s(URGENT, load(33, PATIENT_S)),
        lambda: theory.priority_wait_quantiles_s(0.9, URGENT, load(33, PATIENT_S)),
        lambda: theory.priority_response_quantiles_s(0.9, URGENT, load(33, PATIENT_S)),
        lambda: theory.preemptive_response_means_s(URGENT, load(33, PATIENT_S)),
        lambda: theory.preemptive_response_quantiles_s(0.9, URGENT, load(33, PATIENT_S)),
        lambda: theory.priority_wait_means_s(load(100, URGENT_S), PATIENT),
    ],
)
def test_an_unstable_queue_has_no_steady_state(formula):
    with pytest.raises(ValueError, match="no steady state"):
        formula()


@pytest.mark.parametrize(
    "quantiles_s",
    [theory.priority_response_quantiles_s, theory.preemptive_response_quantiles_s],
)
def test_constant_work_is_refused_where_its_response_would_be_inverted(quantiles_s):
    constant = theory.service_of(Constant(value=0.01))
    varied = theory.service_of(Exponential(mean=0.01))
    urgent = theory.Load(arrivals_per_s=10, service=constant)
    patient = theory.Load(arrivals_per_s=10, service=varied)
    with pytest.raises(ValueError, match=r"constant work of 0.01 s: its response has a jump"):
        quantiles_s(0.99, urgent, patient)
