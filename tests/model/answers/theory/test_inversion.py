"""Transforms of laws whose tails are known."""

import math

import numpy as np
import pytest
from scipy.stats import gamma

from model.answers.theory.inversion import quantile, tail


def exponential(s):
    return 1 / (1 + s)


@pytest.mark.parametrize("t", [1e-6, 0.01, 1.0, 5.0, 15.0])
def test_the_tail_of_an_exponential(t):
    assert tail(exponential, t) == pytest.approx(math.exp(-t), abs=1e-9)


@pytest.mark.parametrize("shape", [0.5, 3, 50])
@pytest.mark.parametrize("p", [0.01, 0.5, 0.99, 0.999])
def test_quantiles_of_gamma_laws(shape, p):
    found = quantile(lambda s: (1 + s) ** -shape, p, scale=shape)
    assert found == pytest.approx(gamma(shape).ppf(p), rel=1e-6)


def test_a_jump_is_missed_by_little_a_quarter_away_from_it():
    def constant(s):
        return np.exp(-s)

    assert tail(constant, 0.75) == pytest.approx(1, abs=0.02)
    assert tail(constant, 1.25) == pytest.approx(0, abs=0.02)


def test_the_quantile_below_an_atom_at_zero_is_zero():
    assert quantile(lambda s: 0.5 + 0.5 * exponential(s), 0.5, scale=1.0, at_zero=0.5) == 0
    above = quantile(lambda s: 0.5 + 0.5 * exponential(s), 0.75, scale=1.0, at_zero=0.5)
    assert above == pytest.approx(math.log(2), rel=1e-8)


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_no_quantile_is_at_the_ends(p):
    with pytest.raises(ValueError, match=r"p must be in \(0, 1\)"):
        quantile(exponential, p, scale=1.0)


def test_what_never_ends_has_no_quantile():
    with pytest.raises(ValueError, match="no quantile"):
        quantile(lambda s: 0.5 * exponential(s), 0.9, scale=1.0)
