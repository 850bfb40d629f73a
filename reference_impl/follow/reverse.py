"""Where the followers of a target are found: the two layouts in which pairs can be kept."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from heapq import merge
from itertools import islice
from typing import Any, Protocol

from model.rules.followers import FOLLOWERS_BOUNDS
from reference_impl.chassis.databases import ShardedDatabase
from reference_impl.chassis.events import USER_EVENTS
from reference_impl.follow.pairs import Change, FollowerCount, place_before, place_of


class Reverse(Protocol):
    """The pairs, read by target."""

    is_mirror: bool  # whether it has rows of its own, which must be brought up to the pairs

    async def reflect(self, server: int, changes: Sequence[Change]) -> None:
        """Bring one server up to changes of pairs whose targets it owns, at most one per pair."""

    async def followers(
        self, target_id: int, *, after: int, limit: int, shards: range
    ) -> list[int]:
        """See PairStore."""

    async def follower_count(self, target_id: int) -> int:
        """See PairStore."""

    async def follower_counts(self, ids: Sequence[int]) -> dict[int, FollowerCount]:
        """See PairStore."""


class OnTargetsServer:
    """A mirror of the pairs, and a count, on the server that owns the target: one is asked."""

    is_mirror = True

    def __init__(self, database: ShardedDatabase, queries: dict[str, str]) -> None:
        self._database = database
        self._queries = queries

    async def reflect(self, server: int, changes: Sequence[Change]) -> None:
        """See Reverse."""
        parameters = {
            "target_ids": [change.target_id for change in changes],
            "follower_ids": [change.follower_id for change in changes],
            "following": [change.following for change in changes],
            "versions": [change.version for change in changes],
            "stream": USER_EVENTS,
            "bounds": list(FOLLOWERS_BOUNDS),
        }
        async with self._database.connection(server) as connection:
            await connection.execute(self._queries["reflect"], parameters)

    async def followers(
        self, target_id: int, *, after: int, limit: int, shards: range
    ) -> list[int]:
        """See PairStore."""
        parameters = page_of_followers(target_id, after=after, limit=limit, shards=shards)
        return await self._column(target_id, "followers", parameters)

    async def follower_count(self, target_id: int) -> int:
        """See PairStore."""
        counts = await self._column(target_id, "follower_count", {"target_id": target_id})
        return counts[0] if counts else 0

    async def follower_counts(self, ids: Sequence[int]) -> dict[int, FollowerCount]:
        """See PairStore."""
        query = self._queries["follower_counts"]
        by_server = self._database.table.ids_by_server(ids)
        found = await asyncio.gather(
            *(
                rows_of(self._database, server, query, {"ids": owned})
                for server, owned in by_server.items()
            )
        )
        return {
            target_id: FollowerCount(followers=count, version=version)
            for rows in found
            for target_id, count, version in rows
        }

    async def _column(self, target_id: int, query: str, parameters: dict[str, int]) -> list[int]:
        server = self._database.table.server_of_id(target_id)
        return await column(self._database, server, self._queries[query], parameters)


class OnFollowersServers:
    """No mirror: every server is asked for those of its own users who follow the target.

    Nobody keeps a count, so nobody is told when it crosses a bound.
    """

    is_mirror = False

    def __init__(self, database: ShardedDatabase, queries: dict[str, str]) -> None:
        self._database = database
        self._queries = queries

    async def reflect(self, server: int, changes: Sequence[Change]) -> None:
        """Write nothing: what is read is the truth itself."""

    async def followers(
        self, target_id: int, *, after: int, limit: int, shards: range
    ) -> list[int]:
        """See PairStore; only servers that own one of the shards still to come are asked."""
        first, _ = place_before(after, shards)
        servers = {self._database.table.owners[shard] for shard in range(first, shards.stop)}
        parameters = page_of_followers(target_id, after=after, limit=limit, shards=shards)
        query = self._queries["followers_on_one_server"]
        pages = await asyncio.gather(
            *(column(self._database, server, query, parameters) for server in sorted(servers))
        )
        return list(islice(merge(*pages, key=place_of), limit))

    async def follower_count(self, target_id: int) -> int:
        """See PairStore."""
        query, parameters = self._queries["follower_count_on_one_server"], {"target_id": target_id}
        counts = await asyncio.gather(
            *(
                column(self._database, server, query, parameters)
                for server in self._database.servers
            )
        )
        return sum(count for [count] in counts)

    async def follower_counts(self, ids: Sequence[int]) -> dict[int, FollowerCount]:
        """See PairStore; nothing counts the changes, so none has a version."""
        query, parameters = self._queries["follower_counts_on_one_server"], {"ids": list(ids)}
        found = await asyncio.gather(
            *(
                rows_of(self._database, server, query, parameters)
                for server in self._database.servers
            )
        )
        sums: Counter[int] = Counter()
        for rows in found:
            sums.update(dict(rows))
        return {target: FollowerCount(followers=sums[target], version=0) for target in ids}


LAYOUTS: dict[str, type[OnTargetsServer] | type[OnFollowersServers]] = {
    "both": OnTargetsServer,
    "follower": OnFollowersServers,
}


def page_of_followers(target_id: int, *, after: int, limit: int, shards: range) -> dict[str, int]:
    """Return the parameters of the queries for a page of followers."""
    shard, last = place_before(after, shards)
    return {
        "target_id": target_id,
        "shard": shard,
        "after": last,
        "last_shard": shards.stop - 1,
        "limit": limit,
    }


async def column(
    database: ShardedDatabase, server: int, query: str, parameters: dict[str, Any]
) -> list[int]:
    """Return the numbers that a query of one column answers."""
    return [number for (number,) in await rows_of(database, server, query, parameters)]


async def rows_of(
    database: ShardedDatabase, server: int, query: str, parameters: dict[str, Any]
) -> list[tuple[Any, ...]]:
    """Return the rows that a query answers."""
    async with database.connection(server) as connection:
        rows = await connection.execute(query, parameters)
        return await rows.fetchall()
