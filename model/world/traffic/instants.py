"""The instants of a Poisson process whose rate is given in pieces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.world import chance

Floats = NDArray[np.float64]


_GAP = 11  # what a random number is for


@dataclass(frozen=True, slots=True, kw_only=True)
class Luck:
    """Where the chances of one source of requests come from."""

    seed: int
    stream: int  # tells apart several streams of one scenario
    source: int  # tells apart what comes at one time in one stream

    def u(self, count: int, purpose: int) -> Floats:
        """Return a number in (0, 1) for each of so many requests; a longer row begins the same."""
        return chance.u_block(self.seed, self.stream, np.arange(count), purpose, self.source, 0, 0)


def mean_count(since_s: Floats, per_s: Floats, until_s: float) -> float:
    """Return how many arrivals are expected before `until_s`; pieces begin at `since_s`."""
    if _is_constant(since_s, per_s):
        return float(per_s[0] * until_s)
    return float(_cumulated(since_s, per_s, until_s)[1][-1])


def poisson_instants_s(since_s: Floats, per_s: Floats, *, until_s: float, luck: Luck) -> Floats:
    """Return the instants of a process of these rates before `until_s`, rising.

    An arrival comes when the rate, cumulated since the beginning, has reached the sum of its gaps
    at rate 1 (Çinlar, "Introduction to Stochastic Processes", 1975, sec. 4.7).  A longer
    `until_s` only adds to them, and at a constant rate each gap is one at rate 1 over the rate.
    """
    expected = mean_count(since_s, per_s, until_s)
    enough = int(expected + 10 * expected**0.5 + 20)
    gaps = -np.log1p(-luck.u(enough, _GAP))
    if _is_constant(since_s, per_s):
        at_s = np.cumsum(gaps / per_s[0])
        assert at_s[-1] >= until_s, "ten standard deviations were not enough"
    else:
        at_s = _when_reached_s(np.cumsum(gaps), since_s, per_s, until_s)
    return at_s[at_s < until_s]


def _is_constant(since_s: Floats, per_s: Floats) -> bool:
    return len(since_s) == 1 and bool(since_s[0] == 0 and per_s[0] > 0)


def _when_reached_s(reached: Floats, since_s: Floats, per_s: Floats, until_s: float) -> Floats:
    """Return when the cumulated rate has reached so much; nothing where it has not by the end."""
    edges_s, cumulated, rates = _cumulated(since_s, per_s, until_s)
    assert reached[-1] >= cumulated[-1], "ten standard deviations were not enough"
    reached = reached[reached < cumulated[-1]]
    piece = np.searchsorted(cumulated, reached, side="right") - 1  # never one without a rate
    at_s: Floats = edges_s[piece] + (reached - cumulated[piece]) / rates[piece]
    return np.maximum.accumulate(at_s) if len(at_s) else at_s


def _cumulated(since_s: Floats, per_s: Floats, until_s: float) -> tuple[Floats, Floats, Floats]:
    """Return edges of pieces up to the end, what is expected by each edge, and each rate."""
    within = since_s < until_s
    edges_s = np.append(since_s[within], until_s)
    rates = per_s[within]
    return edges_s, np.concatenate(([0.0], np.cumsum(rates * np.diff(edges_s)))), rates
