"""Pairs of (follower, target) in PostgreSQL, on the follower's server and on the target's."""

from __future__ import annotations

from reference_impl.chassis import events
from reference_impl.chassis.databases import Connection, ShardedDatabase, load_queries
from reference_impl.chassis.errors import Conflict
from reference_impl.follow.service import FOLLOWEES_MAX, Change

KINDS = {True: "follow.followed", False: "follow.unfollowed"}


class PostgresFollowStore:
    """A FollowStore on the user databases; see schema.sql for the tables."""

    def __init__(self, database: ShardedDatabase) -> None:
        self._database = database
        self._queries = load_queries("reference_impl.follow")

    async def change(self, follower_id: int, target_id: int, *, following: bool) -> Change | None:
        """See FollowStore."""
        async with (
            self._database.connection_of_id(follower_id) as connection,
            connection.transaction(),
        ):
            version = await self._version(connection, follower_id, target_id, following=following)
            if version is None:
                return None
            change = Change(
                follower_id=follower_id, target_id=target_id, following=following, version=version
            )
            await events.append(
                connection, stream=events.FOLLOW_EVENTS, kind=KINDS[following], body=body_of(change)
            )
        return change

    async def reflect(self, change: Change) -> None:
        """See FollowStore."""
        async with self._database.connection_of_id(change.target_id) as connection:
            await connection.execute(
                self._queries["reflect"],
                {
                    "target_id": change.target_id,
                    "follower_id": change.follower_id,
                    "following": change.following,
                    "version": change.version,
                },
            )

    async def followees(self, follower_id: int) -> list[int]:
        """See FollowStore."""
        parameters = {"follower_id": follower_id, "limit": FOLLOWEES_MAX}
        return await self._column(follower_id, "followees", parameters)

    async def followers(self, target_id: int, *, after: int, limit: int) -> list[int]:
        """See FollowStore."""
        parameters = {"target_id": target_id, "after": after, "limit": limit}
        return await self._column(target_id, "followers", parameters)

    async def follower_count(self, target_id: int) -> int:
        """See FollowStore."""
        counts = await self._column(target_id, "follower_count", {"target_id": target_id})
        return counts[0] if counts else 0

    async def _column(self, owner_id: int, query: str, parameters: dict[str, int]) -> list[int]:
        async with self._database.connection_of_id(owner_id) as connection:
            rows = await connection.execute(self._queries[query], parameters)
            return [number for (number,) in await rows.fetchall()]

    async def _version(
        self, connection: Connection, follower_id: int, target_id: int, *, following: bool
    ) -> int | None:
        """Write the pair and return its new version; None if it already was so."""
        parameters = {
            "follower_id": follower_id,
            "target_id": target_id,
            "followees_max": FOLLOWEES_MAX,
        }
        query = self._queries["follow" if following else "unfollow"]
        if row := await (await connection.execute(query, parameters)).fetchone():
            return int(row[0])
        rows = await connection.execute(self._queries["is_following"], parameters)
        if following and await rows.fetchone() is None:
            raise Conflict(f"at most {FOLLOWEES_MAX} can be followed by one user")
        return None


def body_of(change: Change) -> events.Body:
    """Return the change as the body of its event."""
    return {
        "follower_id": str(change.follower_id),
        "target_id": str(change.target_id),
        "version": change.version,
    }
