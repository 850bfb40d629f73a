"""What a post is: an image or a video with a caption, or a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from model.rules.ids import created_ms_of
from model.rules.influencers import Delivery
from reference_impl.chassis.errors import NotFound

CAPTION_MAX = 2_200  # characters, as on Instagram
ALT_TEXT_MAX = 1_000
TEXT_MAX = CAPTION_MAX

PENDING, READY, FAILED = "pending", "ready", "failed"  # the status of an image

Image = Mapping[str, Any]  # status, width, height, renditions: as callers see it


class PostType(Enum):
    """What a post consists of."""

    IMAGE = "image"
    VIDEO = "video"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """An uploaded image or video, its type known from its own bytes."""

    data: bytes
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Where a medium is kept, and how large it is if it is an image, in pixels."""

    url: str
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What an author wants to post: a medium and what belongs to it, or a text."""

    medium: Medium | None = None
    caption: str = ""
    alt_text: str = ""  # the medium in words, for those who cannot see it
    text: str = ""

    @property
    def post_type(self) -> PostType:
        """The type of the post."""
        if self.medium is None:
            return PostType.TEXT
        is_video = self.medium.content_type.startswith("video/")
        return PostType.VIDEO if is_video else PostType.IMAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A post as stored."""

    post_id: int
    user_id: int
    post_type: PostType
    media_url: str = ""  # of an image or a video
    image: Image | None = None  # of an image; of one from before images were developed, None
    caption: str = ""
    alt_text: str = ""
    text: str = ""
    delivery: Delivery
    follower_count: int  # of the author when the delivery was decided

    @property
    def created_ms(self) -> int:
        """Unix time of the post in milliseconds; the id carries it."""
        return created_ms_of(self.post_id)


def image_of(draft: Draft, kept: Kept) -> Image | None:
    """Return what is to be said of an image that nobody has developed yet; None if it is none."""
    if draft.post_type is not PostType.IMAGE:
        return None
    return {"status": PENDING, "width": kept.width, "height": kept.height, "renditions": []}


def gone(user_id: int) -> NotFound:
    """Return the refusal that the user service gives for a user who does not exist."""
    return NotFound(f"no user {user_id}")
