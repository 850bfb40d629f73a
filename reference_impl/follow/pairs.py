"""Pairs of (follower, target): what a store of them promises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from model.rules.ids import logical_shard_of
from model.rules.sharding import LOGICAL_SHARD_COUNT
from reference_impl.chassis.errors import NotFound

FOLLOWEES_MAX = 5_000  # followed by one user, and so in one answer; Instagram stops at 7,500
FOLLOWERS_PAGE_MAX = 1_000  # followers in one answer: one fan-out chunk
IDS_MAX = 100  # users in one question about many: one page
BATCH_MAX = 500  # changes in one transaction: as many events as the relay takes at once
EVERY_SHARD = range(LOGICAL_SHARD_COUNT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A pair as it became; `version` counts the changes of this pair, from 1."""

    follower_id: int
    target_id: int
    following: bool
    version: int

    @property
    def pair(self) -> tuple[int, int]:
        """Return (follower, target)."""
        return self.follower_id, self.target_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Followees:
    """Whom somebody follows, in no promised order, after `seq` changes of their pairs."""

    ids: list[int]
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowerCount:
    """How many follow somebody; of two, the one with the higher version is newer."""

    followers: int
    version: int  # 0 for one whom nobody has followed yet, and where nobody counts the changes


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Changes of one follower that the targets' servers may not know; the last has count `upto`."""

    changes: list[Change]
    upto: int


class PairStore(Protocol):
    """Who follows whom, read in both directions.

    The follower's server has the truth.  Every change of a pair increments, in its transaction,
    the count of its follower's changes; what holds that count changes one at a time.
    """

    async def follow(self, follower_id: int, target_id: int) -> Change | None:
        """Make the pair followed, and write the event of it in the same transaction.

        Returns None, and writes nothing, if it already was.  Raises Conflict if the follower
        would follow more than FOLLOWEES_MAX, Forbidden while one has blocked the other, NotFound
        if the follower has departed.
        """

    async def end(self, pairs: Sequence[tuple[int, int]]) -> list[Change]:
        """Make these pairs, BATCH_MAX at most, followed no longer, and write the events of it.

        Returns the changes, none for a pair that was not followed.  The pairs of one server end
        in one transaction.
        """

    async def reflect(self, changes: Sequence[Change]) -> list[Change]:
        """Bring the targets' servers up to the changes that they do not know, or a newer version.

        A target's count of followers moves only when a pair really flips, and the event of it is
        written if that takes it into another bucket.  Returns those of the changes that follow
        somebody whose account was gone when that was done.
        """

    async def followees(self, follower_id: int) -> Followees:
        """Return whom the user follows, at most FOLLOWEES_MAX, as of one moment."""

    async def followees_since(self, follower_id: int, seq: int) -> Followees:
        """Return those of the followees whose pairs changed after `seq` changes, likewise.

        The user is among them if `look_for_own` came after `seq` changes.
        """

    async def look_for_own(self, follower_id: int) -> None:
        """Count a change that is of no pair: the user's timeline may lack the user's own posts."""

    async def backlog(self, follower_id: int) -> Backlog:
        """Return the oldest changes, BATCH_MAX at most, that are not noted as reflected."""

    async def note_reflected(self, follower_id: int, upto: int) -> None:
        """Remember that the targets' servers know the follower's changes up to this count."""

    async def followed_among(self, follower_id: int, ids: Sequence[int]) -> list[int]:
        """Return those of the ids whom the user follows."""

    async def followees_page(self, follower_id: int, *, after: int, limit: int) -> list[int]:
        """Return the first `limit` followees with an id above `after`, ascending."""

    async def followers(
        self, target_id: int, *, after: int, limit: int, shards: range = EVERY_SHARD
    ) -> list[int]:
        """Return the first `limit` followers in these logical shards that come after `after`.

        Their order is that of (logical shard, id); `after` 0 comes before all.
        """

    async def follower_count(self, target_id: int) -> int:
        """Return how many follow the user; 0 for one whom nobody follows, or who is unknown."""

    async def follower_counts(self, ids: Sequence[int]) -> dict[int, FollowerCount]:
        """Return how many follow each of these; whom nobody ever followed may be left out."""

    async def depart(self, user_id: int) -> None:
        """Remember that the user's account is gone: from here on they follow and block nobody."""


def place_of(follower_id: int) -> tuple[int, int]:
    """Return what followers are ordered by."""
    return logical_shard_of(follower_id), follower_id


def place_before(after: int, shards: range) -> tuple[int, int]:
    """Return the place after which a page of followers in these shards begins."""
    first = (shards.start, -1)
    return max(first, place_of(after)) if after else first


def unknown(user_id: int) -> NotFound:
    """Return the refusal that the user service gives for a user who does not exist."""
    return NotFound(f"no user {user_id}")
