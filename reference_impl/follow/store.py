"""Pairs and blocks in PostgreSQL, each kept by the server that owns its first user."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from reference_impl.chassis.databases import Connection, ShardedDatabase, load_queries
from reference_impl.chassis.errors import Conflict
from reference_impl.follow.blocks import BLOCKED_MAX, Block
from reference_impl.follow.pairs import (
    BATCH_MAX,
    EVERY_SHARD,
    FOLLOWEES_MAX,
    Backlog,
    Change,
    Followees,
    FollowerCount,
    unknown,
)
from reference_impl.follow.reverse import LAYOUTS, Reverse, column
from reference_impl.follow.writing import PairWriter, tell

Item = TypeVar("Item")
Parameters = dict[str, Any]


class PostgresFollowStore:
    """A FollowStore on the user databases; see schema.sql for the tables.

    `kept` is the layout: "both" directions, or by "follower" only (see `reverse`).
    """

    def __init__(self, database: ShardedDatabase, *, kept: str = "both") -> None:
        self._database = database
        self._queries = load_queries("reference_impl.follow")
        self._writer = PairWriter(self._queries)
        self._reverse: Reverse = LAYOUTS[kept](database, self._queries)

    async def follow(self, follower_id: int, target_id: int) -> Change | None:
        """See PairStore."""
        async with (
            self._database.connection_of_id(follower_id) as connection,
            connection.transaction(),
        ):
            await self._writer.lock(connection, [follower_id])
            return await self._writer.follow(connection, follower_id, target_id)

    async def end(self, pairs: Sequence[tuple[int, int]]) -> list[Change]:
        """See PairStore."""
        by_server = self._by_server(pairs, lambda pair: pair[0])
        ended = await asyncio.gather(
            *(self._end_on(server, owned) for server, owned in by_server.items())
        )
        return [change for changes in ended for change in changes]

    async def _end_on(self, server: int, pairs: Sequence[tuple[int, int]]) -> list[Change]:
        async with self._database.connection(server) as connection, connection.transaction():
            await self._writer.lock(connection, (follower_id for follower_id, _ in pairs))
            return await self._writer.end(connection, pairs)

    async def reflect(self, changes: Sequence[Change]) -> list[Change]:
        """See PairStore."""
        newest = {change.pair: change for change in sorted(changes, key=lambda each: each.version)}
        by_server = self._by_server(newest.values(), lambda change: change.target_id)
        too_late = await asyncio.gather(
            *(self._reflect_on(server, owned) for server, owned in by_server.items())
        )
        return [change for late in too_late for change in late]

    async def _reflect_on(self, server: int, changes: Sequence[Change]) -> list[Change]:
        """Reflect, and only then look who has departed: not in one statement, nor before."""
        await self._reverse.reflect(server, changes)
        targets = [change.target_id for change in changes if change.following]
        if not targets:
            return []
        query, parameters = self._queries["departed_among"], {"ids": targets}
        departed = set(await column(self._database, server, query, parameters))
        return [change for change in changes if change.following and change.target_id in departed]

    async def followees(self, follower_id: int) -> Followees:
        """See PairStore."""
        parameters = {"follower_id": follower_id, "limit": FOLLOWEES_MAX}
        [(ids, seq)] = await self._rows(follower_id, "followees", parameters)
        return Followees(ids=ids, seq=seq)

    async def followees_since(self, follower_id: int, seq: int) -> Followees:
        """See PairStore."""
        parameters = {"follower_id": follower_id, "since": seq, "limit": FOLLOWEES_MAX}
        [(ids, seq)] = await self._rows(follower_id, "followees_since", parameters)
        return Followees(ids=ids, seq=seq)

    async def look_for_own(self, follower_id: int) -> None:
        """See PairStore."""
        async with self._database.connection_of_id(follower_id) as connection:
            await connection.execute(self._queries["look_for_own"], {"follower_id": follower_id})

    async def backlog(self, follower_id: int) -> Backlog:
        """See PairStore; where nothing is mirrored, nothing can be behind."""
        if not self._reverse.is_mirror:
            return Backlog(changes=[], upto=0)
        parameters = {"follower_id": follower_id, "limit": BATCH_MAX}
        rows = await self._rows(follower_id, "backlog", parameters)
        changes = [
            Change(follower_id=follower_id, target_id=target, following=following, version=version)
            for target, following, version, _ in rows
        ]
        return Backlog(changes=changes, upto=rows[-1][3] if rows else 0)

    async def note_reflected(self, follower_id: int, upto: int) -> None:
        """See PairStore."""
        async with self._database.connection_of_id(follower_id) as connection:
            await connection.execute(
                self._queries["note_reflected"], {"follower_id": follower_id, "upto": upto}
            )

    async def followed_among(self, follower_id: int, ids: Sequence[int]) -> list[int]:
        """See PairStore."""
        parameters = {"follower_id": follower_id, "ids": list(ids)}
        return await self._column(follower_id, "followed_among", parameters)

    async def followees_page(self, follower_id: int, *, after: int, limit: int) -> list[int]:
        """See PairStore."""
        parameters = {"follower_id": follower_id, "after": after, "limit": limit}
        return await self._column(follower_id, "followees_page", parameters)

    async def followers(
        self, target_id: int, *, after: int, limit: int, shards: range = EVERY_SHARD
    ) -> list[int]:
        """See PairStore."""
        return await self._reverse.followers(target_id, after=after, limit=limit, shards=shards)

    async def follower_count(self, target_id: int) -> int:
        """See PairStore."""
        return await self._reverse.follower_count(target_id)

    async def follower_counts(self, ids: Sequence[int]) -> dict[int, FollowerCount]:
        """See PairStore."""
        return await self._reverse.follower_counts(ids)

    async def depart(self, user_id: int) -> None:
        """See PairStore."""
        async with self._database.connection_of_id(user_id) as connection, connection.transaction():
            await self._writer.lock(connection, [user_id])
            await connection.execute(self._queries["depart"], {"user_id": user_id})

    async def block(self, user_id: int, target_id: int) -> tuple[Block, list[Change]]:
        """See BlockStore."""
        pair = {"user_id": user_id, "target_id": target_id}
        async with self._database.connection_of_id(user_id) as connection, connection.transaction():
            await self._writer.lock(connection, [user_id])
            version = await self._number(connection, "block", {**pair, "blocked_max": BLOCKED_MAX})
            if version is None:
                return await self._standing_block(connection, pair), []
            block = Block(**pair, blocked=True, version=version)
            await tell(connection, [block])
            return block, await self._writer.end(connection, [(user_id, target_id)])

    async def _standing_block(self, connection: Connection, pair: dict[str, int]) -> Block:
        """Return the block that is there already; say why none could be made if there is none."""
        block = await self._block_as_it_is(connection, pair)
        if block is not None and block.blocked:
            return block
        if await self._number(connection, "has_departed", pair):
            raise unknown(pair["user_id"])
        raise Conflict(f"at most {BLOCKED_MAX} can be blocked by one user")

    async def unblock(self, user_id: int, target_id: int) -> Block | None:
        """See BlockStore."""
        pair = {"user_id": user_id, "target_id": target_id}
        async with self._database.connection_of_id(user_id) as connection, connection.transaction():
            await self._writer.lock(connection, [user_id])
            version = await self._number(connection, "unblock", pair)
            if version is None:
                return await self._block_as_it_is(connection, pair)
            block = Block(**pair, blocked=False, version=version)
            await tell(connection, [block])
            return block

    async def mirror_block(self, block: Block) -> list[Change]:
        """See BlockStore; a block that was lifted before it was known has ended the follow too."""
        pair = {"user_id": block.user_id, "target_id": block.target_id}
        state = {**pair, "blocked": block.blocked, "version": block.version}
        async with (
            self._database.connection_of_id(block.target_id) as connection,
            connection.transaction(),
        ):
            await self._writer.lock(connection, [block.target_id])
            known = await self._number(connection, "version_of_mirrored_block", pair) or 0
            if known >= block.version:
                return []
            await connection.execute(self._queries["mirror_block"], state)
            if not block.blocked and known == block.version - 1:
                return []
            return await self._writer.end(connection, [(block.target_id, block.user_id)])

    async def hidden_among(self, user_id: int, ids: Sequence[int]) -> list[int]:
        """See BlockStore."""
        return await self._column(user_id, "hidden_among", {"user_id": user_id, "ids": list(ids)})

    async def blocked_page(self, user_id: int, *, after: int, limit: int) -> list[int]:
        """See BlockStore."""
        parameters = {"user_id": user_id, "after": after, "limit": limit}
        return await self._column(user_id, "blocked_page", parameters)

    async def blockers_page(self, user_id: int, *, after: int, limit: int) -> list[int]:
        """See BlockStore."""
        parameters = {"user_id": user_id, "after": after, "limit": limit}
        return await self._column(user_id, "blockers_page", parameters)

    async def _block_as_it_is(self, connection: Connection, pair: dict[str, int]) -> Block | None:
        rows = await connection.execute(self._queries["block_as_it_is"], pair)
        row = await rows.fetchone()
        return None if row is None else Block(**pair, blocked=row[0], version=row[1])

    async def _number(
        self, connection: Connection, query: str, parameters: Parameters
    ) -> int | None:
        rows = await connection.execute(self._queries[query], parameters)
        row = await rows.fetchone()
        return None if row is None else int(row[0])

    async def _rows(
        self, owner_id: int, query: str, parameters: Parameters
    ) -> list[tuple[Any, ...]]:
        async with self._database.connection_of_id(owner_id) as connection:
            rows = await connection.execute(self._queries[query], parameters)
            return await rows.fetchall()

    async def _column(self, owner_id: int, query: str, parameters: Parameters) -> list[int]:
        server = self._database.table.server_of_id(owner_id)
        return await column(self._database, server, self._queries[query], parameters)

    def _by_server(
        self, items: Iterable[Item], owner_of: Callable[[Item], int]
    ) -> dict[int, list[Item]]:
        by_server: dict[int, list[Item]] = {}
        for item in items:
            server = self._database.table.server_of_id(owner_of(item))
            by_server.setdefault(server, []).append(item)
        return by_server
