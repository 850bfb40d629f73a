"""Exponential phases one after another: how long it takes to pass the first few of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.answers.theory.inversion import Transform

Floats = NDArray[np.float64]


def passage_transform(weights: Floats, rates_per_s: Floats) -> Transform:
    """Return the transform of the time through the first `n` phases, n with these weights.

    `weights[n]` is the probability of n phases, n from 0; there is one more weight than rates.
    """

    def transform(s: NDArray[np.complex128]) -> NDArray[np.complex128]:
        steps = np.cumprod(rates_per_s / (s[:, None] + rates_per_s), axis=1)
        return np.asarray(weights[0] + steps @ weights[1:], dtype=np.complex128)

    return transform


def passage_mean_s(weights: Floats, rates_per_s: Floats) -> float:
    """Return the mean time through the first `n` phases, n with these weights."""
    return float(np.dot(weights[1:], np.cumsum(1 / rates_per_s)))
