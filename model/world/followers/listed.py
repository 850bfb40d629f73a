"""Followers as they were counted, user by user."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """The followers of every user, the most followed first."""

    counts: NDArray[np.int64]

    @property
    def mean(self) -> float:
        """Followers of a user on average."""
        return float(self.counts.mean())

    def followers_at(self, share_above: ArrayLike) -> NDArray[np.int64]:
        """Return the followers of users whom a share `share_above`, in (0, 1), has more than.

        >>> Listed(counts=np.array([9, 4, 0, 0])).followers_at([0.1, 0.3, 0.9])
        array([9, 4, 0])
        """
        places = (np.asarray(share_above, dtype=np.float64) * len(self.counts)).astype(np.int64)
        return self.counts[places]

    def share_with_at_least(self, followers: float) -> float:
        """Return the share of users who have `followers` followers or more."""
        return self._number_with(followers) / len(self.counts)

    def mean_above(self, followers: float) -> float:
        """Return the followers per user, counting only users who have at least `followers`."""
        return float(self.counts[: self._number_with(followers)].sum()) / len(self.counts)

    def _number_with(self, followers: float) -> int:
        return int(np.count_nonzero(self.counts >= followers))
