"""The twin of the announcement store in PostgreSQL, held to the same contract tests."""

from __future__ import annotations

from dataclasses import replace

from model.rules.sharding import even_table
from reference_impl.user.announcements import Due, News, Step, Stored
from reference_impl.user.memory import MemoryUserStore


class MemoryAnnouncementStore:
    """Servers of plain dicts; `told` lists what was announced, which leaves at once.

    What is set as `outbox_rows` waits on every server meanwhile, announcements among it or not.
    """

    def __init__(self, users: MemoryUserStore, *, server_count: int = 2) -> None:
        self.told: list[News] = []
        self.outbox_rows = 0
        self.has_left = True
        self._users = users
        self._table = even_table(server_count)
        self._stands: list[dict[str, Due | None]] = [{} for _ in range(server_count)]

    @property
    def servers(self) -> range:
        """The numbers of the servers."""
        return range(len(self._stands))

    async def newest(self) -> str:
        """See AnnouncementStore."""
        return max((rebuild for stands in self._stands for rebuild in stands), default="")

    async def begin(self, rebuild: str) -> None:
        """See AnnouncementStore."""
        due = Due(rebuild=rebuild, after_id=-1, outbox_rows=0, has_left=True)
        for stands in self._stands:
            stands.setdefault(rebuild, due)

    async def due(self, server: int) -> Due | None:
        """See AnnouncementStore."""
        stands = self._stands[server]
        due = stands[max(stands)] if stands else None
        return due and replace(due, outbox_rows=self.outbox_rows, has_left=self.has_left)

    async def users_after(self, server: int, after_id: int, *, limit: int) -> list[Stored]:
        """See AnnouncementStore."""
        found = [
            Stored(user_id=record.user_id, document=record.document, version=record.version)
            for record in self._users.records_after(after_id)
            if self._table.server_of_id(record.user_id) == server
        ]
        return found[:limit]

    async def advance(self, server: int, due: Due, step: Step) -> bool:
        """See AnnouncementStore."""
        stands = await self.due(server)
        if stands is None or (stands.rebuild, stands.after_id) != (due.rebuild, due.after_id):
            return False
        self._stands[server][due.rebuild] = (
            None if step.is_last else replace(due, after_id=step.upto_id)
        )
        self.told += step.news
        return True
