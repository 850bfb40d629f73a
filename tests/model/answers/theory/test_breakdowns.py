"""A server that breaks down, against chains that follow one customer."""

import pytest

from model.answers import theory
from model.world.laws import Constant, Exponential

MEAN_S, UP_S, DOWN_S = 0.01, 0.2, 0.05
EXPONENTIAL = theory.service_of(Exponential(mean=MEAN_S))
BREAKDOWNS = theory.Breakdowns(up_mean_s=UP_S, down=theory.service_of(Exponential(mean=DOWN_S)))
MOST = 300


def load(arrivals_per_s, service=EXPONENTIAL):
    return theory.Load(arrivals_per_s=arrivals_per_s, service=service)


def queue(arrivals_per_s):
    def moves(state):
        up, present = state
        yield (not up, present), 1 / (UP_S if up else DOWN_S)
        if present < MOST:
            yield (up, present + 1), arrivals_per_s
        if up and present:
            yield (up, present - 1), 1 / MEAN_S

    return moves


def served_in_turn(state):
    up, present = state
    yield (not up, present), 1 / (UP_S if up else DOWN_S)
    if up:
        yield ((up, present - 1) if present > 1 else None), 1 / MEAN_S


@pytest.mark.parametrize("arrivals_per_s", [5, 40, 60])
def test_responses_are_those_of_a_chain_that_follows_one(arrivals_per_s, chain):
    shares = chain(queue(arrivals_per_s), (True, 0)).steady_state()
    present = sum(state[1] * share for state, share in shares.items())
    mean_s = theory.breakdown_response_mean_s(load(arrivals_per_s), BREAKDOWNS)
    assert mean_s == pytest.approx(present / arrivals_per_s, rel=1e-7)
    p99_s = theory.breakdown_response_quantile_s(0.99, load(arrivals_per_s), BREAKDOWNS)
    start = {(up, present + 1): share for (up, present), share in shares.items()}
    assert chain(served_in_turn, *start).remains(start, p99_s) == pytest.approx(0.01, rel=1e-6)


def test_a_server_that_never_breaks_is_m_m_1():
    sound = theory.Breakdowns(up_mean_s=1e12, down=BREAKDOWNS.down)
    expected_s = theory.mmc_response_mean_s(80, MEAN_S)
    assert theory.breakdown_response_mean_s(load(80), sound) == pytest.approx(expected_s)
    expected_s = theory.mmc_response_quantile_s(0.99, 80, MEAN_S)
    found_s = theory.breakdown_response_quantile_s(0.99, load(80), sound)
    assert found_s == pytest.approx(expected_s, rel=1e-7)


def test_exponential_times_respond_as_avi_itzhak_and_naor_wrote():
    # Their model A, with up and down times exponential: mean number over arrivals.
    breaks, repairs, serves, arrives = 1 / UP_S, 1 / DOWN_S, 1 / MEAN_S, 40
    both = breaks + repairs
    expected_s = (both**2 + breaks * serves) / (both * (repairs * serves - both * arrives))
    assert theory.breakdown_response_mean_s(load(40), BREAKDOWNS) == pytest.approx(expected_s)


@pytest.mark.parametrize("down", [Constant(value=DOWN_S), Exponential(mean=DOWN_S)])
def test_quantiles_integrate_to_the_mean(down):
    breakdowns = theory.Breakdowns(up_mean_s=UP_S, down=theory.service_of(down))
    work = load(40, theory.erlang_service(3, MEAN_S))
    points = [(step + 0.5) / 60 for step in range(60)]
    mean_s = sum(
        4 * x**3 / 60 * theory.breakdown_response_quantile_s(1 - x**4, work, breakdowns)
        for x in points
    )
    expected_s = theory.breakdown_response_mean_s(work, breakdowns)
    assert mean_s == pytest.approx(expected_s, rel=2e-3)


def test_more_work_than_the_server_is_up_for_has_no_steady_state():
    with pytest.raises(ValueError, match=r"no steady state: busy 0\.8 of 0\.8 available"):
        theory.breakdown_response_mean_s(load(80), BREAKDOWNS)
    with pytest.raises(ValueError, match="no steady state"):
        theory.breakdown_response_quantile_s(0.99, load(80), BREAKDOWNS)


def test_times_that_no_server_has_are_refused():
    with pytest.raises(ValueError, match="up_mean_s must be positive"):
        theory.Breakdowns(up_mean_s=0.0, down=BREAKDOWNS.down)
    with pytest.raises(ValueError, match=r"down\.mean_s must be positive"):
        theory.Breakdowns(up_mean_s=1.0, down=theory.service_of(Constant(value=0.0)))
