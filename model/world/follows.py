"""Who follows whom: as an edge list says, or drawn by the laws of the scenario."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.world import chance
from model.world.activity import lognormal
from model.world.followers import law_of
from model.world.followers.edges import follower_counts, read_edges
from model.world.scenario.people import People

_RANK, _FOLLOWER, _FOLLOWING = 1, 3, 7  # what a random number is for
_BLOCK = 10_000  # users whose followers are drawn at once
_FAMOUS_SHARE = 0.1  # of all users, from which on nearly as many draws would be in vain


def follows_of(people: People, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how many followers each user has, and who: of user 0, then of user 1, and so on.

    Users are drawn as followers in proportion to how much they follow, which differs as
    `followers.followees_spread` says.  Whom one follows does not matter.
    """
    if (file := people.followers.edges) is not None:
        edges = read_edges(Path(file), users=people.users)
        return follower_counts(edges, people.users), edges[:, 0]
    users = people.users
    everyone = np.arange(users)
    places = np.argsort(chance.u_block(seed, 0, everyone, _RANK, 0, 0, 0), kind="stable")
    counts = np.empty(users, dtype=np.int64)
    counts[places] = np.minimum(law_of(people).followers_at((everyone + 0.5) / users), users - 1)
    u = chance.u_block(seed, 0, everyone, _FOLLOWING, 0, 0, 0)
    ends = np.cumsum(lognormal(people.followers.followees_spread, u))
    blocks = [_followers_of_block(seed, first, counts, ends) for first in range(0, users, _BLOCK)]
    return counts, np.concatenate(blocks)


def _followers_of_block(
    seed: int, first: int, counts: NDArray[np.int64], ends: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Draw the followers of some users from `first` on: most of them at once, as `_followers`."""
    users, counts = len(counts), counts[first : first + _BLOCK]
    block = np.arange(first, first + len(counts))
    targets, starts = np.repeat(block, counts), np.cumsum(counts) - counts
    draws = np.arange(len(targets)) - np.repeat(starts, counts)
    chosen = _someone(chance.u_block(seed, 0, targets, _FOLLOWER, 0, 0, draws), ends)
    wrong = np.union1d(block[_are_famous(counts, users)], targets[chosen == targets])
    for user in np.union1d(wrong, _repeated(targets * users + chosen) // users).tolist():
        start, count = starts[user - first], int(counts[user - first])
        chosen[start : start + count] = _followers(seed, user, count, ends)
    return chosen


def _followers(seed: int, user: int, count: int, ends: NDArray[np.float64]) -> NDArray[np.int64]:
    """Draw `count` different users other than `user`, one after another among those left."""
    if _are_famous(count, len(ends)):
        return _followers_of_famous(seed, user, count, ends)
    found = np.empty(0, dtype=np.int64)
    drawn = 0
    while len(found) < count:
        wanted = 2 * (count - len(found)) + 8
        draws = np.arange(drawn, drawn + wanted)
        drawn += wanted
        more = _someone(chance.u_block(seed, 0, user, _FOLLOWER, 0, 0, draws), ends)
        both = np.concatenate((found, more[more != user]))
        first_places = np.unique(both, return_index=True)[1]
        found = both[np.sort(first_places)]
    return found[:count]


def _followers_of_famous(
    seed: int, user: int, count: int, ends: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Draw as `_followers`, with one random number for each user there is.

    Source: Efraimidis & Spirakis, "Weighted random sampling with a reservoir", Information
    Processing Letters 97 (2006).
    """
    u = chance.u_block(seed, 0, user, _FOLLOWER, 0, 0, np.arange(len(ends)))
    turns = -np.log(u) / np.diff(ends, prepend=0.0)
    turns[user] = np.inf
    first: NDArray[np.int64] = np.argsort(turns, kind="stable")[:count]
    return first


def _are_famous(counts: NDArray[np.int64] | int, users: int) -> NDArray[np.bool_]:
    return np.asarray(counts) > _FAMOUS_SHARE * users


def _someone(u: NDArray[np.float64], ends: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the users whose part of the line, which ends at `ends`, the chances fall into."""
    users: NDArray[np.int64] = np.searchsorted(ends, u * ends[-1], side="right")
    return users


def _repeated(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the values that occur again."""
    ordered = np.sort(values)
    again: NDArray[np.int64] = ordered[1:][np.diff(ordered) == 0]
    return again
