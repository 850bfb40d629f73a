"""Posts in PostgreSQL, on the servers that own their ids."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from model.rules.influencers import Delivery
from reference_impl.chassis import events
from reference_impl.chassis.databases import Connection, ShardedDatabase, load_queries
from reference_impl.post import announcements
from reference_impl.post.posts import Image, Post, PostType, gone


class PostgresPostStore:
    """A PostStore on the post databases; see schema.sql for the table."""

    def __init__(self, database: ShardedDatabase) -> None:
        self._database = database
        self._queries = load_queries("reference_impl.post")

    async def insert(self, post: Post, *, once: bool = False) -> bool:
        """See PostStore; the author is held meanwhile, so that `depart` comes before or after."""
        query = self._queries["insert_once" if once else "insert"]
        try:
            return await self._insert(post, query)
        except UniqueViolation:
            return False

    async def _insert(self, post: Post, query: str) -> bool:
        async with (
            self._database.connection_of_id(post.post_id) as connection,
            connection.transaction(),
        ):
            async with connection.pipeline():  # one round trip for both
                await connection.execute(self._queries["hold_author"], {"user_id": post.user_id})
                rows = await connection.execute(query, _row_of(post))
            if await rows.fetchone() is None:
                await self._refuse_if_gone(connection, post.user_id)
                return False
            await events.append(
                connection,
                stream=events.POST_EVENTS,
                kind=announcements.CREATED,
                body=announcements.created(post),
            )
        return True

    async def _refuse_if_gone(self, connection: Connection, user_id: int) -> None:
        rows = await connection.execute(self._queries["has_departed"], {"user_id": user_id})
        if await rows.fetchone() is not None:
            raise gone(user_id)

    async def depart(self, user_id: int) -> None:
        """See PostStore; on all servers at once, for any may have posts of the author."""
        await asyncio.gather(
            *(self._depart_on(server, user_id) for server in self._database.servers)
        )

    async def _depart_on(self, server: int, user_id: int) -> None:
        async with self._database.connection(server) as connection:
            await connection.execute(self._queries["depart"], {"user_id": user_id})

    async def posts(self, post_ids: Sequence[int]) -> list[Post]:
        """See PostStore; all servers concerned are asked at once."""
        asked = self._database.table.ids_by_server(post_ids)
        found = await asyncio.gather(*(self._posts_on(*some) for some in asked.items()))
        post_of = {post.post_id: post for posts in found for post in posts}
        return [post_of[post_id] for post_id in post_ids if post_id in post_of]

    async def _posts_on(self, server: int, post_ids: list[int]) -> list[Post]:
        async with self._database.connection(server) as connection:
            rows = await connection.execute(self._queries["posts"], {"post_ids": post_ids})
            return [_post_of(row) for row in await rows.fetchall()]

    async def delete(self, user_id: int, post_ids: Sequence[int]) -> list[int]:
        """See PostStore; one transaction per server, all at once."""
        return await self._deleted(user_id, post_ids, stream=events.POST_EVENTS)

    async def erase(self, user_id: int, post_ids: Sequence[int]) -> list[int]:
        """See PostStore; likewise."""
        return await self._deleted(user_id, post_ids, stream=events.ERASURE_EVENTS)

    async def _deleted(self, user_id: int, post_ids: Sequence[int], *, stream: str) -> list[int]:
        asked = self._database.table.ids_by_server(post_ids)
        deleted = await asyncio.gather(
            *(self._delete_on(server, user_id, some, stream) for server, some in asked.items())
        )
        return [post_id for some in deleted for post_id in some]

    async def _delete_on(
        self, server: int, user_id: int, post_ids: list[int], stream: str
    ) -> list[int]:
        asked = {"user_id": user_id, "post_ids": post_ids}
        async with self._database.connection(server) as connection, connection.transaction():
            rows = await connection.execute(self._queries["delete"], asked)
            deleted = await rows.fetchall()
            news = [
                (
                    announcements.DELETED,
                    announcements.deleted(post_id, user_id, Delivery(how), media_url=url),
                )
                for post_id, how, url in deleted
            ]
            await events.append_all(connection, stream=stream, news=news)
        return [post_id for post_id, *_ in deleted]

    async def develop(self, post_id: int, url: str, *, image: Image, media_url: str) -> None:
        """See Images."""
        said = {"developed": url, "image": Jsonb(image), "media_url": media_url}
        await self._say(post_id, "develop", said)

    async def give_up(self, post_id: int, url: str) -> None:
        """See Images."""
        await self._say(post_id, "give_up", {"media_url": url})

    async def _say(self, post_id: int, query: str, said: Mapping[str, object]) -> None:
        async with self._database.connection_of_id(post_id) as connection:
            await connection.execute(self._queries[query], {"post_id": post_id, **said})


def _row_of(post: Post) -> dict[str, object]:
    return {
        "post_id": post.post_id,
        "user_id": post.user_id,
        "media_url": post.media_url,
        "image": None if post.image is None else Jsonb(post.image),
        "created_s": post.created_ms / 1000,
        "post_type": post.post_type.value,
        "caption": post.caption,
        "alt_text": post.alt_text,
        "text": post.text,
        "delivery": post.delivery.value,
        "follower_count": post.follower_count,
    }


def _post_of(row: tuple[Any, ...]) -> Post:
    (
        post_id, user_id, media_url, image, post_type, caption, alt_text, text, delivery,
        follower_count,
    ) = row  # fmt: skip
    return Post(
        post_id=post_id,
        user_id=user_id,
        media_url=media_url,
        image=image,
        post_type=PostType(post_type),
        caption=caption,
        alt_text=alt_text,
        text=text,
        delivery=Delivery(delivery),
        follower_count=follower_count,
    )
