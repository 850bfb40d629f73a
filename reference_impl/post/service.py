"""Posting, deleting what one posted, and reading posts."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from model.rules.ids import IdMinter
from model.rules.influencers import Delivery, delivery_of
from reference_impl.chassis.errors import BadRequest, NotFound, ServiceError, Unavailable
from reference_impl.chassis.idempotency import IDEMPOTENCY_KEY
from reference_impl.chassis.policies import PolicySource
from reference_impl.post.authors import AuthorIndex
from reference_impl.post.posts import Draft, Kept, Medium, Post, image_of

POSTS_MAX = 100  # in one answer: the longest page of a newsfeed
MINTINGS_MAX = 5  # a second collision in a row is already a broken clock or minter
ROUNDS_MAX = 5  # refills of one page; behind more gaps than these fill, the page stays short

Profile = Mapping[str, Any]  # a public profile as the user service renders it

log = logging.getLogger("feedtwin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some posts, newest first, and the last post scanned for them if there is more below."""

    posts: list[Post]
    last_scanned: int | None


class PostStore(Protocol):
    """Posts by id; who stores or deletes one tells of it in the same transaction."""

    async def insert(self, post: Post, *, once: bool = False) -> bool:
        """Store the post and its event; if its id is taken, nothing: False.

        What was stored `once` is not stored so again, even if it is deleted meanwhile.  Raises
        NotFound if the author has departed.
        """

    async def depart(self, user_id: int) -> None:
        """Remember that the user's account is gone: no post of theirs is shown or stored any more.

        A post that is being stored at the same time is stored when this returns, or never.
        """

    async def posts(self, post_ids: Sequence[int]) -> list[Post]:
        """Return the posts that exist, in the order asked for."""

    async def delete(self, user_id: int, post_ids: Sequence[int]) -> list[int]:
        """Delete those of the posts that are this user's, each with its event; return them."""

    async def erase(self, user_id: int, post_ids: Sequence[int]) -> list[int]:
        """Delete them likewise, with events that may wait behind what people do."""


class Media(Protocol):
    """The media service, as far as posting needs it."""

    async def put(self, medium: Medium) -> Kept:
        """Store the image or video and return where it is."""


class Follows(Protocol):
    """The follow service, as far as posts need it."""

    async def follower_count(self, user_id: int) -> int:
        """Return how many follow the user."""

    async def is_hidden(self, user_id: int, *, viewer_id: int) -> bool:
        """Say whether either of the two has blocked the other."""

    async def look_for_own(self, user_id: int) -> None:
        """Have the user's next page look for the user's own posts."""


class Users(Protocol):
    """The user service, as far as posts need it."""

    async def public_profile(self, user_id: int) -> Profile | None:
        """Return what everyone may see of the user; None if there is no such user."""


