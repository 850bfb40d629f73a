"""The answers that an edge keeps: on disk, within so many bytes, and none that has been purged."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from pathlib import Path

from model.rules.caching import OBJECT_SHARE
from reference_impl.cdn.contents import Content
from reference_impl.cdn.entries import Damaged, Entry, written
from reference_impl.cdn.files import Folder
from reference_impl.cdn.metering import in_thread
from reference_impl.cdn.metrics import CACHE_BYTES, CACHE_ENTRIES, EVICTIONS
from reference_impl.cdn.shelf import Place, Shelf
from reference_impl.chassis.errors import Unavailable

MARKS_MAX = 10_000  # purges remembered: far more than come while one answer is fetched

log = logging.getLogger("feedtwin")


class Purges:
    """Which paths have been purged, and in which order, so that what was fetched before is known.

    A purge has a number, the next one.  Those that are forgotten count as purges of every path:
    what was fetched before one of these is not stored, which costs another fetch and no more.
    """

    def __init__(self, marks_max: int = MARKS_MAX) -> None:
        self._marks_max = marks_max
        self._number_of: OrderedDict[str, int] = OrderedDict()
        self._forgotten = 0  # the number of the latest that is
        self.latest = 0

    def mark(self, paths: Iterable[str]) -> None:
        """Remember that these paths are purged now."""
        for path in paths:
            self.latest += 1
            self._number_of[path] = self.latest
            self._number_of.move_to_end(path)
        while len(self._number_of) > self._marks_max:
            _, self._forgotten = self._number_of.popitem(last=False)

    def mark_all(self) -> None:
        """Remember that every path is purged now."""
        self.latest += 1
        self._forgotten = self.latest
        self._number_of.clear()

    def has_come(self, path: str, *, since: int) -> bool:
        """Say whether the path has been purged since `latest` was so."""
        return self.number_of(path) > since

    def number_of(self, path: str) -> int:
        """Return the number of the latest purge of a path, or of the latest that is forgotten."""
        return self._number_of.get(path, self._forgotten)


class Store:
    """Finds, keeps and drops answers; only what waits for the disk is done in threads.

    A disk that fails makes the edge slow: what cannot be read is fetched anew, and what cannot be
    written is passed on, unless it is too long to be held in memory for as long as clients like.
    """

    def __init__(self, folder: Folder, *, bytes_max: int) -> None:
        self._folder = folder
        self._object_bytes_max = int(bytes_max * OBJECT_SHARE)
        self._shelf = Shelf(bytes_max)
        self._unverified: set[str] = set()  # names of files that an earlier life of this edge wrote
        self.purges = Purges()

    @classmethod
    async def opened(cls, path: Path, *, bytes_max: int) -> Store:
        """Take over what is whole in the folder, the most recently used first to stay."""
        folder = await in_thread(Folder, path)
        store = cls(folder, bytes_max=bytes_max)
        for place in await in_thread(folder.places):
            gone = store._shelf.make_room(place.file_bytes)
            await store._discard([place] if gone is None else [*gone, *store._shelf.put(place)])
            if gone is not None:
                store._unverified.add(place.name)
        store._count()
        return store

    async def close(self) -> None:
        """Leave the folder to the next life of this edge."""
        await in_thread(self._folder.close)

    @property
    def bytes_used(self) -> int:
        """How many bytes of files are kept."""
        return self._shelf.bytes_used

    def find(self, path: str, told: Mapping[str, str]) -> Place | None:
        """Return the latest answer kept to such a request."""
        return self._shelf.find(path, told)

    async def content_of(self, place: Place) -> Content | None:
        """Return what a place holds; None, and it is kept no longer, if that cannot be had."""
        verify = place.name in self._unverified
        try:
            content = await in_thread(self._folder.open, place, verify=verify)
        except FileNotFoundError:  # it had to go meanwhile
            content = None
        except (Damaged, OSError) as error:
            log.warning("an answer is fetched anew: %s", error)
            content = None
        if content is None:
            await self._drop([place])
        else:
            self._unverified.discard(place.name)
        return content

    async def keep(self, entry: Entry, content: bytes, *, since: int) -> tuple[Content, bool]:
        """Keep an answer, if it fits and its path has not been purged since it was asked for.

        Returns what the content can be read from, and whether it is kept.
        """
        file_bytes = len(written(entry)) + len(content)
        fits = file_bytes <= self._object_bytes_max
        if not fits or (gone := self._shelf.make_room(file_bytes)) is None:
            return await self.spooled(content), False
        EVICTIONS.inc(len(gone))
        try:
            await self._discard(gone)
            place, filed = await in_thread(self._folder.write, entry, content)
        except (Damaged, OSError) as error:
            log.warning("an answer is not kept: %s", error)
            self._shelf.give_room_back(file_bytes)
            return await self.spooled(content), False
        replaced = self._shelf.put(place)
        is_late = self.purges.has_come(entry.path, since=since)
        await self._discard([*replaced, *([self._shelf.remove(place)] if is_late else [])])
        return filed, not is_late

    async def spooled(self, content: bytes) -> Content:
        """Return a content that is not kept, so that it takes no memory while it is sent.

        Raises Unavailable if it is long and the disk takes nothing in.
        """
        try:
            return await in_thread(self._folder.spool, content)
        except OSError as error:
            raise Unavailable("the disk of the edge takes nothing in") from error

    def renew(self, place: Place, entry: Entry) -> None:
        """Say that the content of a place is that of this newer answer, too.

        On disk it stays as it was: to a next life it is stale, and then asked for again.
        """
        self._shelf.renew(place, entry)

    async def purge(self, paths: Iterable[str]) -> None:
        """Drop all that is kept of these paths, and what is being fetched of them when it comes."""
        paths = list(paths)
        self.purges.mark(paths)
        await self._drop([place for path in paths for place in self._shelf.of_path(path)])

    async def purge_below(self, prefix: str) -> None:
        """Drop all that is kept of paths that begin like this, and whatever is being fetched."""
        self.purges.mark_all()
        await self._drop(self._shelf.below(prefix))

    async def drop(self, place: Place) -> None:
        """Keep an answer no longer."""
        await self._drop([place])

    async def _drop(self, places: Iterable[Place]) -> None:
        await self._discard([self._shelf.remove(its) for its in places if self._shelf.holds(its)])

    async def _discard(self, places: list[Place]) -> None:
        """Remove the files of places that have been taken off the shelf."""
        self._count()
        self._unverified.difference_update(place.name for place in places)
        if places:
            await in_thread(self._folder.remove, places)

    def _count(self) -> None:
        CACHE_BYTES.set(self._shelf.bytes_used)
        CACHE_ENTRIES.set(len(self._shelf))
