"""What reading a newsfeed asks of the follow and the post service."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

PULLED_MAX = 1_000  # posts in one answer of `by_authors` and `lists`
LISTS_MAX = 1_000  # authors in one question of `lists`

PostBody = Mapping[str, Any]  # a post as the post service renders it


@dataclass(frozen=True, slots=True, kw_only=True)
class Followees:
    """Whom a user follows, as of the user's change number `seq`."""

    ids: frozenset[int]
    seq: int


class Follows(Protocol):
    """The follow service."""

    async def followees(self, user_id: int) -> Followees:
        """Return whom the user follows."""

    async def mirror(self, user_id: int, *, since: int) -> Followees:
        """Return those whom the user follows since a change after `since`.

        Before it answers, fan-out finds the user among the followers of each of them.
        """


class Posts(Protocol):
    """The post service; of ids that it gives, some posts may be deleted by now."""

    async def posts(self, post_ids: Sequence[int]) -> list[PostBody]:
        """Return the posts that exist, in the order asked for; at most 100."""

    async def by_authors(
        self, author_ids: Collection[int], *, before: int | None, limit: int
    ) -> list[int]:
        """Return the newest `limit` posts below `before` of all these authors, newest first."""

    async def lists(self, author_ids: Sequence[int], *, limit: int) -> dict[int, list[int]]:
        """Return, per author, the newest `limit` posts that are not pushed, newest first."""

    async def rates(self, author_ids: Collection[int]) -> dict[int, float]:
        """Return how many posts each author writes a day; who writes none may be left out."""

    async def merge_authors(self, *, after: int, limit: int) -> list[int]:
        """Return the first `limit` authors above `after` who ever had a post to merge."""
