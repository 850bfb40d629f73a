"""Sessions: people who look at some pages of their newsfeed, with thoughts between, and leave."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.world.counts import ConstantCount, CountLaw, CountTable
from model.world.scenario.traffic import Sessions

Floats = NDArray[np.float64]

RAREST = 1e-12  # longer sessions than all but this share of them have are cut off
PIECES_PER_THINK = 20  # while sessions of before the run come to their end
THINKS_UNTIL_GONE = 12  # exp(-12): 6 in a million of them are left, and left out


def length_law(sessions: Sessions) -> CountLaw:
    """Return the law of the pages of one session: geometric from 1, with the mean asked for."""
    if sessions.pages == 1:
        return ConstantCount(count=1)
    goes_on = 1 - 1 / sessions.pages
    longest = int(np.ceil(np.log(RAREST) / np.log(goes_on)))
    counts = np.arange(1, longest + 1)
    cumulated = 1 - goes_on**counts
    cumulated[-1] = 1.0
    return CountTable(counts=tuple(counts.tolist()), cumulated=tuple(cumulated.tolist()))


def session_rates(
    sessions: Sessions, since_s: Floats, pages_per_s: Floats
) -> tuple[Floats, Floats]:
    """Return when pieces begin, and the sessions per second, that make so many pages per second.

    Besides those that begin, it counts those that were there before the run, as if the first
    rate had always been: there are `sessions per s * (pages - 1) * think` of them, Poisson, since
    nobody waits for another (M/G/inf: Kleinrock, *Queueing Systems*, vol. 1, 1975, sec. 3.4).
    Neither law has a memory, so that each goes on with its next page as a new session would
    with its first, after an exponential think: they are a stream that fades with it.  Pages come
    at their rate from the first second on.
    """
    starts_per_s = pages_per_s / sessions.pages
    before = starts_per_s[0] * (sessions.pages - 1)
    if not before:
        return since_s, starts_per_s
    fading_s = np.arange(THINKS_UNTIL_GONE * PIECES_PER_THINK + 1) / PIECES_PER_THINK
    edges_s = fading_s * sessions.think
    fading = np.append(-np.diff(np.exp(-fading_s)) * PIECES_PER_THINK, 0.0)
    cut_s = np.union1d(since_s, edges_s)
    of_start, of_fading = (np.searchsorted(s, cut_s, side="right") - 1 for s in (since_s, edges_s))
    return cut_s, starts_per_s[of_start] + before * fading[of_fading]
