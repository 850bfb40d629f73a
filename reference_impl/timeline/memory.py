"""Timelines in one process, held to the same contract tests as those in Valkey."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from model.rules.sharding import even_table
from reference_impl.chassis.policies import PolicySource
from reference_impl.timeline.deliveries import TimelineStore
from reference_impl.timeline.memory_lists import MemoryLists, MemoryServer
from reference_impl.timeline.merge_authors import KNOWN_MAX, MERGED_FOR_S, Known
from reference_impl.timeline.merged import MergedLists
from reference_impl.timeline.placement import Placement
from reference_impl.timeline.timelines import Timelines


def memory_timelines(
    *,
    cap: int,
    by: str = "user",
    server_count: int = 2,
    servers: Sequence[MemoryServer] | None = None,
    policies: PolicySource | None = None,
) -> TimelineStore:
    """Return timelines in memory; give the `servers` to reach behind them, or their number.

    `policies`: see TimelineStore.
    """
    owned = servers or [MemoryServer() for _ in range(server_count)]
    table = even_table(len(owned))
    placement = Placement(table, server_count=len(owned), by=by)
    parts = [MemoryLists(server, cap=placement.part_cap(cap)) for server in owned]
    lists = [MemoryLists(server, cap=cap) for server in owned]
    return TimelineStore(
        timelines=Timelines(parts, placement),
        merged=MergedLists(lists, table),
        authors=MemoryAuthors(owned[0]),
        servers=lists,
        policies=policies,
    )


class MemoryAuthors:
    """An AuthorSet of one process."""

    def __init__(self, server: MemoryServer) -> None:
        self._server = server

    async def add(self, author_id: int) -> None:
        """See AuthorSet."""
        server = self._server
        await server.visited()
        if server.is_full and author_id not in server.authors:
            server.lose_authors()
        else:
            server.authors[author_id] = server.clock_s()

    async def known(self) -> Known:
        """See AuthorSet."""
        server = self._server
        await server.visited()
        since_s = server.clock_s() - MERGED_FOR_S
        server.authors = {author: at_s for author, at_s in server.authors.items() if at_s > since_s}
        if len(server.authors) > KNOWN_MAX:
            return Known(authors=None, is_whole=True)
        return Known(authors=frozenset(server.authors), is_whole=server.is_whole)

    async def begin(self, token: str) -> None:
        """See AuthorSet."""
        await self._server.asked_to_take_in()
        self._server.marks.add(token)

    async def finish(self, token: str, author_ids: Iterable[int]) -> bool:
        """See AuthorSet."""
        await self._server.asked_to_take_in()
        if token not in self._server.marks:
            return False
        self._server.marks.remove(token)
        self._server.authors |= dict.fromkeys(author_ids, self._server.clock_s())
        self._server.is_whole = True
        return True
