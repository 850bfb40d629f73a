"""Changes of pairs inside a transaction on the followers' server, with their events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reference_impl.chassis import events
from reference_impl.chassis.databases import Connection
from reference_impl.chassis.errors import Conflict, Forbidden
from reference_impl.follow.blocks import Block
from reference_impl.follow.news import told
from reference_impl.follow.pairs import FOLLOWEES_MAX, Change, unknown


class PairWriter:
    """Writes within the transaction that the connection is in, after `lock`."""

    def __init__(self, queries: dict[str, str]) -> None:
        self._queries = queries

    async def lock(self, connection: Connection, follower_ids: Iterable[int]) -> None:
        """Let only this transaction change the pairs of these followers until it ends.

        What a later statement reads is what the holder before has left.
        """
        ascending = sorted(set(follower_ids))
        await connection.execute(self._queries["lock"], {"follower_ids": ascending})

    async def follow(
        self, connection: Connection, follower_id: int, target_id: int
    ) -> Change | None:
        """See PairStore."""
        parameters = {
            "follower_id": follower_id,
            "target_id": target_id,
            "followees_max": FOLLOWEES_MAX,
        }
        written = await connection.execute(self._queries["follow"], parameters)
        row = await written.fetchone()
        if row is None:
            await self._refuse_unless_followed(connection, follower_id, target_id)
            return None
        change = Change(
            follower_id=follower_id, target_id=target_id, following=True, version=row[0]
        )
        await tell(connection, [change])
        return change

    async def end(self, connection: Connection, pairs: Sequence[tuple[int, int]]) -> list[Change]:
        """See PairStore; all of the pairs belong to this server."""
        followers, targets = zip(*sorted(set(pairs)), strict=True)
        parameters = {"follower_ids": list(followers), "target_ids": list(targets)}
        rows = await connection.execute(self._queries["end"], parameters)
        changes = [
            Change(follower_id=follower, target_id=target, following=False, version=version)
            for follower, target, version in await rows.fetchall()
        ]
        await tell(connection, changes)
        return changes

    async def _refuse_unless_followed(
        self, connection: Connection, follower_id: int, target_id: int
    ) -> None:
        """Say why the pair could not be followed; return if it was already."""
        parameters = {"follower_id": follower_id, "target_id": target_id}
        rows = await connection.execute(self._queries["why_not"], parameters)
        [(has_departed, is_blocked, is_followed)] = await rows.fetchall()
        if has_departed:
            raise unknown(follower_id)
        if is_blocked:
            raise Forbidden("one of the two has blocked the other")
        if not is_followed:
            raise Conflict(f"at most {FOLLOWEES_MAX} can be followed by one user")


async def tell(connection: Connection, news: Sequence[Change | Block]) -> None:
    """Write the events of the changes."""
    await events.append_all(
        connection, stream=events.FOLLOW_EVENTS, news=[told(each) for each in news]
    )
