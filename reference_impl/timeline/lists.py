"""Lists of post ids on one server, which know what they hold: what lists.lua does, as a Protocol.

A list is not there, or being built, or built.  While it is being built, posts are delivered to
it already; a build counts only if nobody has begun another, and the server has not lost the
list, since it began.  So no post is missed between the reading of the posts that exist and the
end of the build, whatever happens between the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from model.rules.policy import DAY_S
from model.rules.timelines import FANOUT_CHUNK_MAX
from reference_impl.timeline.sources import NOWHERE, Source

BUILD_PATIENCE_S = 10.0  # a build that takes longer has died: another may begin
OUTDATED_S = 7 * DAY_S  # a timeline that is older is built anew; see merge_authors.MERGED_FOR_S
FOREVER_S = float("inf")
BUILDING_S = 100.0  # what an abandoned build has left is forgotten
LISTS_PER_CALL_MAX = FANOUT_CHUNK_MAX


class Beginning(Enum):
    """How an attempt to begin a build ended."""

    BEGUN = "begun"
    BUILT = "built"  # another build has ended, and made the list
    BUSY = "busy"  # another build is under way


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What of a list is read: its newest `limit` ids below `before` (None: of all)."""

    before: int | None
    limit: int
    idle_s: float | None  # for how long after that nobody must read it to keep it; None: for good


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one server holds of a timeline, and what that knows about itself."""

    source: Source = NOWHERE
    build: str = ""  # the token of the build that made it; empty: it is not there
    seq: int = 0  # it covers the reader's follows as of this change of them
    halvings: int = 0  # of the share of posts that it holds
    pulled: frozenset[int] = frozenset()  # authors whose edge posts it need not hold
    edges_age_s: float | None = None  # since these were chosen; None: they were not
    reads: int = 0  # of the timeline, over
    read_for_s: float = 0.0
    age_s: float = FOREVER_S  # since its build began: what was stored before was gathered

    @property
    def reads_per_day(self) -> float:
        """How often the reader reads: once a day until there is a day of experience."""
        return (self.reads + 1) / (self.read_for_s / DAY_S + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a build fills a list with: every id that belongs there and is above `floor`."""

    ids: Sequence[int]
    floor: int
    seq: int = 0
    halvings: int = 0
    pulled: frozenset[int] | None = None  # None: no choice of authors was made


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Where a post was delivered."""

    lists: int  # that it now is in
    halved: Sequence[int]  # places, among the keys given, of lists of a halved share


class ListServer(Protocol):
    """The lists on one server, each by its key; raises Unavailable while it is away.

    A server that is full raises Full, but where it says otherwise.

    No call is for more than LISTS_PER_CALL_MAX lists: a longer one would block its server.
    """

    async def read(self, keys: Sequence[str], reading: Reading) -> list[Source]:
        """Return what is asked for of each list; NOWHERE if it is not built."""

    async def read_timeline(self, key: str, reading: Reading) -> Part:
        """Return the same of one list with all that it knows about itself; counts as a read."""

    async def begin(
        self, keys: Sequence[str], token: str, *, replacing: str = ""
    ) -> list[Beginning]:
        """Begin to build each list that is not there, or that the build `replacing` has made."""

    async def finish(
        self, contents: Mapping[str, Contents], token: str, *, idle_s: float | None
    ) -> list[bool]:
        """Fill lists, by key, and call them built; each unless `token` is not building it now."""

    async def cover(self, key: str, build: str, contents: Contents) -> bool:
        """Add what new follows bring; False, and nothing is done, if another build made it.

        The floor, `seq` and `halvings` of the contents only ever raise those of the list.  A
        full server forgets the list, which serves its reader no longer, before it raises Full.
        """

    async def deliver(
        self,
        keys: Sequence[str],
        post_id: int,
        *,
        edge_of: int | None,
        idle_s: float | None = None,
    ) -> Reached:
        """Put the post into each list that is there; not where the author `edge_of` is pulled.

        Lists of a halved share are left to `deliver_shares`.  A list that was to be kept for good
        is, if `idle_s` says so, forgotten when nobody reads it for that long.  A full server
        forgets all these lists: one that lacked the post would not know.
        """

    async def deliver_shares(
        self, keys: Sequence[str], post_id: int, *, edge_of: int | None, survived: Sequence[int]
    ) -> int:
        """Put it into those lists, of any share, whose halvings the post survives; see `deliver`.

        A full server forgets these, too.
        Returns in how many it now is.
        """

    async def remove(self, keys: Sequence[str], post_id: int) -> None:
        """Take the post out of these lists."""

    async def abandon(self, key: str, token: str) -> None:
        """Forget a list that `token` is building; others need not wait for it."""

    async def drop(self, key: str) -> None:
        """Forget the list."""

    async def load_functions(self) -> None:
        """Bring the server to this version of its functions."""
