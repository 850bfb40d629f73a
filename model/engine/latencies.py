"""Latencies as counts in buckets, for runs of more requests than can be kept one by one.

A bucket is a stretch of one part in 1,024 of a power of two, as HdrHistogram has them (G. Tene,
hdrhistogram.org): its middle is within 0.05 % of all that it counts.  Counts of several runs, or
of parts of one, are added.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.engine.codes import Outcome

PARTS = 1024  # of each power of two
LOWEST, HIGHEST = -40, 40  # powers of two: from a picosecond to 35,000 years
WIDTH = (HIGHEST - LOWEST) * PARTS + 1  # the first bucket is for 0 and what is below the lowest

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LatencyCounts:
    """How many requests of each journey ended how, and of those that were done, how soon."""

    journeys: tuple[str, ...]
    done: Counts  # journey x bucket
    outcomes: Counts  # journey x Outcome

    def merged(self, other: LatencyCounts) -> LatencyCounts:
        """Return the counts of both; raises ValueError if their journeys differ."""
        if self.journeys != other.journeys:
            raise ValueError(
                f"counts of {self.journeys} cannot be added to those of {other.journeys}"
            )
        return LatencyCounts(
            journeys=self.journeys,
            done=self.done + other.done,
            outcomes=self.outcomes + other.outcomes,
        )

    def count(self, journey: str, outcome: Outcome = Outcome.DONE) -> int:
        """Return how many requests of a journey ended so."""
        return int(self.outcomes[self.journeys.index(journey), outcome])

    def quantile_s(self, journey: str, q: float) -> float:
        """Return the latency that a share `q`, in (0, 1], of those done do not exceed.

        In seconds, to 0.05 %.  Raises ValueError if none is done.
        """
        if not 0 < q <= 1:
            raise ValueError(f"q must be in (0, 1], got {q}")
        cumulated = np.cumsum(self._of(journey))
        rank = max(1, int(np.ceil(q * cumulated[-1])))
        return float(middles_s()[np.searchsorted(cumulated, rank)])

    def mean_s(self, journey: str) -> float:
        """Return the mean latency of those done, in seconds, to 0.05 %; ValueError if none is."""
        counts = self._of(journey)
        return float(counts @ middles_s() / counts.sum())

    def _of(self, journey: str) -> Counts:
        counts: Counts = self.done[self.journeys.index(journey)]
        if not counts.any():
            raise ValueError(f"{journey}: no request is done")
        return counts


def middles_s() -> NDArray[np.float64]:
    """Return the latency that each bucket stands for, in seconds."""
    powers = np.repeat(np.arange(LOWEST, HIGHEST), PARTS)
    parts = np.tile(np.arange(PARTS), HIGHEST - LOWEST)
    return np.concatenate(([0.0], np.ldexp(1 + (parts + 0.5) / PARTS, powers)))
