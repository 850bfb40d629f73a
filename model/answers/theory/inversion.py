"""From the transform of a law to its tail and its quantiles, by numbers."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from model.world.laws import refuse_unless

Complexes = NDArray[np.complex128]
Transform = Callable[[Complexes], Complexes]  # the Laplace-Stieltjes transform E[exp(-sX)]

# Aliasing adds at most exp(-23) = 1e-10 to a tail; rounding, magnified by exp(23 / 2), as much.
_DAMPING = 23.0
_PLAIN_TERMS = 100  # of the alternating series, before the average begins
_AVERAGED_TERMS = 12
_NOISE = 1e-12  # a tail that small is not told from nothing
_DOUBLINGS_MAX = 200


def tail(transform: Transform, t: float, *, plain_terms: int = _PLAIN_TERMS) -> float:
    """Return the probability that a value with this transform is larger than `t`, t > 0.

    Source: J. Abate & W. Whitt, "Numerical Inversion of Laplace Transforms of Probability
    Distributions", ORSA J. Computing 7 (1995), algorithm EULER.  Absolute error 1e-9 where the
    tail is smooth; near a jump, as the response to constant work has, up to 2 % of the jump.
    """
    orders = np.arange(plain_terms + _AVERAGED_TERMS + 1)
    points = np.asarray((_DAMPING + 2j * math.pi * orders) / (2 * t), dtype=np.complex128)
    terms = ((1 - transform(points)) / points).real * (-1.0) ** orders
    terms[0] /= 2
    sums = np.cumsum(terms)[plain_terms:].tolist()
    weights = [math.comb(_AVERAGED_TERMS, order) for order in range(_AVERAGED_TERMS + 1)]
    average: float = np.dot(sums, weights) / 2**_AVERAGED_TERMS
    return average * math.exp(_DAMPING / 2) / t


def quantile(transform: Transform, p: float, *, scale: float, at_zero: float = 0.0) -> float:
    """Return the value that a share `p` do not exceed, given the share that is exactly 0.

    `scale` is any value of about the right size, such as the mean: the search begins there.
    The tail is inverted by Brent's method to a relative 1e-11, so the error is that of `tail`
    over the density at the quantile.
    """
    from scipy.optimize import brentq

    refuse_unless(0 < p < 1, "p must be in (0, 1)", p)
    if at_zero >= p:
        return 0.0

    def excess(t: float) -> float:
        """Return how far the logarithm of the tail, nearly a straight line, is too high."""
        beyond = tail(transform, t) if t > 0 else 1 - at_zero
        return math.log(max(beyond, _NOISE) / (1 - p))

    low, high = 0.0, scale
    for _ in range(_DOUBLINGS_MAX):
        if excess(high) <= 0:
            return float(brentq(excess, low, high, xtol=1e-12 * high, rtol=1e-11))
        low, high = high, 2 * high
    raise ValueError(f"no quantile at {p} below {high:g}: is this the transform of a law?")