class Timelines(Protocol):
    """The timeline service, as far as posting needs it."""

    async def show_own(self, post: Post) -> None:
        """Put the post into its author's own timeline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """The services that help with posts."""

    media: Media
    follows: Follows
    users: Users
    timelines: Timelines


class PostService:
    """The use cases of posts.

    A post is in its author's index before it is visible, and until after it is gone: whoever
    gathers posts by their authors misses none, and leaves out what turns out not to be there.

    A request with a key is for one post, whatever became of it: the index remembers which, before
    there is one, and the store that there was, after it is deleted.
    """

    def __init__(
        self,
        *,
        store: PostStore,
        index: AuthorIndex,
        neighbours: Neighbours,
        minter: IdMinter,
        policies: PolicySource,
    ) -> None:
        self._store = store
        self._index = index
        self._neighbours = neighbours
        self._minter = minter
        self._policies = policies

    async def create(self, user_id: int, draft: Draft, *, key: str | None = None) -> Post:
        """Store what is posted and return it; how it is delivered is decided here, once.

        If the author posted with this key before, it is that post that is returned, as it was
        stored first, and NotFound raised if it is deleted; if it was not stored, it is now.
        """
        request = None if key is None else hashlib.sha256(key.encode()).digest()
        kept, (delivery, follower_count) = await asyncio.gather(
            self._kept(draft.medium), self._delivery(user_id)
        )
        for _ in range(MINTINGS_MAX):
            post = Post(
                post_id=self._minter.mint(),
                user_id=user_id,
                post_type=draft.post_type,
                media_url=kept.url,
                image=image_of(draft, kept),
                caption=draft.caption,
                alt_text=draft.alt_text,
                text=draft.text,
                delivery=delivery,
                follower_count=follower_count,
            )
            stored = await self._stored(post, request)
            if stored is not None:
                await self._show(stored)
                return stored
        raise Unavailable(f"no free post id in {MINTINGS_MAX} attempts")

    async def _show(self, post: Post) -> None:
        """See to it that the author's next page has the post.

        Where it cannot be put into their timeline in time, their next page is to look for it;
        if that cannot be said either, it is left to the event.
        """
        try:
            await self._neighbours.timelines.show_own(post)
        except ServiceError as error:
            log.warning("the next page is to look for post %d: %s", post.post_id, error)
            await _afterwards(self._neighbours.follows.look_for_own(post.user_id))

    async def _kept(self, medium: Medium | None) -> Kept:
        return Kept(url="") if medium is None else await self._neighbours.media.put(medium)

    async def _delivery(self, user_id: int) -> tuple[Delivery, int]:
        """Return how the author's next post is delivered, and to how many followers."""
        follower_count, previous = await asyncio.gather(
            self._neighbours.follows.follower_count(user_id),
            self._index.newest_delivery(user_id),
        )
        policy = self._policies.current()
        return delivery_of(policy, follower_count, previous=previous), follower_count

    async def _stored(self, post: Post, request: bytes | None) -> Post | None:
        """Index the post, then store it; None, and neither is left, if its id is taken.

        If the index has another post for the request, it is stored as that one.  Of an author who
        has departed meanwhile nothing is left, whether or not their posts are erased by now.
        """
        entry = await self._index.add(post, request)
        if entry is None:
            return None
        post = replace(post, post_id=entry.post_id, delivery=entry.delivery)
        try:
            if await self._store.insert(post, once=request is not None):
                return post
        except NotFound:
            await self._index.remove(post.user_id, [post.post_id])
            await self._index.forget(post.user_id)
            raise
        earlier = None if request is None else await self._stored_earlier(post)
        if earlier is None:
            await self._index.withdraw(post, request)
        return earlier

    async def _stored_earlier(self, post: Post) -> Post | None:
        """Return the post as it was stored before; None if the id is that of another author's."""
        for stored in await self._store.posts([post.post_id]):
            return stored if stored.user_id == post.user_id else None
        raise NotFound(f"what was posted with this {IDEMPOTENCY_KEY} is deleted")

    async def delete(self, user_id: int, post_id: int) -> None:
        """Delete a post of the user; raise NotFound if they have none with this id."""
        if not await self._store.delete(user_id, [post_id]):
            raise NotFound(f"user {user_id} has no post {post_id}")
        await _afterwards(self._index.remove(user_id, [post_id]))

    async def depart(self, user_id: int) -> None:
        """Show nobody the posts of one whose account is gone; its event will delete them."""
        await self._store.depart(user_id)

    async def posts(self, post_ids: Sequence[int]) -> list[Post]:
        """Return those of at most POSTS_MAX posts that exist, in the order asked for."""
        if not 1 <= len(post_ids) <= POSTS_MAX:
            raise BadRequest(f"ids must name 1..{POSTS_MAX} posts, got {len(post_ids)}")
        return await self._store.posts(post_ids)

    async def post_seen_by(self, viewer_id: int, post_id: int) -> tuple[Post, Profile]:
        """Return a post and its author; raise NotFound if it is gone, or hidden by a block."""
        for post in await self._store.posts([post_id]):
            author = await self._profile_seen_by(viewer_id, post.user_id)
            if author is not None:
                return post, author
        raise NotFound(f"no post {post_id}")

    async def posts_of(
        self, user_id: int, *, viewer_id: int, before: int | None, limit: int
    ) -> Page:
        """Return the user's posts below `before` (None: the newest), refilled after filtering.

        Raises NotFound if there is no such user, or if a block hides them from the viewer.
        """
        if await self._profile_seen_by(viewer_id, user_id) is None:
            raise NotFound(f"no user {user_id}")
        shown: list[Post] = []
        for _ in range(ROUNDS_MAX):
            found = await self._index.newest([user_id], before=before, limit=limit + 1)
            shown += await self._posts_by(user_id, found[:limit])
            if len(shown) > limit:
                return Page(posts=shown[:limit], last_scanned=shown[limit - 1].post_id)
            if len(found) <= limit:
                return Page(posts=shown, last_scanned=None)
            before = found[limit - 1]
            if len(shown) == limit:
                break
        return Page(posts=shown, last_scanned=before)

    async def _posts_by(self, user_id: int, post_ids: Sequence[int]) -> list[Post]:
        """Return those of the posts that exist and are the user's."""
        posts = await self._store.posts(post_ids)
        return [post for post in posts if post.user_id == user_id]

    async def _profile_seen_by(self, viewer_id: int, user_id: int) -> Profile | None:
        """Return the user's public profile; None if there is none that the viewer may see."""
        profile, is_hidden = await asyncio.gather(
            self._neighbours.users.public_profile(user_id), self._is_hidden(user_id, viewer_id)
        )
        return None if is_hidden else profile

    async def _is_hidden(self, user_id: int, viewer_id: int) -> bool:
        if viewer_id == user_id:
            return False
        return await self._neighbours.follows.is_hidden(user_id, viewer_id=viewer_id)


async def _afterwards(work: Awaitable[None]) -> None:
    """Do what follows from a change that is committed: it cannot be refused any more.

    What fails here is made good by the consumers of the change's event.
    """
    try:
        await work
    except ServiceError as error:
        log.warning("left to the event: %s", error)
