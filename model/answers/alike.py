"""How alike the legs of a fork are, and so how late the latest of those elsewhere is.

Legs of one fork meet the same crowd.  At each level of lateness a leg is late with a chance that
differs from fork to fork; given that, each is late for itself.  How the chances are spread is seen
in how many of a fork's legs here are late together: a beta-binomial law by its first two moments
(J. G. Skellam, "A Probability Distribution Derived from the Binomial Distribution by Regarding the
Probability of Success as Variable between the Sets of Trials", JRSS B 10, 1948), and from there
the mixture of binomials that is most likely (N. Laird, "Nonparametric Maximum Likelihood Estimation
of a Mixing Distribution", JASA 73, 1978).  A fork whose own legs are late has others that are late,
too, by Bayes' rule.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import betainc, expit, logit

from model.answers.legs import TOGETHER

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

LEVELS = expit(np.linspace(6.0, -10.0, 49))  # shares of legs that are later, from most to least
FORKS_MAX = 4_000  # that the spread is fitted to
ROUNDS = 400  # of expectation and maximization, unless shares no longer change
_STILL = 1e-5
# Bounds between the chances that a mixture has, in logits from the level: closest about it.
_BOUNDS = np.concatenate(([-np.inf], 0.6 * np.sinh(np.linspace(-3.4, 3.4, 40)), [np.inf]))
_MIDDLES = np.concatenate(([-10.0], (_BOUNDS[2:-1] + _BOUNDS[1:-2]) / 2, [10.0]))
_ALIKE_MIN, _ALIKE_MAX = 1e-5, 0.99  # correlation of two legs of a fork
_NEXT_TO = 2  # levels to each side that a correlation is the mean of
_RAREST = 1e-12
_HALVINGS = len(LEVELS).bit_length()  # until one of all levels is left


class Alike:
    """How the chance of a leg to be late is spread over forks, at each of `LEVELS`.

    It is seen in legs that go on TOGETHER, of which is known what share of all is `later`
    (`Pools.legs`).
    """

    def __init__(self, legs: pd.DataFrame) -> None:
        fork, later = legs.groupby(TOGETHER).ngroup().to_numpy(), legs.later.to_numpy()
        n = np.bincount(fork)
        late = [np.bincount(fork[later < level], minlength=len(n)) for level in LEVELS]
        alike = _smooth(
            np.array([_alike(n, x, level) for x, level in zip(late, LEVELS, strict=True)])
        )
        begun = [_beta(level, of_level) for level, of_level in zip(LEVELS, alike, strict=True)]
        with_others = np.flatnonzero(n > 1)
        taken = with_others[:: 1 + len(with_others) // FORKS_MAX]
        self._chances = np.array([chances for chances, _ in begun])
        self._shares = np.array(
            [_likeliest(*law, n[taken], x[taken]) for law, x in zip(begun, late, strict=True)]
        )

    def latest(
        self, own: Counts, later: Floats, fork: Counts, others: Counts, chance: Floats
    ) -> Floats:
        """Return which share of comparable legs is later than the latest of `others`, of each fork.

        `own` says of which forks that go on together each leg here is, and `later` how late it is;
        `fork` of which each fork is.  `chance` in (0, 1) says how late the latest is among all that
        it may be.
        """
        legs = np.sort(own + later)
        first = np.searchsorted(legs, fork)
        here = np.searchsorted(legs, fork + 1) - first
        low, high = -np.ones(len(fork), dtype=np.int64), np.full(len(fork), len(LEVELS))
        at_low, at_high = np.full(len(fork), _RAREST), np.ones(len(fork))
        for _ in range(_HALVINGS):
            level = np.clip((low + high) // 2, 0, len(LEVELS) - 1)
            late = np.searchsorted(legs, fork + LEVELS[level]) - first
            within = self._none_later(level, here, late, others)
            is_open = high - low > 1
            up, down = is_open & (within < chance), is_open & (within >= chance)
            low, at_low = np.where(up, level, low), np.where(up, within, at_low)
            high, at_high = np.where(down, level, high), np.where(down, within, at_high)
        levels = np.concatenate(([1.0], LEVELS, [0.0]))
        # Of legs that are not alike the logarithm goes straight from level to level.
        part = np.log(chance / at_low) / np.log(at_high / at_low)
        latest: Floats = levels[low + 1] + part * (levels[high + 1] - levels[low + 1])
        return latest

    def _none_later(self, level: Counts, here: Counts, late: Counts, others: Counts) -> Floats:
        """Return the probability that none of `others` is later than a level, given those here."""
        upto = (len(LEVELS), *(n.max(initial=0) + 1 for n in (here, late, others)))
        asked, which = np.unique(
            np.ravel_multi_index((level, here, late, others), upto), return_inverse=True
        )
        level, here, late, others = np.unravel_index(asked, upto)
        chances = self._chances[level]
        shares = self._shares[level] * _likelihood(chances, here, late)
        none = np.exp(others[:, None] * np.log1p(-chances))
        within: Floats = ((shares * none).sum(axis=1) / shares.sum(axis=1))[which]
        return within


def _alike(n: Counts, late: Counts, level: float) -> float:
    """Return the correlation between two legs of a fork of being later than a level."""
    pairs, both = (float((times * (times - 1)).sum()) for times in (n, late))
    return (both / pairs - level**2) / (level * (1 - level)) if pairs else 0.0


def _smooth(alike: Floats) -> Floats:
    around = np.pad(alike, _NEXT_TO, mode="edge")
    mean = np.convolve(around, np.full(2 * _NEXT_TO + 1, 1 / (2 * _NEXT_TO + 1)), mode="valid")
    return np.clip(mean, _ALIKE_MIN, _ALIKE_MAX)


def _beta(level: float, alike: float) -> tuple[Floats, Floats]:
    """Return chances with this mean and correlation, and the share of forks that has each."""
    a, b = level * (1 - alike) / alike, (1 - level) * (1 - alike) / alike
    bounds = expit(logit(level) + _BOUNDS)
    shares, means = np.diff(betainc(a, b, bounds)), level * np.diff(betainc(a + 1, b, bounds))
    middles = expit(logit(level) + _MIDDLES)
    is_seen = shares > _RAREST
    chances = np.where(is_seen, means / np.where(is_seen, shares, 1.0), middles)
    return np.clip(chances, _RAREST, 1 - _RAREST), np.maximum(shares, _RAREST)


def _likeliest(chances: Floats, shares: Floats, n: Counts, late: Counts) -> Floats:
    """Return the shares of forks with each chance after all rounds, beginning with these."""
    if not len(n):
        return shares
    upto = (n.max() + 1, late.max() + 1)
    seen, times = np.unique(np.ravel_multi_index((n, late), upto), return_counts=True)
    likelihood = _likelihood(chances, *np.unravel_index(seen, upto))
    for _ in range(ROUNDS):
        was = shares
        shares = shares * ((times / (likelihood @ shares)) @ likelihood) / times.sum()
        if np.abs(shares - was).max() < _STILL:
            break
    return shares


def _likelihood(chances: Floats, n: Counts, late: Counts) -> Floats:
    """Return how likely each chance makes it that so many of n legs are late.

    It is so many times as likely as by the likeliest chance: of a thousand legs it is next to 0.
    """
    logs = late[:, None] * np.log(chances) + (n - late)[:, None] * np.log1p(-chances)
    likelihood: Floats = np.exp(logs - logs.max(axis=1, keepdims=True))
    return likelihood
