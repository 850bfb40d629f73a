"""The follower law: how many followers the user at a given place from the top has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.world.scenario import Followers

_BISECTIONS = 200  # more than the bits of a double


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowerLaw:
    """A power law with density exponent `alpha` from `scale` on, cut off at `cap` followers.

    Twitter's followers fit an exponent of 2.276 in the body (Kwak et al., "What is
    Twitter, a Social Network or a News Media?", WWW 2010).
    """

    alpha: float
    scale: float
    cap: int

    def followers_at(self, share_above: ArrayLike) -> NDArray[np.int64]:
        """Return the followers of users whom a share `share_above`, in (0, 1), has more than.

        >>> FollowerLaw(alpha=2.0, scale=3.0, cap=1000).followers_at([0.5, 0.01, 0.0001])
        array([   6,  300, 1000])
        """
        tail = np.asarray(share_above, dtype=np.float64) ** (-1 / (self.alpha - 1))
        return np.minimum(np.rint(self.scale * tail), self.cap).astype(np.int64)

    def share_with_at_least(self, followers: float) -> float:
        """Return the share of users who have `followers` followers or more."""
        if followers > self.cap:
            return 0.0
        return float(min(1.0, (self.scale / followers) ** (self.alpha - 1)))

    def mean_above(self, followers: float) -> float:
        """Return the followers per user, counting only users who have at least `followers`."""
        share = self.share_with_at_least(followers)
        return _mean_of_top(share, self.alpha, self.scale, self.cap)


def law_of(followers: Followers) -> FollowerLaw:
    """Return the law whose mean is the scenario's.

    Raises ValueError if no scale can reach that mean under the cap.
    """
    low, high = 0.0, float(followers.max)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if _mean_of_top(1.0, followers.alpha, middle, followers.max) < followers.mean:
            low = middle
        else:
            high = middle
    return FollowerLaw(alpha=followers.alpha, scale=high, cap=followers.max)


def _mean_of_top(share: float, alpha: float, scale: float, cap: float) -> float:
    """Integrate min(cap, scale * u**(-1/(alpha-1))) over u from 0 to `share`."""
    exponent = 1 / (alpha - 1)
    capped_share: float = min(share, (scale / cap) ** (1 / exponent))
    body = scale * (_power_integral(share, exponent) - _power_integral(capped_share, exponent))
    return capped_share * cap + body


def _power_integral(u: float, exponent: float) -> float:
    """Return the integral of x**-exponent from 1 to u, for u in (0, 1]."""
    if abs(exponent - 1) < 1e-12:
        return float(np.log(u)) if u > 0 else 0.0
    return float((u ** (1 - exponent) - 1) / (1 - exponent)) if u > 0 else 0.0
