"""The shards of the index as a search asks them: the own one in a thread, the others by HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import thread_time_ns

from reference_impl.chassis.clients import ServiceClient
from reference_impl.chassis.stages import charge, visit
from reference_impl.search.generations import Generations
from reference_impl.search.index import Hit
from reference_impl.search.service import Found

STATION = "search_index"
ANSWER_S = 1.0  # in which another shard answers, or is left out: a third of what a caller waits


class OwnShard:
    """The shard of this process."""

    def __init__(self, generations: Generations) -> None:
        self._generations = generations

    async def search(self, words: Sequence[str], *, after: int, limit: int) -> Found:
        """See Shard."""

        def search() -> tuple[list[Hit], int]:
            begun_ns = thread_time_ns()
            hits = self._generations.search(words, after=after, limit=limit)
            return hits, thread_time_ns() - begun_ns

        is_complete = self._generations.is_complete
        with visit(STATION):
            hits, cpu_ns = await asyncio.to_thread(search)
            charge(STATION, cpu_ns=cpu_ns)
        return Found(hits=hits, is_complete=is_complete)


class OtherShard:
    """The shard of another process."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def search(self, words: Sequence[str], *, after: int, limit: int) -> Found:
        """See Shard."""
        asked = {"q": " ".join(words), "after": str(after), "limit": str(limit)}
        answer = await self._client.get_json("/internal/search", asked)
        hits = [Hit(place=int(hit["place"]), user=hit["user"]) for hit in answer["hits"]]
        return Found(hits=hits, is_complete=answer["complete"])
