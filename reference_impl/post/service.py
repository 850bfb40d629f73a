"""Posting an image, and reading posts by their ids."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from model.rules.ids import IdMinter, created_ms_of
from model.rules.influencers import Delivery, delivery_of
from reference_impl.chassis.errors import BadRequest, Unavailable

POSTS_MAX = 100  # in one answer: the longest page of a newsfeed
MINTINGS_MAX = 5  # a second collision in a row is already a broken clock or minter


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An uploaded image, its type known from its own bytes."""

    data: bytes
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A post as stored."""

    post_id: int
    user_id: int
    image_url: str
    caption: str
    delivery: Delivery
    follower_count: int  # of the author when the delivery was decided
    post_type: str = "image"

    @property
    def created_ms(self) -> int:
        """Unix time of the post in milliseconds; the id carries it."""
        return created_ms_of(self.post_id)


class PostStore(Protocol):
    """Posts by id."""

    async def insert(self, post: Post) -> bool:
        """Store the post and its event in one transaction; if its id is taken, nothing: False."""

    async def posts(self, post_ids: list[int]) -> list[Post]:
        """Return the posts that exist, in the order asked for."""


class Media(Protocol):
    """The media service, as far as posting needs it."""

    async def put(self, image: Image) -> str:
        """Store the image and return its URL."""


class Follows(Protocol):
    """The follow service, as far as posting needs it."""

    async def follower_count(self, user_id: int) -> int:
        """Return how many follow the user."""


class PostService:
    """The use cases of posting."""

    def __init__(
        self,
        *,
        store: PostStore,
        media: Media,
        follows: Follows,
        minter: IdMinter,
        influencer_followers_min: int,
    ) -> None:
        self._store = store
        self._media = media
        self._follows = follows
        self._minter = minter
        self._influencer_followers_min = influencer_followers_min

    async def create(self, user_id: int, image: Image, caption: str) -> Post:
        """Store the image, then the post, and return it; how it is delivered is decided here."""
        image_url, follower_count = await asyncio.gather(
            self._media.put(image), self._follows.follower_count(user_id)
        )
        for _ in range(MINTINGS_MAX):
            post = Post(
                post_id=self._minter.mint(),
                user_id=user_id,
                image_url=image_url,
                caption=caption,
                delivery=delivery_of(follower_count, self._influencer_followers_min),
                follower_count=follower_count,
            )
            if await self._store.insert(post):
                return post
        raise Unavailable(f"no free post id in {MINTINGS_MAX} attempts")

    async def posts(self, post_ids: list[int]) -> list[Post]:
        """Return those of at most POSTS_MAX posts that exist, in the order asked for."""
        if not 1 <= len(post_ids) <= POSTS_MAX:
            raise BadRequest(f"ids must name 1..{POSTS_MAX} posts, got {len(post_ids)}")
        return await self._store.posts(post_ids)
