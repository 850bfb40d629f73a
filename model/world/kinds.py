"""Of what kinds posts are, as far as journeys differ by that."""

from __future__ import annotations

from dataclasses import dataclass

from model.world.scenario.people import PostTypes


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinds:
    """Shares of posts; the others are texts."""

    image_share: float = 1.0
    video_share: float = 0.0
    # Of the pipeline, for a video over that for an image; 0: videos are left as they are sent, as
    # the reference services leave them.
    video_work: float = 0.0

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


def kinds_of(types: PostTypes) -> Kinds:
    """Return what a scenario says of its posts."""
    return Kinds(image_share=types.image, video_share=types.video, video_work=types.video_work)
