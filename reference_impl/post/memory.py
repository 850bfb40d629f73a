"""Posts and their index in plain dicts, held to the same contract tests as on PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from model.rules.ids import ID_MAX
from model.rules.influencers import Delivery
from reference_impl.post import announcements
from reference_impl.post.authors import Entry
from reference_impl.post.posts import FAILED, PENDING, Image, Post, gone


@dataclass(slots=True)
class MemoryPostStore:
    """A PostStore of one dict.

    `events` holds kind and body of what would have left, `erasures` of what for an erasure.
    """

    events: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    erasures: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    _posts: dict[int, Post] = field(default_factory=dict)
    _fulfilled: set[int] = field(default_factory=set)
    _departed: set[int] = field(default_factory=set)

    async def insert(self, post: Post, *, once: bool = False) -> bool:
        """See PostStore."""
        if post.user_id in self._departed:
            raise gone(post.user_id)
        if post.post_id in self._posts or (once and post.post_id in self._fulfilled):
            return False
        if once:
            self._fulfilled.add(post.post_id)
        self._posts[post.post_id] = post
        self.events.append((announcements.CREATED, announcements.created(post)))
        return True

    async def depart(self, user_id: int) -> None:
        """See PostStore."""
        self._departed.add(user_id)

    async def posts(self, post_ids: Sequence[int]) -> list[Post]:
        """See PostStore."""
        return [post for post in self._of(post_ids) if post.user_id not in self._departed]

    async def delete(self, user_id: int, post_ids: Sequence[int]) -> list[int]:
        """See PostStore."""
        return self._delete(user_id, post_ids, self.events)

    async def erase(self, user_id: int, post_ids: Sequence[int]) -> list[int]:
        """See PostStore."""
        return self._delete(user_id, post_ids, self.erasures)

    async def develop(self, post_id: int, url: str, *, image: Image, media_url: str) -> None:
        """See Images."""
        post = self._posts.get(post_id)
        if post is not None and post.media_url == url:
            self._posts[post_id] = replace(post, image=image, media_url=media_url)

    async def give_up(self, post_id: int, url: str) -> None:
        """See Images."""
        post = self._posts.get(post_id)
        if post is None or post.image is None or post.media_url != url:
            return
        if post.image["status"] == PENDING:
            failed = {**post.image, "status": FAILED}
            self._posts[post_id] = replace(post, image=failed)

    def _of(self, post_ids: Sequence[int]) -> list[Post]:
        return [self._posts[post_id] for post_id in post_ids if post_id in self._posts]

    def _delete(
        self, user_id: int, post_ids: Sequence[int], told: list[tuple[str, Mapping[str, Any]]]
    ) -> list[int]:
        theirs = [post for post in self._of(post_ids) if post.user_id == user_id]
        for post in theirs:
            del self._posts[post.post_id]
            body = announcements.deleted(
                post.post_id, user_id, post.delivery, media_url=post.media_url
            )
            told.append((announcements.DELETED, body))
        return [post.post_id for post in theirs]


@dataclass(slots=True)
class MemoryAuthorIndex:
    """An AuthorIndex of one dict per author: how each post is delivered."""

    _deliveries_of: dict[int, dict[int, Delivery]] = field(default_factory=dict)
    _merge_authors: set[int] = field(default_factory=set)
    _requests_of: dict[int, dict[bytes, Entry]] = field(default_factory=dict)

    async def add(self, post: Post, request: bytes | None = None) -> Entry | None:
        """See AuthorIndex."""
        requests = self._requests_of.setdefault(post.user_id, {})
        if request in requests:
            return requests[request]
        theirs = self._deliveries_of.setdefault(post.user_id, {})
        if post.post_id in theirs:
            return None
        theirs[post.post_id] = post.delivery
        if post.delivery is Delivery.MERGE:
            self._merge_authors.add(post.user_id)
        entry = Entry(post_id=post.post_id, delivery=post.delivery)
        if request is not None:
            requests[request] = entry
        return entry

    async def withdraw(self, post: Post, request: bytes | None) -> None:
        """See AuthorIndex."""
        requests = self._requests_of.get(post.user_id, {})
        if request in requests and requests[request].post_id == post.post_id:
            del requests[request]
        self._deliveries_of.get(post.user_id, {}).pop(post.post_id, None)

    async def remove(self, user_id: int, post_ids: Sequence[int]) -> None:
        """See AuthorIndex."""
        for post_id in post_ids:
            self._deliveries_of.get(user_id, {}).pop(post_id, None)

    async def newest_delivery(self, user_id: int) -> Delivery | None:
        """See AuthorIndex."""
        theirs = self._deliveries_of.get(user_id)
        return theirs[max(theirs)] if theirs else None

    async def newest(
        self,
        author_ids: Collection[int],
        *,
        before: int | None,
        limit: int,
        deliveries: Collection[Delivery] = tuple(Delivery),
    ) -> list[int]:
        """See AuthorIndex."""
        below = ID_MAX if before is None else before
        found = (post for author in set(author_ids) for post in self._of(author, deliveries))
        return sorted((post for post in found if post < below), reverse=True)[:limit]

    async def newest_of_each(
        self, author_ids: Collection[int], *, limit: int, deliveries: Collection[Delivery]
    ) -> dict[int, list[int]]:
        """See AuthorIndex."""
        return {
            author: sorted(self._of(author, deliveries), reverse=True)[:limit]
            for author in author_ids
        }

    async def counts(
        self, author_ids: Collection[int], *, since: int, count_max: int
    ) -> dict[int, int]:
        """See AuthorIndex."""
        posts_of = self._deliveries_of
        return {
            author: min(count_max, sum(post >= since for post in posts_of.get(author, ())))
            for author in author_ids
        }

    async def merge_authors(self, *, after: int, limit: int) -> list[int]:
        """See AuthorIndex."""
        return sorted(author for author in self._merge_authors if author > after)[:limit]

    async def forget(self, user_id: int) -> None:
        """See AuthorIndex."""
        self._requests_of.pop(user_id, None)
        self._merge_authors.discard(user_id)

    def _of(self, author: int, deliveries: Collection[Delivery]) -> list[int]:
        theirs = self._deliveries_of.get(author, {})
        return [post for post, delivery in theirs.items() if delivery in deliveries]
