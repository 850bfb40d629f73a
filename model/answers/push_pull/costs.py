"""What it costs to push one post to one reader, and to pull one author's list for one page."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """H and L of "Feeding Frenzy" (see `plans`), in one unit, such as seconds of a core.

    The list of an author whom `shared_from` or more follow is one that many ask for: it is hot
    in a cache, and read at `shared_pull` instead of `pull`.  Both are constant here, which holds
    as long as everything is in memory.
    """

    push: float = 1.0
    pull: float = 1.0
    shared_pull: float | None = None  # None: as others
    shared_from: int = 1  # followers

    def __post_init__(self) -> None:
        """Refuse what is no cost; raises ValueError naming the field."""
        for name in ("push", "pull", "shared_pull"):
            cost = getattr(self, name)
            if cost is not None and not 0 < cost < float("inf"):
                raise ValueError(f"{name} must be above 0 and finite, got {cost}")
        if self.shared_from < 1:
            raise ValueError(f"shared_from must be at least 1, got {self.shared_from}")

    def pull_of(self, follower_counts: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return what one pull costs of each author with so many followers."""
        shared_pull = self.pull if self.shared_pull is None else self.shared_pull
        return np.where(follower_counts >= self.shared_from, shared_pull, self.pull)
