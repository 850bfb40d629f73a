"""How many followers are worth telling: a count matters by its power of two."""

from __future__ import annotations

from bisect import bisect_right

FOLLOWERS_BOUNDS = tuple(1 << power for power in range(40))  # the last is above all mankind


def followers_bucket(followers: int) -> int:
    """Return the bucket of a count: 0 for none, then one more with every power of two reached.

    Search ranks by it, and whoever keeps a count tells of it only when its bucket changes.  One
    follower who comes and goes at a bound is told of each time: whoever was told last knows the
    bucket of now.  The same as PostgreSQL's `width_bucket(followers, FOLLOWERS_BOUNDS)`.

    >>> [followers_bucket(followers) for followers in (0, 1, 2, 3, 4, 1_000_000)]
    [0, 1, 2, 2, 3, 20]
    """
    return bisect_right(FOLLOWERS_BOUNDS, followers)
