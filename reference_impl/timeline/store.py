"""Timelines in Valkey: sorted sets of post ids, each on the server that owns its user.

A member is the id as 8 big-endian bytes, its score the milliseconds that the id carries: so
the order by score, then by bytes, is the order by id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from importlib.resources import files

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from model.rules.ids import created_ms_of
from reference_impl.chassis.keyvalue import ShardedValkey, visiting
from reference_impl.timeline.merge_authors import MergeAuthors

STATION = "timeline_store"
ID_BYTES = 8
FUNCTION = "feedtwin_deliver"  # of deliver.lua


class ValkeyTimelineStore:
    """A TimelineStore on Valkey; each timeline keeps the newest `cap` posts."""

    def __init__(self, servers: ShardedValkey, *, cap: int) -> None:
        self._servers = servers
        self._cap = cap
        self._merge_authors = MergeAuthors(servers.servers[0])
        self._library = files("reference_impl.timeline").joinpath("deliver.lua").read_text()

    async def timeline(self, user_id: int, *, before: int | None, limit: int) -> list[int]:
        """See TimelineStore."""
        server, key = self._servers.of_id(user_id), timeline_key(user_id)
        [posts] = await self._newest(server, [key], before, limit)
        return posts

    async def merge_authors(self) -> frozenset[int]:
        """See TimelineStore."""
        return await self._merge_authors.read()

    async def merged_posts(
        self, author_ids: Collection[int], *, before: int | None, limit: int
    ) -> list[list[int]]:
        """See TimelineStore; one pipeline per server, all at once."""
        keys_of_server: dict[Redis, list[str]] = {}
        for author_id in author_ids:
            server = self._servers.of_id(author_id)
            keys_of_server.setdefault(server, []).append(merged_key(author_id))
        found = await asyncio.gather(
            *(self._newest(*asked, before, limit) for asked in keys_of_server.items())
        )
        return [posts for lists in found for posts in lists]

    async def deliver(self, post_id: int, *, user_ids: list[int]) -> None:
        """See TimelineStore; one call of one server."""
        keys = [timeline_key(user_id) for user_id in user_ids]
        await self._insert(post_id, self._servers.of_id(user_ids[0]), keys)

    async def keep_for_merging(self, post_id: int, *, author_id: int) -> None:
        """See TimelineStore."""
        await asyncio.gather(
            self._insert(post_id, self._servers.of_id(author_id), [merged_key(author_id)]),
            self._merge_authors.add(author_id),
        )

    async def load_function(self) -> None:
        """Bring every server to this version of deliver.lua."""
        for server in self._servers.servers:
            with visiting(STATION):
                await server.function_load(self._library, replace=True)

    async def _newest(
        self, server: Redis, keys: list[str], before: int | None, limit: int
    ) -> list[list[int]]:
        windows = list(_windows(before, limit, self._cap))
        with visiting(STATION):
            async with server.pipeline(transaction=False) as pipeline:
                for key in keys:
                    for newest, oldest, count in windows:
                        pipeline.zrange(
                            key, newest, oldest, desc=True, byscore=True, offset=0, num=count
                        )
                answers = await pipeline.execute()
        per_key = (answers[at : at + len(windows)] for at in range(0, len(answers), len(windows)))
        return [_below(before, part)[:limit] for part in per_key]

    async def _insert(self, post_id: int, server: Redis, keys: list[str]) -> None:
        arguments = (*keys, created_ms_of(post_id), post_id.to_bytes(ID_BYTES), self._cap)
        with visiting(STATION):
            try:
                await server.fcall(FUNCTION, len(keys), *arguments)
            except ResponseError as error:
                if "Function not found" not in str(error):
                    raise
                await server.function_load(self._library, replace=True)  # it came back without
                await server.fcall(FUNCTION, len(keys), *arguments)


def timeline_key(user_id: int) -> str:
    """Return the key of what was delivered to the user."""
    return f"timeline:{{{user_id}}}"


def merged_key(author_id: int) -> str:
    """Return the key of what the author's followers merge."""
    return f"merged:{{{author_id}}}"


def _windows(before: int | None, limit: int, cap: int) -> Iterator[tuple[str, str, int]]:
    """Yield ranges of scores, from and to, and how many members of each are wanted.

    Posts of the same millisecond as `before` may lie on either side of it, so all of those
    are read, and a full page below them.
    """
    if before is None:
        yield "+inf", "-inf", limit
    else:
        created_ms = created_ms_of(before)
        yield str(created_ms), str(created_ms), cap
        yield f"({created_ms}", "-inf", limit


def _below(before: int | None, ranges: list[list[bytes]]) -> list[int]:
    posts = (int.from_bytes(member) for members in ranges for member in members)
    return [post for post in posts if before is None or post < before]
