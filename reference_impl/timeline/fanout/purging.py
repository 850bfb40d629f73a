"""Takes a deleted post out of the timelines that it was delivered to.

Nobody sees it there, for readers are shown posts that exist; it only takes up room.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from model.rules.fanouts import ALL_SHARDS
from model.rules.influencers import Delivery
from model.rules.timelines import FANOUT_CHUNK_MAX, fanout_chunks
from reference_impl.timeline.deliveries import Deliveries
from reference_impl.timeline.fanout.delivering import Followers, all_of
from reference_impl.timeline.fanout.jobs import Purge


class Purger:
    """Removes posts; doing it again changes nothing."""

    def __init__(self, *, store: Deliveries, follows: Followers) -> None:
        self._store = store
        self._follows = follows

    async def chunk(self, purge: Purge) -> Purge | None:
        """Take a post from where it is kept once, and from its next readers; return what is left.

        Those who have unfollowed the author since keep it until it is trimmed.
        """
        if purge.after == 0:
            await self._remove(purge.post_id, [purge.author_id])
            if purge.delivery is not Delivery.PUSH:
                await self._store.remove_merged(purge.post_id, author_id=purge.author_id)
        if purge.delivery is Delivery.MERGE:
            return None
        page = await self._follows.followers(
            purge.author_id, after=purge.after, limit=FANOUT_CHUNK_MAX, shards=ALL_SHARDS
        )
        await self._remove(purge.post_id, page)
        return replace(purge, after=page[-1]) if len(page) == FANOUT_CHUNK_MAX else None

    async def _remove(self, post_id: int, readers: list[int]) -> None:
        chunks = fanout_chunks(readers, partial(self._store.server_of, post_id))
        await all_of(self._store.remove(post_id, user_ids=chunk) for _, chunk in chunks)
