from itertools import pairwise
from math import exp, inf, nextafter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import ndtri

from model.world.scalar_laws import (
    between,
    exponential_quantile,
    geometric_quantile,
    lognormal_quantile,
    normal_quantile,
)

MEAN, VARIANCE, DEVIATION = 2.0, 1.44, 1.2  # of a lognormal law; the last two of the logarithm
RAREST = 2.0**-53
JOINTS = (0.075, 0.925, exp(-25), 1 - exp(-25))  # where one formula of AS 241 takes over

# Any luck that `chance.unit` can have: 52 bits and a half.
luck = st.integers(0, 2**52 - 1).map(lambda bits: (bits + 0.5) * 2.0**-52)

LAWS = {
    "normal": normal_quantile,
    "exponential": lambda u: exponential_quantile(u, MEAN),
    "lognormal": lambda u: lognormal_quantile(u, MEAN, VARIANCE, DEVIATION),
    "geometric": lambda u: geometric_quantile(u, 1e6),
}


def both_tails(points):
    """Shares from the rarest up to a half, and as far from one."""
    tail = np.geomspace(RAREST, 0.5, points)[:-1]
    return np.concatenate([tail, 1 - tail])


@pytest.mark.parametrize(
    "shares",
    [
        both_tails(20_001),
        np.geomspace(1e-300, RAREST, 5_000),
        0.5 + np.geomspace(RAREST, 0.425, 5_000),
        0.5 - np.geomspace(RAREST, 0.425, 5_000),
    ],
    ids=["both tails", "beyond any luck", "above the middle", "below the middle"],
)
def test_normal_quantiles_are_those_of_scipy_to_the_last_bits(shares):
    found = [normal_quantile(u) for u in shares.tolist()]
    np.testing.assert_allclose(found, ndtri(shares), rtol=1e-15, atol=0)


def test_half_of_a_normal_law_is_below_nothing():
    assert normal_quantile(0.5) == 0.0


@given(luck)
def test_a_normal_law_is_the_same_from_both_sides(u):
    assert normal_quantile(1 - u) == -normal_quantile(u)


def test_lognormal_quantiles_are_those_of_scipy():
    shares = both_tails(2_001)
    exact = stats.lognorm(s=DEVIATION, scale=MEAN * exp(-VARIANCE / 2))
    found = [lognormal_quantile(u, MEAN, VARIANCE, DEVIATION) for u in shares.tolist()]
    np.testing.assert_allclose(found, exact.ppf(shares), rtol=1e-14, atol=0)


def test_exponential_quantiles_are_those_of_scipy():
    shares = both_tails(2_001)
    found = [exponential_quantile(u, MEAN) for u in shares.tolist()]
    np.testing.assert_allclose(found, stats.expon(scale=MEAN).ppf(shares), rtol=1e-15, atol=0)


def counted_on(u, mean):
    """How often it happens again, by trying."""
    again = mean / (1 + mean)
    left, count = again, 0
    while left > 1 - u:
        left, count = left * again, count + 1
    return count


@pytest.mark.parametrize("mean", [0.01, 0.7, 3.0, 40.0])
def test_geometric_quantiles_are_what_counting_gives(mean):
    shares = [*np.random.default_rng(3).random(500).tolist(), RAREST, 1 - RAREST, 1 - 1e-9]
    assert [geometric_quantile(u, mean) for u in shares] == [counted_on(u, mean) for u in shares]


@pytest.mark.parametrize(("mean", "most"), [(1e-300, 0), (5e-324, 0), (1e12, 4e13)])
def test_geometric_quantiles_survive_means_at_the_ends(mean, most):
    assert 0 <= geometric_quantile(1 - RAREST, mean) <= most


@pytest.mark.parametrize("name", LAWS)
@given(shares=st.lists(luck, min_size=2))
def test_quantiles_never_fall(name, shares):
    quantiles = [LAWS[name](u) for u in sorted(shares)]
    assert quantiles == sorted(quantiles)


@pytest.mark.parametrize("name", LAWS)
def test_quantiles_rise_over_the_whole_of_luck(name):
    quantiles = [LAWS[name](u) for u in np.sort(both_tails(2_001)).tolist()]
    assert quantiles == sorted(quantiles)
    assert len(set(quantiles)) > 1_000


@pytest.mark.parametrize("joint", JOINTS)
@pytest.mark.parametrize("name", ["normal", "lognormal"])
def test_where_formulas_meet_quantiles_fall_by_no_more_than_rounding(name, joint):
    shares = [joint - 1_000 * (nextafter(joint, inf) - joint)]
    while len(shares) < 2_000:
        shares.append(nextafter(shares[-1], inf))
    falls = [(low - high) / abs(low) for low, high in pairwise(map(LAWS[name], shares))]
    assert max(falls) < 1e-14


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0.25, 0.75))
def test_between_two_quantiles_lies_a_straight_line(low, high, u):
    assert between(0.25, 0.25, 0.75, low, high) == low
    assert between(0.75, 0.25, 0.75, low, high) == pytest.approx(high, abs=1e-9)
    expected = low + 2 * (u - 0.25) * (high - low)
    assert between(u, 0.25, 0.75, low, high) == pytest.approx(expected, abs=1e-9)
