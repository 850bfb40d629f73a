"""A TimelineStore of plain dicts, held to the same contract tests as the one on Valkey."""

from __future__ import annotations

from bisect import insort
from collections.abc import Collection
from dataclasses import dataclass, field

from model.rules.timelines import TIMELINE_CAP


@dataclass(slots=True)
class MemoryTimelineStore:
    """Ascending lists of post ids in one process."""

    cap: int = TIMELINE_CAP
    timelines: dict[int, list[int]] = field(default_factory=dict)
    merged: dict[int, list[int]] = field(default_factory=dict)

    async def timeline(self, user_id: int, *, before: int | None, limit: int) -> list[int]:
        """See TimelineStore."""
        return _newest(self.timelines.get(user_id, []), before, limit)

    async def merge_authors(self) -> frozenset[int]:
        """See TimelineStore."""
        return frozenset(self.merged)

    async def merged_posts(
        self, author_ids: Collection[int], *, before: int | None, limit: int
    ) -> list[list[int]]:
        """See TimelineStore."""
        return [_newest(self.merged.get(author, []), before, limit) for author in author_ids]

    async def deliver(self, post_id: int, *, user_ids: list[int]) -> None:
        """See TimelineStore."""
        for user_id in user_ids:
            self._insert(self.timelines.setdefault(user_id, []), post_id)

    async def keep_for_merging(self, post_id: int, *, author_id: int) -> None:
        """See TimelineStore."""
        self._insert(self.merged.setdefault(author_id, []), post_id)

    def _insert(self, posts: list[int], post_id: int) -> None:
        if post_id not in posts:
            insort(posts, post_id)
        del posts[: -self.cap]


def _newest(ascending: list[int], before: int | None, limit: int) -> list[int]:
    older = [post for post in reversed(ascending) if before is None or post < before]
    return older[:limit]
