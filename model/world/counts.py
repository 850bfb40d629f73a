"""Laws of chance for whole numbers: how many of something there are."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.world.laws import refuse_unless
from model.world.scalar_laws import geometric_quantile


class CountLaw(Protocol):
    """A law of whole numbers from 0."""

    @property
    def mean(self) -> float:
        """The expected value."""

    def quantile(self, u: float) -> int:
        """Return the least value that at least a share `u`, in (0, 1), do not exceed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstantCount:
    """Always so many."""

    count: int

    def __post_init__(self) -> None:
        """Refuse a negative count."""
        refuse_unless(self.count >= 0, "count must be 0 or more", self.count)

    @property
    def mean(self) -> float:
        """The count."""
        return float(self.count)

    def quantile(self, u: float) -> int:  # noqa: ARG002 - any chance gives the same count
        """Return the count."""
        return self.count


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometric:
    """How often something happens in a row that happens again with one probability each time."""

    mean: float

    def __post_init__(self) -> None:
        """Refuse a mean that no such law has."""
        refuse_unless(0 < self.mean < math.inf, "mean must be positive", self.mean)

    def quantile(self, u: float) -> int:
        """Return the least count that at least a share `u`, in (0, 1), do not exceed."""
        return geometric_quantile(u, self.mean)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountTable:
    """Any law of whole numbers, by its distribution function."""

    counts: tuple[int, ...]  # rising, from 0
    cumulated: tuple[float, ...]  # probability of at most so many; the last is 1

    def __post_init__(self) -> None:
        """Refuse a table that is not a distribution of counts."""
        refuse_unless(len(self.counts) > 0, "a table needs counts", len(self.counts))
        refuse_unless(self.counts[0] >= 0, "counts must be 0 or more", self.counts[0])
        lengths = len(self.counts), len(self.cumulated)
        refuse_unless(lengths[0] == lengths[1], "as many counts as probabilities", lengths)
        counts, cumulated = np.asarray(self.counts), np.asarray(self.cumulated)
        whole = np.issubdtype(counts.dtype, np.integer) and bool((np.diff(counts) > 0).all())
        refuse_unless(whole, "counts must be whole and rise", self.counts[:5])
        rising = bool((np.diff(cumulated, prepend=0.0) >= 0).all())  # not if one is NaN
        refuse_unless(rising, "cumulated must not fall, from 0 on", self.cumulated[:5])
        refuse_unless(self.cumulated[-1] == 1.0, "cumulated must end at 1", self.cumulated[-1])

    @classmethod
    def of_samples(cls, counts: ArrayLike) -> CountTable:
        """Return the law by which these counts occur."""
        values, times = np.unique(np.asarray(counts, dtype=np.int64), return_counts=True)
        cumulated = np.cumsum(times) / max(1, times.sum())
        return cls(counts=tuple(values.tolist()), cumulated=tuple(cumulated.tolist()))

    @property
    def mean(self) -> float:
        """The expected count."""
        shares = (high - low for low, high in pairwise((0.0, *self.cumulated)))
        return math.fsum(c * share for c, share in zip(self.counts, shares, strict=True))

    def quantile(self, u: float) -> int:
        """Return the least count whose cumulated probability reaches `u`."""
        return self.counts[bisect_left(self.cumulated, u)]


def binomial(*, n: int, p: float) -> CountTable:
    """Return the law of successes among `n` trials; rarer ends than 1e-15 are cut off."""
    refuse_unless(n >= 0, "n must be 0 or more", n)
    refuse_unless(0 <= p <= 1, "p must be in 0..1", p)
    from scipy.special import bdtr

    counts = _around(n * p, math.sqrt(n * p * (1 - p)), at_most=n)
    return _table_of(counts, bdtr(counts, n, p))


def poisson(*, mean: float) -> CountTable:
    """Return the Poisson law; rarer ends than 1e-15 are cut off."""
    refuse_unless(0 <= mean < math.inf, "mean must be 0 or more", mean)
    from scipy.special import pdtr

    counts = _around(mean, math.sqrt(mean), at_most=math.inf)
    return _table_of(counts, pdtr(counts, mean))


def zipf(*, size: int, exponent: float) -> CountTable:
    """Return the law of ranks 0, 1, ... below `size`, each in proportion to (rank + 1)**-exponent.

    An exponent of 0 makes all equally likely.
    """
    refuse_unless(size >= 1, "size must be 1 or more", size)
    refuse_unless(0 <= exponent < math.inf, "exponent must be 0 or more", exponent)
    cumulated = np.cumsum(np.arange(1, size + 1, dtype=np.float64) ** -exponent)
    cumulated /= cumulated[-1]
    return CountTable(counts=tuple(range(size)), cumulated=tuple(cumulated.tolist()))


def _around(mean: float, deviation: float, *, at_most: float) -> NDArray[np.int64]:
    """Return the counts within nine deviations of the mean, and 40 more for skewed ends."""
    reach = 9 * deviation + 40
    return np.arange(max(0, int(mean - reach)), int(min(at_most, mean + reach)) + 1)


def _table_of(counts: NDArray[np.int64], cumulated: NDArray[np.floating]) -> CountTable:
    kept = (cumulated > 1e-15) & (np.append(0.0, cumulated[:-1]) < 1 - 1e-15)
    reached = cumulated[kept]
    reached[-1] = 1.0
    return CountTable(counts=tuple(counts[kept].tolist()), cumulated=tuple(reached.tolist()))
