"""What authors have posted: ids only, as those ask who gather posts by their authors."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from model.rules.ids import EPOCH_MS, id_of
from model.rules.influencers import Delivery
from reference_impl.chassis.errors import BadRequest
from reference_impl.post.posts import Post

AUTHORS_MAX = 5_001  # whom one may follow, and oneself
LISTS_MAX = 1_000  # authors of whom each has a list of its own in the answer
IDS_MAX = 1_000  # posts of one list: more than a timeline keeps
LISTED_MAX = 300_000  # posts in all lists of one answer: 7 of the 9 MB that are read of one
MERGE_AUTHORS_MAX = 1_000  # on a page
RATE_DAYS = 30
RATED_MAX = 3_000  # posts counted of one author: 100 a day are as bad as any more

_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """That an author has a post, and how it is delivered."""

    post_id: int
    delivery: Delivery


class AuthorIndex(Protocol):
    """Post ids by author.

    Every post that can be seen is in it; an entry may be left whose post is not there.
    """

    async def add(self, post: Post, request: bytes | None = None) -> Entry | None:
        """Enter the post, and its author among those to merge; if it is there already: None.

        A `request` has one post for good, also when its entry is removed: if the author entered
        another for it before, nothing is entered, and the other is returned.
        """

    async def withdraw(self, post: Post, request: bytes | None) -> None:
        """Remove the entry of a post that cannot be stored, and that the request is for it."""

    async def remove(self, user_id: int, post_ids: Sequence[int]) -> None:
        """Remove entries; what is not there is not missed."""

    async def newest_delivery(self, user_id: int) -> Delivery | None:
        """Return how the author's newest post is delivered; None if there is none."""

    async def newest(
        self,
        author_ids: Collection[int],
        *,
        before: int | None,
        limit: int,
        deliveries: Collection[Delivery] = tuple(Delivery),
    ) -> list[int]:
        """Return the newest posts of all these authors together, below `before`."""

    async def newest_of_each(
        self, author_ids: Collection[int], *, limit: int, deliveries: Collection[Delivery]
    ) -> dict[int, list[int]]:
        """Return the newest posts of each of these authors, an empty list of one without."""

    async def counts(
        self, author_ids: Collection[int], *, since: int, count_max: int
    ) -> dict[int, int]:
        """Return how many posts from id `since` on each has, counted up to `count_max`."""

    async def merge_authors(self, *, after: int, limit: int) -> list[int]:
        """Return authors above `after`, ascending, who ever had a post that readers merge."""

    async def forget(self, user_id: int) -> None:
        """Remove the author, who has no posts any more, from those to merge, and requests."""


class AuthorsService:
    """The use cases of gathering."""

    def __init__(self, index: AuthorIndex, clock_ms: Callable[[], int]) -> None:
        self._index = index
        self._clock_ms = clock_ms

    async def newest(
        self,
        author_ids: Collection[int],
        *,
        before: int | None,
        limit: int,
        deliveries: Collection[Delivery],
    ) -> list[int]:
        """Return the newest `limit` posts of all these authors together, below `before`."""
        _require_at_most(AUTHORS_MAX, author_ids)
        return await self._index.newest(
            author_ids, before=before, limit=limit, deliveries=deliveries
        )

    async def newest_of_each(
        self, author_ids: Collection[int], *, limit: int, deliveries: Collection[Delivery]
    ) -> dict[int, list[int]]:
        """Return the newest `limit` posts of each of these authors."""
        _require_at_most(LISTS_MAX, author_ids)
        if len(author_ids) * limit > LISTED_MAX:
            raise BadRequest(f"author_ids times limit must be at most {LISTED_MAX}")
        return await self._index.newest_of_each(author_ids, limit=limit, deliveries=deliveries)

    async def posts_per_day(self, author_ids: Collection[int]) -> dict[int, float]:
        """Return how often each of these authors posted in the last RATE_DAYS."""
        _require_at_most(AUTHORS_MAX, author_ids)
        since_ms = max(EPOCH_MS, self._clock_ms() - RATE_DAYS * _DAY_MS)
        counts = await self._index.counts(
            author_ids, since=id_of(since_ms, 0, 0), count_max=RATED_MAX
        )
        return {author_id: count / RATE_DAYS for author_id, count in counts.items()}

    async def merge_authors(self, *, after: int, limit: int) -> list[int]:
        """Return authors above `after`, ascending, who ever had a post that readers merge."""
        return await self._index.merge_authors(after=after, limit=limit)


def _require_at_most(count_max: int, author_ids: Collection[int]) -> None:
    if len(author_ids) > count_max:
        raise BadRequest(f"author_ids must name at most {count_max}, got {len(author_ids)}")
