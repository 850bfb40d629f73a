"""Laws of chance for real values, such as how long work takes (`counts` has whole numbers).

A law turns one number in (0, 1) into one value by the inverse of its distribution function, with
no rejection, so that a value depends on its own chance only.  Laws without a closed inverse are
tables of quantiles, read with linear interpolation.  A law has no unit of its own: what uses it
says whether its values are seconds or something else.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.world.scalar_laws import between, exponential_quantile, lognormal_quantile

_TABLE_POINTS = 1_000


class Law(Protocol):
    """A law of non-negative real values."""

    @property
    def mean(self) -> float:
        """The expected value."""

    @property
    def scv(self) -> float:
        """The squared coefficient of variation: variance over squared mean."""

    def quantile(self, u: float) -> float:
        """Return the value that a share `u`, in (0, 1), of all values stay below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """Always the same value."""

    value: float

    def __post_init__(self) -> None:
        """Refuse what is not a value."""
        refuse_unless(0 <= self.value < math.inf, "value must be 0 or more", self.value)

    @property
    def mean(self) -> float:
        """The value."""
        return self.value

    @property
    def scv(self) -> float:
        """Nothing varies."""
        return 0.0

    def quantile(self, u: float) -> float:  # noqa: ARG002 - any chance gives the same value
        """Return the value."""
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Exponential:
    """The law without memory."""

    mean: float

    def __post_init__(self) -> None:
        """Refuse a mean that no exponential law has."""
        refuse_unless(0 < self.mean < math.inf, "mean must be positive", self.mean)

    @property
    def scv(self) -> float:
        """One, whatever the mean."""
        return 1.0

    def quantile(self, u: float) -> float:
        """Return the inverse of the distribution function at `u`."""
        return exponential_quantile(u, self.mean)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lognormal:
    """The law of a product of many influences, by its mean and squared coefficient of variation."""

    mean: float
    scv: float

    def __post_init__(self) -> None:
        """Refuse moments that no lognormal law has."""
        refuse_unless(0 < self.mean < math.inf, "mean must be positive", self.mean)
        refuse_unless(0 < self.scv < math.inf, "scv must be positive", self.scv)

    def quantile(self, u: float) -> float:
        """Return the inverse of the distribution function at `u`."""
        return lognormal_quantile(u, self.mean, self.variance_of_log, self.deviation_of_log)

    @property
    def variance_of_log(self) -> float:
        """The variance of the value's logarithm."""
        return math.log1p(self.scv)

    @property
    def deviation_of_log(self) -> float:
        """The standard deviation of the value's logarithm."""
        return math.sqrt(math.log1p(self.scv))


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantileTable:
    """Any law, by some of its quantiles; straight lines between them."""

    probabilities: tuple[float, ...]  # rising from 0 to 1
    values: tuple[float, ...]  # the quantile at each of them

    def __post_init__(self) -> None:
        """Refuse a table that is not a distribution of non-negative values."""
        rising = all(low < high for low, high in pairwise(self.probabilities))
        if not rising or self.probabilities[:1] + self.probabilities[-1:] != (0.0, 1.0):
            raise ValueError("probabilities must rise from 0 to 1")
        if len(self.values) != len(self.probabilities):
            raise ValueError(f"{len(self.values)} values, {len(self.probabilities)} probabilities")
        if not all(low <= high for low, high in pairwise(self.values)):
            raise ValueError("values must not fall")
        refuse_unless(self.values[0] >= 0, "values must be 0 or more", self.values[0])
        refuse_unless(self.values[-1] < math.inf, "values must be finite", self.values[-1])

    @classmethod
    def of_samples(cls, values: ArrayLike, *, points: int = 512) -> QuantileTable:
        """Return a table of at most `points` quantiles of a sample, denser towards the tail.

        The mean of the table is the mean of the sample (to rounding): what interpolation adds
        to it, under 0.1 % for 512 points, is taken off every value alike.
        """
        sample = np.asarray(values, dtype=np.float64)
        refuse_unless(sample.size > 0, "a sample needs values", sample.size)
        refuse_unless(bool(np.isfinite(sample).all()), "values must be finite", float(sample.sum()))
        probabilities = _grid(points)
        return _with_mean(
            sample.mean(), probabilities, np.quantile(sample, probabilities, method="hazen")
        )

    @property
    def mean(self) -> float:
        """The expected value, exact for the straight lines."""
        return math.fsum(p * (low + high) / 2 for p, low, high in self._cells())

    @property
    def scv(self) -> float:
        """Variance over squared mean, exact for the straight lines."""
        mean = self.mean
        squares = (p * (low * low + low * high + high * high) / 3 for p, low, high in self._cells())
        return math.fsum(squares) / mean**2 - 1 if mean else 0.0

    def quantile(self, u: float) -> float:
        """Return the value at `u` on the straight line between its neighbours in the table."""
        above = bisect_right(self.probabilities, u, 1, len(self.probabilities) - 1)
        p_low, p_high = self.probabilities[above - 1], self.probabilities[above]
        low, high = self.values[above - 1], self.values[above]
        return between(u, p_low, p_high, low, high)

    def scaled(self, factor: float) -> QuantileTable:
        """Return the law of `factor` times the value."""
        values = tuple(value * factor for value in self.values)
        return QuantileTable(probabilities=self.probabilities, values=values)

    def shifted(self, by: float) -> QuantileTable:
        """Return the law of the value plus `by`; no value may become negative."""
        values = tuple(value + by for value in self.values)
        return QuantileTable(probabilities=self.probabilities, values=values)

    def _cells(self) -> Sequence[tuple[float, float, float]]:
        """Return (probability, lowest value, highest value) of every straight line."""
        lows, highs = self.values, self.values[1:]
        shares = (high - low for low, high in pairwise(self.probabilities))
        return list(zip(shares, lows, highs, strict=False))


