"""Samples that stand for a whole world: weighted, and spread over servers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.world import chance
from model.world.counts import CountTable

SAMPLES = 20_000  # that stand for all, where there is a law instead of rows

_ROUNDING = 21  # what a random number is for


def weighted(values: NDArray[np.int64], weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return SAMPLES values, taken in proportion to their weights; none if there is no weight."""
    if not weights.sum():
        return values[:0]
    cumulated = np.cumsum(weights) / weights.sum()
    places = (np.arange(SAMPLES) + 0.5) / SAMPLES
    return values[np.minimum(np.searchsorted(cumulated, places), len(values) - 1)]


def weighted_means(values: NDArray[np.int64], weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the means of SAMPLES parts of equal weight, of values in order; none if of no weight.

    Rounded, so that they stand for whole numbers.  Unlike what `weighted` takes out of the middle
    of the same parts, the rarest and largest values count for what they weigh.
    """
    if not weights.sum():
        return values[:0]
    reached = np.append(0.0, np.cumsum(weights)) / weights.sum()
    summed = np.append(0.0, np.cumsum(values * weights)) / weights.sum()
    edges = np.interp(np.linspace(0.0, 1.0, SAMPLES + 1), reached, summed)
    means: NDArray[np.int64] = np.rint(np.diff(edges) * SAMPLES).astype(np.int64)
    return means


def occupied(balls: NDArray[np.int64], servers: int | NDArray[np.float64], seed: int) -> CountTable:
    """Return the law of how many of `servers` hold something, when n things are spread at random.

    The expectation, servers * (1 - (1 - 1/servers)**n), rounded up or down at random so that
    its mean stays.  Where there is no n at all, nothing is held.
    """
    expected = servers * (1 - (1 - 1 / servers) ** balls.astype(np.float64))
    up = chance.u_block(seed, 0, np.arange(len(balls)), _ROUNDING, 0, 0, 0)
    return table_of(np.floor(expected + up).astype(np.int64))


def table_of(counts: NDArray[np.int64]) -> CountTable:
    """Return the law by which these counts occur; 0 if there are none."""
    return CountTable.of_samples(counts if len(counts) else np.zeros(1, dtype=np.int64))


def successes(
    u: NDArray[np.float64], trials: NDArray[np.int64], shares: NDArray[np.float64] | float
) -> NDArray[np.int64]:
    """Return the quantiles at `u` of binomial laws of so many trials, each with its share."""
    from scipy.special import bdtrik

    found = np.ceil(bdtrik(u, trials.astype(np.float64), shares))
    return np.nan_to_num(found).astype(np.int64)  # of no trial, or no chance, it is no number
