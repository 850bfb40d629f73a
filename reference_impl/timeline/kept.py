"""Lists of influencers as this process read them a little while ago, for all pages meanwhile."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass

from model.rules.timelines import MERGE_AUTHORS_MAX
from reference_impl.timeline.flights import Flights
from reference_impl.timeline.lists import Reading
from reference_impl.timeline.merging import Merging
from reference_impl.timeline.sources import NOWHERE, Source

KEPT_MAX = MERGE_AUTHORS_MAX  # lists of a page's posts each: 12 MB for pages of 20, 47 of 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The newest `limit` ids of one list, as of when they were asked for."""

    source: Source
    limit: int
    asked_s: float


class KeptLists:
    """Merged lists that are read once for all who ask within a while, and forgotten after it.

    What is deleted meanwhile is left out of pages like any post that does not exist, and what
    comes meanwhile is in the next reading: of a list as it was nothing else is missing.
    """

    def __init__(self, merging: Merging, clock_s: Callable[[], float]) -> None:
        self._merging = merging
        self._clock_s = clock_s
        self._kept: OrderedDict[int, Kept] = OrderedDict()  # the least recently used first
        self._flights: Flights[int] = Flights()

    async def read(
        self, author_ids: Collection[int], reading: Reading, *, fresh_s: float
    ) -> tuple[dict[int, Source], bool]:
        """See Merging; lists may be as they were up to `fresh_s` ago (0: they are as they are).

        Only the tops of lists are kept: a page further down asks for its own part.
        """
        if fresh_s == 0 or reading.before is not None:
            return await self._merging.read(author_ids, reading)
        since_s = self._clock_s() - fresh_s
        found = self._found(author_ids, reading, since_s)
        if not (missing := [author for author in author_ids if author not in found]):
            return found, False
        read, was_built = await self._fetched(missing, reading)
        found |= self._found(missing, reading, since_s) | read
        # Others may have asked for less, or too long ago, or for what could not be kept.
        if missing := [author for author in missing if author not in found]:
            read, is_new = await self._merging.read(missing, reading)
            found, was_built = found | read, was_built or is_new
        return found, was_built

    async def _fetched(
        self, author_ids: list[int], reading: Reading
    ) -> tuple[dict[int, Source], bool]:
        """Have lists read, once for all who miss them; return those that nobody else had read."""
        read: dict[int, Source] = {}
        was_built = False

        async def work(missing: list[int]) -> None:
            nonlocal read, was_built
            asked_s = self._clock_s()
            read, was_built = await self._merging.read(missing, reading)
            self._keep(read, limit=reading.limit, asked_s=asked_s)

        await self._flights.done(author_ids, work)
        return read, was_built

    def _found(
        self, author_ids: Collection[int], reading: Reading, since_s: float
    ) -> dict[int, Source]:
        """Return the lists that are kept, were asked for after `since_s`, and are long enough."""
        found = {}
        for author in author_ids:
            kept = self._kept.get(author)
            if kept and kept.asked_s > since_s and kept.limit >= reading.limit:
                self._kept.move_to_end(author)
                found[author] = kept.source
        return found

    def _keep(self, read: dict[int, Source], *, limit: int, asked_s: float) -> None:
        for author, source in read.items():
            if source != NOWHERE:
                self._kept[author] = Kept(source=source, limit=limit, asked_s=asked_s)
                self._kept.move_to_end(author)
        while len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
