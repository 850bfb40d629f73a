"""How many instances of an autoscaled service there are, over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.engine.runs import SimulatedRun


@dataclass(frozen=True, slots=True, kw_only=True)
class InUse:
    """How many there are from each instant on; the first is the beginning of the run."""

    at_s: NDArray[np.float64]
    count: NDArray[np.int64]

    def mean_between(self, since_s: float, until_s: float) -> float:
        """Return how many there are on average in [since_s, until_s), which is not empty."""
        edges = np.clip(np.append(self.at_s, np.inf), since_s, until_s)
        return float(self.count @ np.diff(edges)) / (until_s - since_s)


def in_use_of(run: SimulatedRun) -> dict[str, InUse]:
    """Return the instances of each autoscaled station."""
    table = run.copies_in_use
    names = run.program.stations.names
    return {
        names[int(station)]: InUse(
            at_s=table.at_s[table.station == station],
            count=table.count[table.station == station].astype(np.int64),
        )
        for station in np.unique(table.station)
    }
