"""How often a cache has what is asked for, when requests are independent of one another."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

_SUBSET_ITEMS_MAX = 20  # a million subsets


def lru_hit_ratio(shares: list[float], places: int) -> float:
    """Return the hit ratio of a cache that drops the least recently used; exact to rounding.

    `shares[i]` is the probability that a request is for item i (independent reference model);
    at most 20 items, all of one size.  The cache holds the first `places` distinct items looking
    back in time; which they are is found by adding one item after another to every subset.

    Source: W. F. King, "Analysis of Demand Paging Algorithms", IFIP Congress (1971).
    """
    popularity = _popularity(shares, places)
    if popularity.size > _SUBSET_ITEMS_MAX:
        raise ValueError(f"at most {_SUBSET_ITEMS_MAX} items, got {popularity.size}")
    if places >= popularity.size:
        return 1.0
    subsets = np.arange(2**popularity.size)
    asked = _subset_sums(popularity)
    sizes = np.bitwise_count(subsets)
    held = np.where(subsets == 0, 1.0, 0.0)  # probability that the cache holds just this subset
    for size in range(places):
        of_size = subsets[sizes == size]
        for item, share in enumerate(popularity):
            without = of_size[of_size & (1 << item) == 0]
            held[without | (1 << item)] += held[without] * share / (1 - asked[without])
    return float(np.dot(held, np.where(sizes == places, asked, 0.0)))


def lru_hit_ratio_approximation(shares: list[float], places: int) -> float:
    """Return about the hit ratio of a cache that drops the least recently used, for any size.

    Every item is taken to leave one fixed time after its last use.  The error shrinks as items
    become many and none dominates.

    Source: H. Che, Y. Tung & Z. Wang, "Hierarchical Web Caching Systems", IEEE J. Selected Areas
    in Communications 20 (2002); why it is good: C. Fricker, P. Robert & J. Roberts, "A Versatile
    and Accurate Approximation for LRU Cache Performance", ITC 24 (2012).
    """
    from scipy.optimize import brentq

    popularity = _popularity(shares, places)
    if places >= popularity.size:
        return 1.0

    def excess(requests: float) -> float:
        """Return by how much a cache with this stay, counted in requests, is too full."""
        return float(-np.expm1(-popularity * requests).sum()) - places

    longest = 1.0
    while excess(longest) < 0:
        longest *= 2
    stay = float(brentq(excess, 0.0, longest, xtol=1e-12, rtol=1e-12))
    return float(np.dot(popularity, -np.expm1(-popularity * stay)))


def ttl_hit_ratio(requests_per_s: list[float], ttl_s: float) -> float:
    """Return the hit ratio of a cache that keeps each item for a fixed time from its insertion.

    One rate of Poisson requests per item; a hit does not prolong the stay, and space is no limit.
    Of an item a miss is followed by λT hits on average, so λT / (1 + λT) of its requests hit.

    Source: J. Jung, A. W. Berger & H. Balakrishnan, "Modeling TTL-Based Internet Caches", IEEE
    INFOCOM (2003).  Exact.
    """
    rates = np.asarray(requests_per_s, dtype=np.float64)
    if rates.size == 0 or rates.min() < 0 or not rates.sum() > 0:
        raise ValueError(f"requests_per_s must be 0 or more, and not all 0, got {requests_per_s}")
    if not ttl_s >= 0:
        raise ValueError(f"ttl_s must be 0 or more, got {ttl_s!r}")
    hits = rates * ttl_s / (1 + rates * ttl_s)
    return float(np.dot(rates, hits) / rates.sum())


def _popularity(shares: list[float], places: int) -> NDArray[np.float64]:
    """Return the shares of the items that are ever asked for, if they are a distribution."""
    if places < 1:
        raise ValueError(f"places must be 1 or more, got {places}")
    if min(shares, default=-1.0) < 0 or not math.isclose(math.fsum(shares), 1.0):
        raise ValueError("shares must be probabilities that sum to 1")
    popularity = np.asarray(shares, dtype=np.float64)
    return popularity[popularity > 0]


def _subset_sums(popularity: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the summed share of every subset; bit i of its index says whether item i is in it."""
    sums = np.zeros(1)
    for share in popularity:
        sums = np.concatenate((sums, sums + share))
    return sums
