"""What a post is: an image or a video with a caption, or a text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from model.rules.ids import created_ms_of
from model.rules.influencers import Delivery
from reference_impl.chassis.errors import NotFound

CAPTION_MAX = 2_200  # characters, as on Instagram
ALT_TEXT_MAX = 1_000
TEXT_MAX = CAPTION_MAX


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
    caption: str = ""
    alt_text: str = ""
    text: str = ""
    delivery: Delivery
    follower_count: int  # of the author when the delivery was decided

    @property
    def created_ms(self) -> int:
        """Unix time of the post in milliseconds; the id carries it."""
        return created_ms_of(self.post_id)


def gone(user_id: int) -> NotFound:
    """Return the refusal that the user service gives for a user who does not exist."""
    return NotFound(f"no user {user_id}")