def gamma(*, mean: float, scv: float, points: int = _TABLE_POINTS) -> QuantileTable:
    """Return the gamma law; mean exact, quantiles and scv within 0.1 % (up to scv 4).

    With fewer `points` than the 1,000 that this is said of, it is coarser and smaller.
    """
    refuse_unless(0 < mean < math.inf, "mean must be positive", mean)
    refuse_unless(0 < scv < math.inf, "scv must be positive", scv)
    from scipy.special import gammainccinv

    probabilities = _grid(points)
    quantiles = gammainccinv(1 / scv, _survivals(probabilities)) * scv * mean
    return _with_mean(mean, probabilities, quantiles)


def erlang(*, k: int, mean: float) -> QuantileTable:
    """Return the law of `k` exponential phases, one after another, to the error of `gamma`."""
    refuse_unless(k >= 1, "k must be 1 or more", k)
    return gamma(mean=mean, scv=1 / k)


def hyperexponential(*, mean: float, scv: float) -> QuantileTable:
    """Return the law of one of two exponential phases; errors as for `gamma`.

    Both phases bring half of the mean ("balanced means": Whitt, "Approximating a Point Process
    by a Renewal Process", Operations Research 30, 1982, sec. 3).
    """
    refuse_unless(0 < mean < math.inf, "mean must be positive", mean)
    refuse_unless(1 < scv < math.inf, "scv must be above 1", scv)
    first = (1 + math.sqrt((scv - 1) / (scv + 1))) / 2
    rates = 2 * first / mean, 2 * (1 - first) / mean
    probabilities = _grid(_TABLE_POINTS)
    survivals = _survivals(probabilities)
    low, high = np.zeros_like(survivals), -np.log(survivals) / min(rates)
    for _ in range(100):  # halving: each step gains one bit
        middle = (low + high) / 2
        survival = first * np.exp(-rates[0] * middle) + (1 - first) * np.exp(-rates[1] * middle)
        too_low = survival > survivals
        low, high = np.where(too_low, middle, low), np.where(too_low, high, middle)
    return _with_mean(mean, probabilities, low)


def mixture(one: QuantileTable, other: QuantileTable, *, share: float) -> QuantileTable:
    """Return the law of values that come from `one` with probability `share`, else from `other`.

    Mean exact, quantiles to what 1,000 values of each tell.
    """
    refuse_unless(0 <= share <= 1, "share must be in 0..1", share)
    places = (np.arange(_TABLE_POINTS) + 0.5) / _TABLE_POINTS
    values = np.concatenate(
        [np.interp(places, law.probabilities, law.values) for law in (one, other)]
    )
    weights = np.repeat((share, 1 - share), _TABLE_POINTS) / _TABLE_POINTS
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) - weights[order] / 2
    probabilities = _grid(max(len(one.probabilities), len(other.probabilities)))
    quantiles = np.interp(probabilities, reached, values[order])
    return _with_mean(share * one.mean + (1 - share) * other.mean, probabilities, quantiles)


def _grid(points: int) -> NDArray[np.float64]:
    """Return `points` probabilities from 0 to 1, the denser the closer to 1.

    Steps shrink with the cube, so that a tail of a thousandth still has a tenth of the points.
    """
    refuse_unless(points >= 2, "points must be 2 or more", points)
    return 1 - np.linspace(1, 0, points) ** 3


def _survivals(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 - p; for p = 1, whose quantile is infinite, half of the survival before it."""
    survivals = 1 - probabilities
    survivals[-1] = survivals[-2] / 2
    return survivals


def _with_mean(
    mean: float, probabilities: NDArray[np.floating], values: NDArray[np.floating]
) -> QuantileTable:
    """Return the table of `values`, scaled so that its mean is `mean`."""
    table = QuantileTable(
        probabilities=tuple(probabilities.tolist()), values=tuple(values.tolist())
    )
    return table.scaled(mean / table.mean) if table.mean else table


def refuse_unless(holds: bool, rule: str, value: object) -> None:  # noqa: FBT001 - reads as a sentence
    """Raise ValueError that states the rule and the value, unless the rule holds."""
    if not holds:
        raise ValueError(f"{rule}, got {value!r}")
