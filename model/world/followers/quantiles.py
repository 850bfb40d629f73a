"""Followers by a few quantiles, as networks publish them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.world.followers.power_law import power_integral


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantiles:
    """Straight lines between points: log(1 + followers) over log(share of users above).

    Each line is the piece of a power law, begun one follower early so that nobody can follow
    somebody too.  Up to the first point the line comes from no followers; the last point, at
    100 %, is the most followed user, above whom there is nobody.
    """

    shares_above: tuple[float, ...]  # falling, from 1 to that of one user
    followers: tuple[int, ...]  # rising

    @classmethod
    def through(cls, quantiles: Sequence[tuple[float, int]], *, users: int) -> Quantiles:
        """Return the law through pairs (share of users, followers that they do not exceed).

        The last share is 1; points that are closer to it than one user is are left out.
        """
        *inner, (_, most) = quantiles
        points = [(1 - share, count) for share, count in inner if 1 - share > 1 / users]
        if not points or points[0][0] < 1:
            points.insert(0, (1.0, 0))
        shares, followers = zip(*points, (1 / users, most), strict=True)
        return cls(shares_above=shares, followers=followers)

    @property
    def mean(self) -> float:
        """Followers of a user on average."""
        return self._followers_of_top(1.0)

    def followers_at(self, share_above: ArrayLike) -> NDArray[np.int64]:
        """Return the followers of users whom a share `share_above`, in (0, 1), has more than.

        >>> Quantiles.through([(0.9, 9), (1.0, 99)], users=100).followers_at([0.5, 0.1, 0.01])
        array([ 1,  9, 99])
        """
        heights = np.interp(
            -np.log(np.asarray(share_above, dtype=np.float64)),
            -np.log(self.shares_above),
            np.log1p(self.followers),
        )
        return np.rint(np.expm1(heights)).astype(np.int64)

    def share_with_at_least(self, followers: float) -> float:
        """Return the share of users who have `followers` followers or more."""
        if followers > self.followers[-1]:
            return 0.0
        for (above, few), (share, many) in pairwise(self._points()):
            if followers <= few:
                return above
            if followers <= many:
                steps = log((1 + followers) / (1 + few)) / log((1 + many) / (1 + few))
                return exp(log(above) + steps * log(share / above))
        return self.shares_above[-1]

    def mean_above(self, followers: float) -> float:
        """Return the followers per user, counting only users who have at least `followers`."""
        return self._followers_of_top(self.share_with_at_least(followers))

    def _points(self) -> Iterator[tuple[float, int]]:
        return zip(self.shares_above, self.followers, strict=True)

    def _followers_of_top(self, top: float) -> float:
        """Integrate the followers over the share above, from 0 to `top`."""
        total = min(top, self.shares_above[-1]) * self.followers[-1]
        for (above, few), (share, many) in pairwise(self._points()):
            exponent = log((1 + many) / (1 + few)) / log(above / share)
            begun = (1 + few) * above**exponent
            end = min(top, above)
            if end > share:
                total += begun * power_integral(share, end, exponent) - (end - share)
        return total
