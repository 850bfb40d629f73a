"""What an edge answers: from its cache while it may, from the origin when it must."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

from model.rules.caching import BRIEF_STATUSES, may_store, normal_accept, varying
from reference_impl.cdn.brief import BriefAnswers
from reference_impl.cdn.contents import Content, Held
from reference_impl.cdn.entries import Entry, entry_of
from reference_impl.cdn.flights import Flights
from reference_impl.cdn.metering import count_fetch
from reference_impl.cdn.metrics import REQUESTS
from reference_impl.cdn.origins import Fetched, Origin
from reference_impl.cdn.shelf import Place
from reference_impl.cdn.store import Store
from reference_impl.chassis.errors import Unavailable

FETCHES_MAX = 16  # at a time; each has its answer in memory, up to 9 MiB, until it is on disk
REST_S = 2.0  # for which an origin that failed is not asked again, where a copy stands in
REPLACING = frozenset({200, 410, *BRIEF_STATUSES})  # whatever there was before is no longer so
MEDIA = "/media/"
RESTS_MAX = 10_000  # paths of which that is remembered


class Outcome(Enum):
    """Where an answer came from."""

    HIT = "hit"
    MISS = "miss"  # from the origin, and kept
    STALE = "stale"  # from the cache, since the origin was away
    REVALIDATED = "revalidated"  # from the cache, since the origin said it was still so
    PASSED = "pass"  # from the origin, and not kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """An answer, and how the edge came by it."""

    entry: Entry
    content: Content
    outcome: Outcome
    was_stale: bool = False  # there was a copy, which had to be asked about
    is_shared: bool = False  # it came by a fetch that another request had begun


class Wanted(NamedTuple):
    """What is asked for, as far as the origin is told."""

    path: str
    accept: str

    @property
    def told(self) -> dict[str, str]:
        """The headers that the origin gets."""
        return {"accept": self.accept}


class EdgeService:
    """Answers what is asked of one edge."""

    def __init__(self, store: Store, origin: Origin, *, clock_s: Callable[[], float]) -> None:
        self._store = store
        self._origin = origin
        self._clock_s = clock_s  # Unix time
        self._brief = BriefAnswers()
        # By the latest purge, too: who asks after it gets nothing that was asked for before.
        self._flights: Flights[tuple[Wanted, int], Served] = Flights()
        self._fetching = asyncio.Semaphore(FETCHES_MAX)
        self._rests_until_s: dict[Wanted, float] = {}

    def now_s(self) -> float:
        """Return the time by which the ages of answers are told, as Unix time."""
        return self._clock_s()

    async def get(self, path: str, *, accept: str) -> Served:
        """Return what is at this path; raise Unavailable if neither origin nor cache can tell."""
        wanted = Wanted(path, normal_accept(accept))
        try:
            served = await self._kept(wanted) or await self._asked(wanted)
        except Unavailable:
            REQUESTS.labels("error").inc()
            raise
        REQUESTS.labels(served.outcome.value).inc()
        return served

    async def purge(self, paths: Iterable[str]) -> None:
        """Answer none of these from the cache any more; return when nothing of them is left."""
        gone = set(paths)
        for path in gone:
            self._brief.drop(path)
        await self._store.purge(gone)
        await self._flights.have_ended(lambda key: key[0].path in gone)

    async def purge_media(self) -> None:
        """Likewise of every image and video."""
        self._brief.clear()
        await self._store.purge_below(MEDIA)
        await self._flights.have_ended(lambda key: key[0].path.startswith(MEDIA))

    async def finish(self) -> None:
        """Return when nothing is being fetched any more."""
        await self._flights.have_ended(lambda _: True)

    async def _kept(self, wanted: Wanted) -> Served | None:
        """Return a copy that is fresh."""
        now_s = self._clock_s()
        if brief := self._brief.find(wanted.path, wanted.told, now_s):
            return Served(entry=brief[0], content=Held(brief[1]), outcome=Outcome.HIT)
        place = self._store.find(wanted.path, wanted.told)
        if place is None or not place.entry.is_fresh(now_s):
            return None
        return await self._from(place, Outcome.HIT)

    async def _asked(self, wanted: Wanted) -> Served:
        """Return what the origin says; if it is away, a copy that may stand in for it."""
        is_resting = self._rests_until_s.get(wanted, 0.0) > self._clock_s()
        if is_resting and (served := await self._standing_in(wanted)):
            return served
        key = wanted, self._store.purges.number_of(wanted.path)
        try:
            served, is_shared = await self._flights.landed(key, lambda: self._fetched(wanted))
        except Unavailable:
            if (served := await self._standing_in(wanted)) is None:
                raise
            return served
        return replace(served, is_shared=is_shared)

    async def _fetched(self, wanted: Wanted) -> Served:
        """Ask the origin, and leave it alone for a moment if it fails."""
        try:
            async with self._fetching:
                count_fetch()
                return await self._fetched_now(wanted)
        except Unavailable:
            self._let_rest(wanted)
            raise

    async def _fetched_now(self, wanted: Wanted) -> Served:
        """Ask the origin: whether the copy is still good, if there is one, or for everything."""
        since = self._store.purges.latest
        place = self._store.find(wanted.path, wanted.told)
        etag = place.entry.etag if place else ""
        fetched = await self._origin.fetch(wanted.path, wanted.told, etag=etag)
        if fetched.status == 304 and place is not None:
            if served := await self._renewed(place, fetched):
                return served
            fetched = await self._origin.fetch(wanted.path, wanted.told, etag="")
        return await self._taken_in(wanted, fetched, since=since, was_stale=bool(place))

    async def _taken_in(
        self, wanted: Wanted, fetched: Fetched, *, since: int, was_stale: bool
    ) -> Served:
        """Keep what the origin said, if that is allowed, in place of what was kept before."""
        entry = _entry_of(wanted, fetched)
        if not _may_store(entry):
            is_kept, content = False, await self._store.spooled(fetched.content)
        elif entry.status in BRIEF_STATUSES:
            is_late = self._store.purges.has_come(wanted.path, since=since)
            is_kept = not is_late and self._brief.keep(entry, fetched.content)
            content = Held(fetched.content)
        else:
            content, is_kept = await self._store.keep(entry, fetched.content, since=since)
        if entry.status in REPLACING and not (is_kept and entry.status == 200):
            await self._drop_former(wanted)
        outcome = Outcome.MISS if is_kept else Outcome.PASSED
        return Served(entry=entry, content=content, outcome=outcome, was_stale=was_stale)

    async def _renewed(self, place: Place, fetched: Fetched) -> Served | None:
        """Return the copy that is still good, as the origin now says; None if it is gone."""
        its = place.entry
        entry = entry_of(
            path=its.path,
            selecting=its.selecting,
            status=its.status,
            headers={**its.headers, **fetched.headers},
            size_bytes=its.size_bytes,
            digest=its.digest,
            received_s=fetched.received_s,
            age_on_arrival_s=fetched.age_on_arrival_s,
        )
        served = await self._from(place, Outcome.REVALIDATED)
        if served is None:
            return None
        if _may_store(entry):
            self._store.renew(place, entry)
        else:
            await self._store.drop(place)
        return replace(served, entry=entry, was_stale=True)

    async def _standing_in(self, wanted: Wanted) -> Served | None:
        """Return a copy that may be given while the origin is away."""
        place = self._store.find(wanted.path, wanted.told)
        if place is None or not place.entry.may_stand_in(self._clock_s()):
            return None
        served = await self._from(place, Outcome.STALE)
        return replace(served, was_stale=True) if served else None

    async def _from(self, place: Place, outcome: Outcome) -> Served | None:
        content = await self._store.content_of(place)
        if content is None:
            return None
        return Served(entry=place.entry, content=content, outcome=outcome)

    async def _drop_former(self, wanted: Wanted) -> None:
        """Keep no copy of what the origin now answers in a way that is not kept."""
        place = self._store.find(wanted.path, wanted.told)
        if place is not None:
            await self._store.drop(place)

    def _let_rest(self, wanted: Wanted) -> None:
        if len(self._rests_until_s) >= RESTS_MAX:
            self._rests_until_s.clear()
        self._rests_until_s[wanted] = self._clock_s() + REST_S


def _entry_of(wanted: Wanted, fetched: Fetched) -> Entry:
    names = varying(fetched.headers.get("Vary", "")) or ()
    return entry_of(
        path=wanted.path,
        selecting={name: wanted.told.get(name, "") for name in names},
        status=fetched.status,
        headers=fetched.headers,
        size_bytes=len(fetched.content),
        digest=fetched.digest,
        received_s=fetched.received_s,
        age_on_arrival_s=fetched.age_on_arrival_s,
    )


def _may_store(entry: Entry) -> bool:
    return may_store(entry.status, {name.lower(): its for name, its in entry.headers.items()})
