"""Posts in PostgreSQL, on the servers that own their ids."""

from __future__ import annotations

import asyncio

from model.rules.influencers import Delivery
from reference_impl.chassis import events
from reference_impl.chassis.databases import ShardedDatabase, load_queries
from reference_impl.post.service import Post


class PostgresPostStore:
    """A PostStore on the post databases; see schema.sql for the table."""

    def __init__(self, database: ShardedDatabase) -> None:
        self._database = database
        self._queries = load_queries("reference_impl.post")

    async def insert(self, post: Post) -> bool:
        """See PostStore."""
        async with (
            self._database.connection_of_id(post.post_id) as connection,
            connection.transaction(),
        ):
            rows = await connection.execute(self._queries["insert"], _row_of(post))
            if await rows.fetchone() is None:
                return False
            await events.append(
                connection, stream=events.POST_EVENTS, kind="post.created", body=body_of(post)
            )
        return True

    async def posts(self, post_ids: list[int]) -> list[Post]:
        """See PostStore; all servers concerned are asked at once."""
        ids_of_server: dict[int, list[int]] = {}
        for post_id in post_ids:
            server = self._database.table.server_of_id(post_id)
            ids_of_server.setdefault(server, []).append(post_id)
        found = await asyncio.gather(*(self._posts_on(*asked) for asked in ids_of_server.items()))
        post_of = {post.post_id: post for posts in found for post in posts}
        return [post_of[post_id] for post_id in post_ids if post_id in post_of]

    async def _posts_on(self, server: int, post_ids: list[int]) -> list[Post]:
        async with self._database.connection(server) as connection:
            rows = await connection.execute(self._queries["posts"], {"post_ids": post_ids})
            return [_post_of(*row) for row in await rows.fetchall()]


def body_of(post: Post) -> events.Body:
    """Return the body of the event that tells of the post."""
    return {
        "post_id": str(post.post_id),
        "user_id": str(post.user_id),
        "created_ms": post.created_ms,
        "delivery": post.delivery.value,
        "follower_count": post.follower_count,
    }


def _row_of(post: Post) -> dict[str, object]:
    return {
        "post_id": post.post_id,
        "user_id": post.user_id,
        "image_url": post.image_url,
        "created_s": post.created_ms / 1000,
        "post_type": post.post_type,
        "caption": post.caption,
        "delivery": post.delivery.value,
        "follower_count": post.follower_count,
    }


def _post_of(
    post_id: int,
    user_id: int,
    image_url: str,
    post_type: str,
    caption: str,
    delivery: str,
    follower_count: int,
) -> Post:
    return Post(
        post_id=post_id,
        user_id=user_id,
        image_url=image_url,
        post_type=post_type,
        caption=caption,
        delivery=Delivery(delivery),
        follower_count=follower_count,
    )
