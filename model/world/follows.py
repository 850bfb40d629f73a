"""Who follows whom: as an edge list says, or drawn by the laws of the scenario."""

from __future__ import annotations

from dataclasses import dataclass
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
    line = Line.of(lognormal(people.followers.followees_spread, u))
    blocks = [_followers_of_block(seed, first, counts, line) for first in range(0, users, _BLOCK)]
    return counts, np.concatenate(blocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Users side by side, each as wide as their chance to be drawn.

    A place is looked for from the user on at which its cell begins, of about as many equal cells
    as there are users.  Source: Chen & Asau, "On generating random variates from an empirical
    distribution", AIIE Transactions 6 (1974).
    """

    ends: NDArray[np.float64]
    begins_in: NDArray[np.int32]  # by cell: the user at its beginning

    @classmethod
    def of(cls, widths: NDArray[np.float64]) -> Line:
        """Return the line of users of these widths."""
        ends = np.cumsum(widths)
        cells = 1 << (len(widths) - 1).bit_length()  # a power of 2: a chance's cell is exact
        places = np.arange(cells) / cells * ends[-1]
        begins_in = np.searchsorted(ends, places, side="right").astype(np.int32)
        return cls(ends=ends, begins_in=begins_in)

    def __len__(self) -> int:
        """Return the number of users."""
        return len(self.ends)

    @property
    def widths(self) -> NDArray[np.float64]:
        """The width of each user."""
        return np.diff(self.ends, prepend=0.0)

    def at(self, u: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the users at these shares of the line, in (0, 1)."""
        users = self.begins_in[(u * len(self.begins_in)).astype(np.int64)].astype(np.int64)
        places, last = u * self.ends[-1], len(self) - 1
        ahead = np.flatnonzero((self.ends[users] <= places) & (users < last))
        while len(ahead):
            users[ahead] += 1
            later = (self.ends[users[ahead]] <= places[ahead]) & (users[ahead] < last)
            ahead = ahead[later]
        return users


def _followers_of_block(
    seed: int, first: int, counts: NDArray[np.int64], line: Line
) -> NDArray[np.int64]:
    """Draw the followers of some users from `first` on: most of them at once, as `_followers`."""
    users, counts = len(counts), counts[first : first + _BLOCK]
    block = np.arange(first, first + len(counts))
    targets, starts = np.repeat(block, counts), np.cumsum(counts) - counts
    draws = np.arange(len(targets)) - np.repeat(starts, counts)
    chosen = line.at(chance.u_block(seed, 0, targets, _FOLLOWER, 0, 0, draws))
    wrong = np.union1d(block[_are_famous(counts, users)], targets[chosen == targets])
    for user in np.union1d(wrong, _repeated(targets * users + chosen) // users).tolist():
        own = slice(starts[user - first], starts[user - first] + counts[user - first])
        chosen[own] = _followers(seed, user, chosen[own], line)
    return chosen


def _followers(seed: int, user: int, drawn: NDArray[np.int64], line: Line) -> NDArray[np.int64]:
    """Return as many different users other than `user` as were `drawn`, and drawn after these."""
    count = len(drawn)
    if _are_famous(count, len(line)):
        return _followers_of_famous(seed, user, count, line)
    draws, found = count, _different(drawn[drawn != user], len(line))
    while len(found) < count:
        wanted = 2 * (count - len(found)) + 8
        u = chance.u_block(seed, 0, user, _FOLLOWER, 0, 0, np.arange(draws, draws + wanted))
        more = line.at(u)
        draws += wanted
        found = _different(np.concatenate((found, more[more != user])), len(line))
    return found[:count]


def _different(values: NDArray[np.int64], below: int) -> NDArray[np.int64]:
    """Return values, all `below` a number, each once and where it comes first."""
    places = np.arange(len(values))
    first = np.empty(below, dtype=np.int64)
    first[values[::-1]] = places[::-1]  # of equal ones the last assignment stays
    different: NDArray[np.int64] = values[first[values] == places]
    return different


def _followers_of_famous(seed: int, user: int, count: int, line: Line) -> NDArray[np.int64]:
    """Draw as `_followers`, with one random number for each user there is.

    Source: Efraimidis & Spirakis, "Weighted random sampling with a reservoir", Information
    Processing Letters 97 (2006).
    """
    u = chance.u_block(seed, 0, user, _FOLLOWER, 0, 0, np.arange(len(line)))
    turns = -np.log(u) / line.widths
    turns[user] = np.inf
    first: NDArray[np.int64] = np.argsort(turns, kind="stable")[:count]
    return first


def _are_famous(counts: NDArray[np.int64] | int, users: int) -> NDArray[np.bool_]:
    return np.asarray(counts) > _FAMOUS_SHARE * users


def _repeated(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the values that occur again."""
    ordered = np.sort(values)
    again: NDArray[np.int64] = ordered[1:][np.diff(ordered) == 0]
    return again
