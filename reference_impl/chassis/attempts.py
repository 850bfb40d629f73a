"""Trying the entries of a group: done, tried again later, or set aside after five tries.

What has failed does not hold up what is behind it.  While a store or a service is away nothing
is wrong with the entry, and those behind it need the same: that is waited out, however long it
takes, and costs no try.  A neighbour that answers, but has a defect, costs one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from math import inf
from typing import TypeGuard

from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import TimeoutError as TookTooLong

from model.rules.deliveries import PAUSE_MAX_S, TRIES_MAX
from reference_impl.chassis.errors import Defective, Unavailable
from reference_impl.chassis.groups import Addition, Entry, Group

FAILED_MAX = 100  # entries that wait for another try; until they are fewer nothing new is read
BROKER_AWAY = (ConnectionLost, TookTooLong)

Work = Callable[[Entry], Awaitable[None]]  # finishes the entry itself
GiveUp = Callable[[Entry], Awaitable[Sequence[Addition]]]  # returns what comes of giving up

log = logging.getLogger("feedtwin")


class Postponed(Exception):
    """Raised by work that is too early: it is to be done later, behind the others."""

    def __init__(self, why: str, *, for_s: float) -> None:
        super().__init__(why)
        self.for_s = for_s


async def leave(_entry: Entry) -> Sequence[Addition]:
    """Do nothing more about an entry that is set aside."""
    return ()


class Attempts:
    """The entries that a process has in hand from one group, and the work to be done on each."""

    def __init__(
        self, group: Group, work: Work, *, retry_s: float, give_up: GiveUp = leave
    ) -> None:
        self._group = group
        self._work = work
        self._give_up = give_up
        self._retry_s = retry_s
        self._due_s: dict[bytes, float] = {}  # of entries that wait, on the event loop's clock
        self._interrupted: Entry | None = None  # in hand when the broker went away

    @property
    def room(self) -> int:
        """How many more entries may come to wait for another try."""
        return max(0, FAILED_MAX - len(self._due_s))

    def due_in_s(self, most_s: float) -> float:
        """Return how long nothing is due, at most so long."""
        first_s = min(self._due_s.values(), default=inf)
        return min(most_s, max(0.0, first_s - _clock_s()))

    async def take_up_unfinished(self) -> None:
        """Make what an earlier life of this process left in hand due at once."""
        if self._interrupted is not None:
            await self._group.give_back(self._interrupted)
            self._interrupted = None
        self._take_up(await self._group.unfinished(FAILED_MAX))

    async def take_up_abandoned(self, idle_s: float) -> None:
        """Take over what others have not touched for so long, as far as there is room."""
        if self.room:
            self._take_up(await self._group.claim_abandoned(idle_s, self.room))

    def _take_up(self, entry_ids: Iterable[bytes]) -> None:
        now_s = _clock_s()
        for entry_id in entry_ids:
            self._due_s.setdefault(entry_id, now_s)

    async def next_due(self) -> Entry | None:
        """Begin another try of the first entry that is due; None if there is none."""
        while (entry_id := self._first_due()) is not None:
            del self._due_s[entry_id]
            entry = await self._group.take(entry_id)
            if entry is not None:
                return entry
            log.info("%s: entry %s is in other hands, or gone", self._group, entry_id.decode())
        return None

    def _first_due(self) -> bytes | None:
        now_s = _clock_s()
        return next((key for key, due_s in self._due_s.items() if due_s <= now_s), None)

    async def attempt(self, entry: Entry, stopping: asyncio.Event) -> bool:
        """Work on the entry, waiting out what is away; return whether it is done.

        If it fails otherwise it waits for another try, or is set aside after the last one.  If
        the process must stop meanwhile it stays in hand, for the next of this name.  The broker
        itself being away is raised.
        """
        pause_s = self._retry_s
        trying: Entry | None = entry
        while trying is not None:
            error = await self._tried(trying)
            if not _is_away(error):
                return error is None
            if await pause(pause_s, stopping):
                return False
            trying = await self._group.take(trying.entry_id)
            pause_s = min(2 * pause_s, PAUSE_MAX_S)
        return False

    async def _tried(self, entry: Entry) -> BaseException | None:
        """Work on the entry and see to what goes wrong, which is returned."""
        self._interrupted = entry
        error = await self._error_of(entry)
        if entry.tries >= TRIES_MAX and _is_failure(error):
            error = await self._set_aside(entry, error)
        if isinstance(error, BROKER_AWAY):
            raise error
        if _is_away(error):
            log.warning("%s: entry %s waits: %s", self._group, _number(entry), error)
            await self._group.give_back(entry)
        elif isinstance(error, Postponed):
            await self._group.give_back(entry)
            self._due_s[entry.entry_id] = _clock_s() + error.for_s
        elif error is not None and entry.tries < TRIES_MAX:
            self._try_again(entry, error)
        self._interrupted = None
        return error

    async def _error_of(self, entry: Entry) -> BaseException | None:
        """Work on the entry; return what went wrong, whatever it was, or None."""
        if entry.tries > TRIES_MAX:
            return RuntimeError(f"whoever tried died, or failed, {TRIES_MAX} times")
        [error] = await asyncio.gather(self._work(entry), return_exceptions=True)
        return error

    async def _set_aside(self, entry: Entry, error: BaseException) -> BaseException:
        """Give the entry up; return what is away if that hinders it, and else the error.

        Whatever else goes wrong in giving up, the entry must not come again for ever.
        """
        number = _number(entry)
        [told] = await asyncio.gather(self._give_up(entry), return_exceptions=True)
        if isinstance(told, BaseException):
            if not _is_failure(told):
                return told
            log.error("%s: entry %s is not told of", self._group, number, exc_info=told)
            told = ()
        log.error("%s: entry %s is set aside", self._group, number, exc_info=error)
        tries = min(entry.tries, TRIES_MAX)
        await self._group.set_aside(entry, error, tries=tries, additions=told)
        return error

    def _try_again(self, entry: Entry, error: BaseException) -> None:
        number = _number(entry)
        log.warning("%s: entry %s: try %d failed", self._group, number, entry.tries, exc_info=error)
        pause_s = min(self._retry_s * 2 ** (entry.tries - 1), PAUSE_MAX_S)
        self._due_s[entry.entry_id] = _clock_s() + pause_s


class Every:
    """Something to be done once in a while, the first time at once."""

    def __init__(self, period_s: float) -> None:
        self._period_s = period_s
        self._due_s = 0.0  # on the event loop's clock

    def is_due(self) -> bool:
        """Say whether it is to be done now; if so it is due again a period later."""
        now_s = asyncio.get_running_loop().time()
        if now_s < self._due_s:
            return False
        self._due_s = now_s + self._period_s
        return True


async def pause(seconds: float, stopping: asyncio.Event) -> bool:
    """Wait for so long, or until the process must stop; return whether it must."""
    try:
        async with asyncio.timeout(seconds):
            return await stopping.wait()
    except TimeoutError:
        return False


def _is_failure(error: BaseException | None) -> TypeGuard[BaseException]:
    """Say whether the entry is to blame, or the work on it, and not what is away or too early."""
    if error is None or _is_away(error):
        return False
    return not isinstance(error, (*BROKER_AWAY, Postponed))


def _is_away(error: BaseException | None) -> bool:
    return isinstance(error, Unavailable) and not isinstance(error, Defective)


def _number(entry: Entry) -> str:
    return entry.entry_id.decode()


def _clock_s() -> float:
    return asyncio.get_running_loop().time()
