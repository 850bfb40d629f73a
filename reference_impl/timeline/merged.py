"""Posts kept once per author, for readers to merge: a list on the server that owns the author."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from model.rules.sharding import ShardTable
from reference_impl.timeline.lists import (
    LISTS_PER_CALL_MAX,
    Beginning,
    Contents,
    ListServer,
    Reading,
)
from reference_impl.timeline.sources import Source

T = TypeVar("T")


class MergedLists:
    """One list per author of posts that were not, or not to everybody, pushed."""

    def __init__(self, servers: Sequence[ListServer], table: ShardTable) -> None:
        self._servers = servers
        self._table = table

    async def read(self, author_ids: Iterable[int], reading: Reading) -> dict[int, Source]:
        """Return what is asked for of each author's list; NOWHERE if it is not built."""

        async def read_of(server: ListServer, keys: list[str]) -> list[Source]:
            return await server.read(keys, reading)

        return await self._everywhere(author_ids, read_of)

    async def begin(self, author_ids: Iterable[int], token: str) -> dict[int, Beginning]:
        """Begin to build those lists that are not there."""

        async def begin_of(server: ListServer, keys: list[str]) -> list[Beginning]:
            return await server.begin(keys, token)

        return await self._everywhere(author_ids, begin_of)

    async def finish(
        self, contents: Mapping[int, Contents], token: str, *, idle_s: float | None
    ) -> None:
        """Fill those lists that `token` is building."""
        by_key = {merged_key(author): each for author, each in contents.items()}

        async def finish_of(server: ListServer, keys: list[str]) -> list[bool]:
            return await server.finish({key: by_key[key] for key in keys}, token, idle_s=idle_s)

        await self._everywhere(contents, finish_of)

    async def abandon(self, author_ids: Iterable[int], token: str) -> None:
        """Give up those lists that `token` is building."""
        await asyncio.gather(
            *(self._server_of(author).abandon(merged_key(author), token) for author in author_ids)
        )

    async def keep(self, post_id: int, *, author_id: int, idle_s: float | None = None) -> None:
        """Put the post into its author's list, if that is there; `idle_s`: see ListServer."""
        await self._server_of(author_id).deliver(
            [merged_key(author_id)], post_id, edge_of=None, idle_s=idle_s
        )

    async def drop(self, author_id: int) -> None:
        """Forget the author's list."""
        await self._server_of(author_id).drop(merged_key(author_id))

    async def remove(self, post_id: int, *, author_id: int) -> None:
        """Take the post out of its author's list."""
        await self._server_of(author_id).remove([merged_key(author_id)], post_id)

    def _server_of(self, author_id: int) -> ListServer:
        return self._servers[self._table.server_of_id(author_id)]

    async def _everywhere(
        self,
        author_ids: Iterable[int],
        ask: Callable[[ListServer, list[str]], Awaitable[list[T]]],
    ) -> dict[int, T]:
        """Ask each server for the lists that it owns, all at once; return the answer per author."""
        asked = list(self._by_server(author_ids))
        answers = await asyncio.gather(
            *(ask(server, [merged_key(author) for author in authors]) for server, authors in asked)
        )
        return {
            author: answer
            for (_, authors), of_server in zip(asked, answers, strict=True)
            for author, answer in zip(authors, of_server, strict=True)
        }

    def _by_server(self, author_ids: Iterable[int]) -> Iterator[tuple[ListServer, list[int]]]:
        authors_of: dict[int, list[int]] = {}
        for author in author_ids:
            authors_of.setdefault(self._table.server_of_id(author), []).append(author)
        for server, authors in authors_of.items():
            for start in range(0, len(authors), LISTS_PER_CALL_MAX):
                yield self._servers[server], authors[start : start + LISTS_PER_CALL_MAX]


def merged_key(author_id: int) -> str:
    """Return the key of what the author's followers merge."""
    return f"merged:{{{author_id}}}"
