"""What a search does: asks every shard, merges, leaves out whom the reader must not see."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import Any, Protocol

from reference_impl.chassis.errors import Unavailable
from reference_impl.search.index import Hit
from reference_impl.search.metrics import AWAY

ROUNDS_MAX = 5  # of refilling a page from which people were left out; then it stays short

log = logging.getLogger("feedtwin")

User = Mapping[str, Any]  # the public profile, and `follower_count`


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Whom one shard found, in order, and whether it knows all of its users."""

    hits: Sequence[Hit]
    is_complete: bool


class Shard(Protocol):
    """One shard of the index."""

    async def search(self, words: Sequence[str], *, after: int, limit: int) -> Found:
        """Return the first `limit` whom the words find, from above the place `after` on.

        Raises Unavailable if the shard does not answer.
        """


class Blocks(Protocol):
    """The follow service, as far as search needs it."""

    async def hidden_among(self, user_ids: Sequence[int], *, viewer_id: int) -> set[int]:
        """Return those, of 1 to 100 users, who and the viewer must not see each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Users in order, and the last place that was looked at for them; None if no more follow."""

    users: list[User]
    last: int | None
    is_complete: bool  # False if a shard did not answer, or does not know all of its users


class SearchService:
    """Searches over all shards.  What a shard that is away would have added is left out."""

    def __init__(self, shards: Sequence[Shard], blocks: Blocks) -> None:
        self._shards = shards
        self._blocks = blocks

    async def page(self, words: Sequence[str], *, viewer_id: int, after: int, limit: int) -> Page:
        """Return the next users: `limit`, fewer only at the end or after ROUNDS_MAX rounds."""
        users: list[User] = []
        last, is_complete = after, True
        for _ in range(ROUNDS_MAX):
            wanted = limit - len(users)
            found = await self._ask_all(words, after=last, limit=wanted + 1)
            is_complete = is_complete and found.is_complete
            users += await self._visible(found.hits[:wanted], viewer_id)
            if len(found.hits) <= wanted:
                return Page(users=users, last=None, is_complete=is_complete)
            last = found.hits[wanted - 1].place
            if len(users) == limit:
                break
        return Page(users=users, last=last, is_complete=is_complete)

    async def _ask_all(self, words: Sequence[str], *, after: int, limit: int) -> Found:
        """Return the first of all shards; raise Unavailable if none answers."""
        asked = [self._ask(shard, words, after, limit) for shard in self._shards]
        answers = await asyncio.gather(*asked)
        given = [found for found in answers if found is not None]
        if not given:
            raise Unavailable("no shard of the search index answers")
        in_order = merge(*(found.hits for found in given), key=lambda hit: hit.place)
        return Found(
            hits=list(islice(in_order, limit)),
            is_complete=len(given) == len(answers) and all(found.is_complete for found in given),
        )

    async def _ask(
        self, shard: Shard, words: Sequence[str], after: int, limit: int
    ) -> Found | None:
        try:
            return await shard.search(words, after=after, limit=limit)
        except Unavailable as error:
            AWAY.inc()
            log.warning("a search goes without a shard: %s", error)
            return None

    async def _visible(self, hits: Sequence[Hit], viewer_id: int) -> list[User]:
        if not hits:
            return []
        ids = [int(hit.user["user_id"]) for hit in hits]
        hidden = await self._blocks.hidden_among(ids, viewer_id=viewer_id)
        return [hit.user for hit, user_id in zip(hits, ids, strict=True) if user_id not in hidden]
