"""Which authors have posts that readers merge: one set for all, remembered for a while.

An author leaves the set MERGED_FOR_S after the last post that was kept for merging.  By then no
timeline needs it: a timeline older than OUTDATED_S is built anew before it serves anybody, and
whatever was stored before a build began is in the timeline that it made, merged or not.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from model.rules.policy import DAY_S
from model.rules.timelines import MERGE_AUTHORS_MAX
from reference_impl.chassis.errors import Full, Unavailable
from reference_impl.timeline.flights import Flights
from reference_impl.timeline.lists import OUTDATED_S
from reference_impl.timeline.questions import Posts

KEY = "merged_lately"
AUTHORS_SERVER = 0  # on which the set lies
WHOLE = 0  # a member that is no author: the set holds everyone whom it should
MERGED_FOR_S = OUTDATED_S + DAY_S  # far longer than a page takes, or clocks of servers differ
KNOWN_MAX = MERGE_AUTHORS_MAX
PAGE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the set says; `authors` is None when they are too many to tell."""

    authors: frozenset[int] | None
    is_whole: bool


class AuthorSet(Protocol):
    """The set on one server; raises Unavailable while that is away, Full where it needs room."""

    async def add(self, author_id: int) -> None:
        """Add an author, of whom a post is kept, for the next MERGED_FOR_S.

        A server that is too full for it loses the set, which then is not whole.
        """

    async def known(self) -> Known:
        """Return what the set says."""

    async def begin(self, token: str) -> None:
        """Put a mark into the set: who has it is finding out all authors."""

    async def finish(self, token: str, author_ids: Iterable[int]) -> bool:
        """Add these and call the set whole, unless the server has lost the mark meanwhile.

        Authors added between the two calls are then in it, or the mark would be lost with them.
        """


class MergeAuthors:
    """The set as one process knows it: read once per `fresh_s` however many ask."""

    def __init__(self, authors: AuthorSet, posts: Posts, *, fresh_s: float) -> None:
        self._set = authors
        self._posts = posts
        self._fresh_s = fresh_s  # an author's first such post may be seen this much later
        self._reading: Flights[str] = Flights()  # once for all who find the set stale
        self._authors: frozenset[int] | None = frozenset()
        self._fresh_until_s = float("-inf")  # on the event loop's clock

    async def read(self) -> frozenset[int] | None:
        """Return the authors as of `fresh_s` ago at most; None: take everyone for one."""
        if asyncio.get_running_loop().time() >= self._fresh_until_s:
            await self._reading.done([KEY], self._refresh)
        return self._authors

    async def _refresh(self, _: list[str]) -> None:
        asked_s = asyncio.get_running_loop().time()
        self._authors = await self._read()
        self._fresh_until_s = asked_s + self._fresh_s

    async def _read(self) -> frozenset[int] | None:
        known = await self._set.known()
        if known.is_whole:
            return known.authors
        try:
            await self._set.begin(token := secrets.token_hex(8))
            await self._set.finish(token, await self._all_authors())
        except Full:  # nobody can remember them, and each finds them out alone
            authors = await self._all_authors()
            return frozenset(authors) if len(authors) <= KNOWN_MAX else None
        except Unavailable:  # they cannot be found out for now: everyone is never too few
            return None
        known = await self._set.known()
        # Lost again, or found by another in the meantime: everyone is never too few.
        return known.authors if known.is_whole else None

    async def _all_authors(self) -> list[int]:
        """Return all authors who ever were to be merged, or more than anyone will want to know."""
        authors: list[int] = []
        page = [0]
        while page and len(authors) <= KNOWN_MAX:
            page = await self._posts.merge_authors(after=page[-1], limit=PAGE)
            authors += page
            if len(page) < PAGE:
                break
        return authors
