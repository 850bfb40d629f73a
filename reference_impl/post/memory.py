"""A PostStore of one dict, held to the same contract tests as the one on PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass, field

from reference_impl.post.service import Post


@dataclass(slots=True)
class MemoryPostStore:
    """Posts in one process; `published` holds what would have left as events."""

    published: list[Post] = field(default_factory=list)
    _posts: dict[int, Post] = field(default_factory=dict)

    async def insert(self, post: Post) -> bool:
        """See PostStore."""
        if post.post_id in self._posts:
            return False
        self._posts[post.post_id] = post
        self.published.append(post)
        return True

    async def posts(self, post_ids: list[int]) -> list[Post]:
        """See PostStore."""
        return [self._posts[post_id] for post_id in post_ids if post_id in self._posts]
