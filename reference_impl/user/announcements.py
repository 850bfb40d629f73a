"""Every user announced again, for a search index that is made anew: a rebuild of it."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from model.rules.search import began_ms, is_newer
from reference_impl.chassis.attempts import pause
from reference_impl.chassis.errors import BadRequest, Conflict, Unavailable
from reference_impl.chassis.events import Body
from reference_impl.follow.pairs import FollowerCount
from reference_impl.user.profiles import Document, announcement_of

BATCH_MAX = 500  # users in one transaction: as many events as the relay takes at once
OUTBOX_MAX = 5_000  # events of anybody that wait on a server; meanwhile nobody is announced there
POLL_S = 1.0  # between two looks whether there is something to do
HELD_S = 0.1  # between two looks whether there is room
REBUILD_CHARS_MAX = 64
REBUILD_PATTERN = f"[0-9]{{15}}-[0-9A-Za-z]{{1,{REBUILD_CHARS_MAX - 16}}}"

News = tuple[str, Body]  # the kind and the body of an event

log = logging.getLogger("feedtwin")


class Progress(Enum):
    """What came of one step."""

    IDLE = "idle"  # nobody is to be announced
    HELD_UP = "held up"  # what was announced before has not left yet
    CROWDED = "crowded"  # very much else is to leave before
    MADE = "made"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Where a rebuild stands on one server, and how much waits in the outbox there."""

    rebuild: str
    after_id: int  # users up to here have been announced
    outbox_rows: int  # counted up to OUTBOX_MAX
    has_left: bool  # whether no announcement is among these


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A user, and the version of what is stored of them."""

    user_id: int
    document: Document
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is to be announced next, and how far the rebuild is then."""

    news: Sequence[News]
    upto_id: int
    is_last: bool


class AnnouncementStore(Protocol):
    """How far every server is with announcing its users; of rebuilds only the newest counts."""

    @property
    def servers(self) -> range:
        """The numbers of the servers."""

    async def newest(self) -> str:
        """Return the newest rebuild that any server knows; '' if there was none."""

    async def begin(self, rebuild: str) -> None:
        """Remember on every server that all users are to be announced; again does no harm."""

    async def due(self, server: int) -> Due | None:
        """Return where the newest rebuild stands; None if it is done, or there is none."""

    async def users_after(self, server: int, after_id: int, *, limit: int) -> list[Stored]:
        """Return the next users of a server, by ascending id."""

    async def advance(self, server: int, due: Due, step: Step) -> bool:
        """Make the step, its events in the same transaction.

        Says False, and writes nothing, if the rebuild no longer stands where it was due.
        """


class Counts(Protocol):
    """The follow service, as far as announcements need it."""

    async def follower_counts(self, user_ids: Sequence[int]) -> dict[int, FollowerCount]:
        """Return how many follow each of these; whom nobody ever followed may be left out."""


class Stream(Protocol):
    """Where announcements go."""

    async def has_room(self) -> bool:
        """Say whether more may be announced by now."""


class Announcements:
    """Announces all users of all servers, by as many instances as there are.

    What an instance announces was read before and is written only if no other instance was
    quicker; so nobody holds a lock while the follow service is asked.  A step is made once the
    one before has left the outbox: other events wait behind one batch at most, and when the end
    of a server is told the stream has all of its users.
    """

    def __init__(self, store: AnnouncementStore, follows: Counts, stream: Stream) -> None:
        self._store = store
        self._follows = follows
        self._stream = stream

    @property
    def servers(self) -> range:
        """The numbers of the servers, for `run`."""
        return self._store.servers

    async def begin(self, rebuild: str) -> int:
        """Have all users announced; return by how many sources, each of which tells its end.

        Of two rebuilds the newer (`model.rules.search.is_newer`) ends the other.  Raises
        Conflict if a newer one has begun.
        """
        if not re.fullmatch(REBUILD_PATTERN, rebuild):
            raise BadRequest(f"rebuild must match {REBUILD_PATTERN}")
        newest = await self._store.newest()
        if is_newer(newest, than=rebuild):
            raise Conflict(f"the newer rebuild {newest} has begun")
        await self._store.begin(rebuild)
        return len(self._store.servers)

    async def run(self, server: int, stopping: asyncio.Event) -> None:
        """Announce the users of one server whenever they are to be, until `stopping` is set."""
        pause_s = {
            Progress.IDLE: POLL_S,
            Progress.CROWDED: POLL_S,
            Progress.HELD_UP: HELD_S,
            Progress.MADE: 0.0,
        }
        while not stopping.is_set():
            try:
                progress = await self.step(server)
            except Unavailable as error:
                log.warning("announcements of server %d wait: %s", server + 1, error)
                progress = Progress.IDLE
            await pause(pause_s[progress], stopping)

    async def step(self, server: int) -> Progress:
        """Announce the next users of one server, or that there are no more."""
        due = await self._store.due(server)
        if due is None:
            return Progress.IDLE
        if due.outbox_rows >= OUTBOX_MAX:
            return Progress.CROWDED
        if not due.has_left or not await self._stream.has_room():
            return Progress.HELD_UP
        users = await self._store.users_after(server, due.after_id, limit=BATCH_MAX)
        step = await self._batch(due, users) if users else self._end(due, server)
        is_made = await self._store.advance(server, due, step)
        return Progress.MADE if is_made else Progress.HELD_UP

    async def _batch(self, due: Due, users: Sequence[Stored]) -> Step:
        counts = await self._follows.follower_counts([user.user_id for user in users])
        news = [
            ("user.announced", _announced(user, counts.get(user.user_id), due.rebuild))
            for user in users
        ]
        return Step(news=news, upto_id=users[-1].user_id, is_last=False)

    def _end(self, due: Due, server: int) -> Step:
        told = {"rebuild": due.rebuild, "source": server + 1, "sources": len(self._store.servers)}
        return Step(news=[("users.announced", told)], upto_id=due.after_id, is_last=True)


def _announced(user: Stored, count: FollowerCount | None, rebuild: str) -> Body:
    return {
        **announcement_of(user.document, version=user.version),
        "rebuild": rebuild,
        "followers": count.followers if count else 0,
        "followers_version": _version_of(count, rebuild),
    }


def _version_of(count: FollowerCount | None, rebuild: str) -> int:
    """Return the version of a count; of those that have none, what a newer rebuild tells wins."""
    if count is None:
        return 0
    return count.version or began_ms(rebuild)
