"""Of what kinds posts are, and how large, as far as journeys differ by that."""

from __future__ import annotations

from dataclasses import dataclass

from model.rules.image_work import SENT_BYTES
from model.world.scenario import People


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinds:
    """Shares of posts, the others being texts, and the sizes of files as they are sent."""

    image_share: float = 1.0
    video_share: float = 0.0
    # Of the pipeline, for a video over that for an image; 0: videos are left as they are sent, as
    # the reference services leave them.
    video_work: float = 0.0
    image_bytes: float = SENT_BYTES
    video_bytes: float = SENT_BYTES
    learnt_bytes: float = SENT_BYTES  # of the images whose work was learnt

    @property
    def media_share(self) -> float:
        """The share of posts with an image or a video."""
        return min(1.0, self.image_share + self.video_share)

    @property
    def image_of_media_share(self) -> float:
        """The share of images among these."""
        return self.image_share / self.media_share if self.media_share else 0.0

    @property
    def developed_share(self) -> float:
        """The share of posts of which the pipeline makes something, and tells of it."""
        return self.media_share if self.video_work else self.image_share

    @property
    def image_of_developed_share(self) -> float:
        """The share of images among these."""
        return self.image_share / self.developed_share if self.developed_share else 1.0


def kinds_of(people: People) -> Kinds:
    """Return what a scenario says of its posts."""
    types = people.post_types
    return Kinds(
        image_share=types.image,
        video_share=types.video,
        video_work=types.video_work,
        image_bytes=people.image_size,
        video_bytes=types.video_size,
    )
