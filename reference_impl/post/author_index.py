"""Which posts each author has, in PostgreSQL, on the servers that own the authors."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from heapq import merge
from itertools import chain, islice
from math import ceil, sqrt
from typing import Any

from psycopg.errors import UniqueViolation

from model.rules.ids import ID_MAX
from model.rules.influencers import Delivery
from reference_impl.chassis.databases import ShardedDatabase, load_queries
from reference_impl.post.authors import Entry
from reference_impl.post.posts import Post

Row = tuple[Any, ...]

FORGOTTEN_MAX = 10_000  # requests in one statement


class PostgresAuthorIndex:
    """An AuthorIndex on the post databases; see schema.sql for the tables."""

    def __init__(self, database: ShardedDatabase) -> None:
        self._database = database
        self._queries = load_queries("reference_impl.post")

    async def add(self, post: Post, request: bytes | None = None) -> Entry | None:
        """See AuthorIndex; one statement, and so one transaction."""
        entry = {
            "user_id": post.user_id,
            "post_id": post.post_id,
            "delivery": post.delivery.value,
            "request": request,
        }
        query = "index" if request is None else "index_once"
        try:
            rows = await self._rows_of(post.user_id, query, entry)
        except UniqueViolation:
            return None
        return next((Entry(post_id=of, delivery=Delivery(how)) for of, how in rows), None)

    async def withdraw(self, post: Post, request: bytes | None) -> None:
        """See AuthorIndex; one statement, and so one transaction."""
        entry = {"user_id": post.user_id, "post_id": post.post_id, "request": request}
        async with self._database.connection_of_id(post.user_id) as connection:
            await connection.execute(self._queries["withdraw"], entry)

    async def remove(self, user_id: int, post_ids: Sequence[int]) -> None:
        """See AuthorIndex."""
        asked = {"user_id": user_id, "post_ids": list(post_ids)}
        async with self._database.connection_of_id(user_id) as connection:
            await connection.execute(self._queries["unindex"], asked)

    async def newest_delivery(self, user_id: int) -> Delivery | None:
        """See AuthorIndex."""
        rows = await self._rows_of(user_id, "newest_delivery", {"user_id": user_id})
        return Delivery(rows[0][0]) if rows else None

    async def newest(
        self,
        author_ids: Collection[int],
        *,
        before: int | None,
        limit: int,
        deliveries: Collection[Delivery] = tuple(Delivery),
    ) -> list[int]:
        """See AuthorIndex."""
        asked = {
            "before": ID_MAX if before is None else before,
            "limit": limit,
            "few": few_of(limit, len(author_ids)),
            "deliveries": _names_of(deliveries),
        }
        found = await self._rows_by_author("newest", author_ids, asked)
        return list(islice(merge(*map(_firsts, found), reverse=True), limit))

    async def newest_of_each(
        self, author_ids: Collection[int], *, limit: int, deliveries: Collection[Delivery]
    ) -> dict[int, list[int]]:
        """See AuthorIndex."""
        asked = {"limit": limit, "deliveries": _names_of(deliveries)}
        found = await self._rows_by_author("newest_of_each", author_ids, asked)
        return dict(chain.from_iterable(found))

    async def counts(
        self, author_ids: Collection[int], *, since: int, count_max: int
    ) -> dict[int, int]:
        """See AuthorIndex."""
        asked = {"since": since, "count_max": count_max}
        found = await self._rows_by_author("counts", author_ids, asked)
        return dict(chain.from_iterable(found))

    async def merge_authors(self, *, after: int, limit: int) -> list[int]:
        """See AuthorIndex; every server is asked at once."""
        asked = {"after": after, "limit": limit}
        servers = self._database.servers
        found = await asyncio.gather(
            *(self._rows(server, "merge_authors", asked) for server in servers)
        )
        return list(islice(merge(*map(_firsts, found)), limit))

    async def forget(self, user_id: int) -> None:
        """See AuthorIndex; requests go in parts, as a statement may not last long."""
        asked = {"user_id": user_id, "limit": FORGOTTEN_MAX}
        async with self._database.connection_of_id(user_id) as connection:
            while (await connection.execute(self._queries["forget_requests"], asked)).rowcount:
                pass
            await connection.execute(self._queries["forget"], asked)

    async def _rows_by_author(
        self, query: str, author_ids: Collection[int], asked: Mapping[str, object]
    ) -> list[list[Row]]:
        """Ask every server that owns some of the authors, all at once, about those it owns."""
        owned = self._database.table.ids_by_server(sorted(set(author_ids)))
        return await asyncio.gather(
            *(
                self._rows(server, query, {**asked, "author_ids": some})
                for server, some in owned.items()
            )
        )

    async def _rows_of(self, user_id: int, query: str, asked: Mapping[str, object]) -> list[Row]:
        return await self._rows(self._database.table.server_of_id(user_id), query, asked)

    async def _rows(self, server: int, query: str, asked: Mapping[str, object]) -> list[Row]:
        async with self._database.connection(server) as connection:
            return await (await connection.execute(self._queries[query], asked)).fetchall()


def few_of(limit: int, author_count: int) -> int:
    """Return how many posts of each author are read at first, to find `limit` of them all.

    With n of each, n * author_count are read at first, and then at most limit**2 / n: only
    limit / n authors can have n posts on the page, and each has at most `limit`.  The sum is
    least where both are equal.

    >>> few_of(800, 1), few_of(800, 100), few_of(800, 5_001)
    (800, 80, 12)
    """
    return max(1, ceil(limit / sqrt(max(1, author_count))))


def _names_of(deliveries: Collection[Delivery]) -> list[str]:
    return [delivery.value for delivery in deliveries]


def _firsts(rows: list[Row]) -> Iterator[int]:
    return (row[0] for row in rows)
