"""How far each PostgreSQL server is with announcing its users."""

from __future__ import annotations

import asyncio
from typing import Any

from reference_impl.chassis import events
from reference_impl.chassis.databases import ShardedDatabase, load_queries
from reference_impl.user.announcements import OUTBOX_MAX, Due, Step, Stored


class PostgresAnnouncementStore:
    """An AnnouncementStore over the servers of the user database."""

    def __init__(self, database: ShardedDatabase) -> None:
        self._database = database
        self._queries = load_queries(__package__)

    @property
    def servers(self) -> range:
        """The numbers of the servers."""
        return self._database.servers

    async def newest(self) -> str:
        """See AnnouncementStore."""
        found = await asyncio.gather(
            *(self._rows(server, "newest_rebuild", {}) for server in self.servers)
        )
        return max(str(newest) for [(newest,)] in found)

    async def begin(self, rebuild: str) -> None:
        """See AnnouncementStore."""
        await asyncio.gather(*(self._begin_on(server, rebuild) for server in self.servers))

    async def due(self, server: int) -> Due | None:
        """See AnnouncementStore."""
        parameters = {"outbox_max": OUTBOX_MAX, "stream": events.ANNOUNCEMENTS}
        rows = await self._rows(server, "announcements_due", parameters)
        if not rows:
            return None
        [(rebuild, after_id, outbox_rows, has_left)] = rows
        return Due(rebuild=rebuild, after_id=after_id, outbox_rows=outbox_rows, has_left=has_left)

    async def users_after(self, server: int, after_id: int, *, limit: int) -> list[Stored]:
        """See AnnouncementStore."""
        rows = await self._rows(server, "users_after", {"after_id": after_id, "limit": limit})
        return [
            Stored(user_id=user_id, document=document, version=version)
            for user_id, document, version in rows
        ]

    async def advance(self, server: int, due: Due, step: Step) -> bool:
        """See AnnouncementStore."""
        parameters = {
            "rebuild": due.rebuild,
            "after_id": due.after_id,
            "upto_id": step.upto_id,
            "is_last": step.is_last,
        }
        async with self._database.connection(server) as connection, connection.transaction():
            moved = await connection.execute(self._queries["advance_announcements"], parameters)
            if moved.rowcount == 0:
                return False
            await events.append_all(connection, stream=events.ANNOUNCEMENTS, news=step.news)
        return True

    async def _begin_on(self, server: int, rebuild: str) -> None:
        async with self._database.connection(server) as connection:
            await connection.execute(self._queries["begin_announcements"], {"rebuild": rebuild})

    async def _rows(
        self, server: int, query: str, parameters: dict[str, Any]
    ) -> list[tuple[Any, ...]]:
        async with self._database.connection(server) as connection:
            rows = await connection.execute(self._queries[query], parameters)
            return await rows.fetchall()
