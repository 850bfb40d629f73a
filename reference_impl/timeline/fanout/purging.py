"""Takes a deleted post out of the timelines that it was delivered to.

Nobody sees it there, for readers are shown posts that exist; it only takes up room.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from model.rules.fanouts import ALL_SHARDS
from model.rules.ids import logical_shard_of
from model.rules.influencers import Delivery
from model.rules.timelines import FANOUT_CHUNK_MAX, fanout_chunks
from reference_impl.chassis.errors import Unavailable
from reference_impl.timeline.deliveries import Deliveries
from reference_impl.timeline.fanout.absences import Absences, Away, Missed
from reference_impl.timeline.fanout.delivering import Followers, all_of
from reference_impl.timeline.fanout.jobs import Part, Purge

Call = tuple[int, Callable[[], Awaitable[None]]]  # of a server


class Purger:
    """Removes posts; doing it again changes nothing."""

    def __init__(
        self,
        *,
        store: Deliveries,
        follows: Followers,
        owners: Sequence[int],
        absences: Absences | None = None,
    ) -> None:
        """See Fanout."""
        self._store = store
        self._follows = follows
        self._owners = owners
        self._absences = absences or Absences(away_s=0.0)

    async def chunk(self, purge: Purge, *, lane: int | None = None) -> Purge | None:
        """Take a post from where it is kept once, and from its next readers; return what is left.

        Those who have unfollowed the author since keep it until it is trimmed.  If servers are
        away it is taken from all others before Away is raised.
        """
        page = []
        if purge.delivery is not Delivery.MERGE:
            page = await self._follows.followers(
                purge.author_id, after=purge.after, limit=FANOUT_CHUNK_MAX, shards=ALL_SHARDS
            )
        calls = [call for call in self._calls(purge, page) if purge.concerns(call[0])]
        answers = await all_of(self._absences.ask(*call, lane=lane) for call in calls)
        missed = [
            Missed(server=server, part=Part.READERS)
            for (server, _), answer in zip(calls, answers, strict=True)
            if isinstance(answer, Unavailable)
        ]
        if missed:
            raise Away(missed)
        return replace(purge, after=page[-1]) if len(page) == FANOUT_CHUNK_MAX else None

    def _calls(self, purge: Purge, page: list[int]) -> Iterator[Call]:
        if purge.after == 0:
            yield from self._removals(purge.post_id, [purge.author_id])
            if purge.delivery is not Delivery.PUSH:
                server = self._owners[logical_shard_of(purge.author_id)]
                remove = self._store.remove_merged
                yield server, partial(remove, purge.post_id, author_id=purge.author_id)
        yield from self._removals(purge.post_id, page)

    def _removals(self, post_id: int, readers: list[int]) -> Iterator[Call]:
        for server, chunk in fanout_chunks(readers, partial(self._store.server_of, post_id)):
            yield server, partial(self._store.remove, post_id, user_ids=chunk)
