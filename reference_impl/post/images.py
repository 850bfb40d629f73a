"""What becomes of the images of posts, as the pipeline tells it."""

from __future__ import annotations

from typing import Protocol

from reference_impl.chassis.events import Event
from reference_impl.post.posts import READY, Image

DEVELOPED = "media.developed"
FAILED = "media.failed"


class Images(Protocol):
    """The images of posts."""

    async def develop(self, post_id: int, url: str, *, image: Image, media_url: str) -> None:
        """Say what became of the image at `url`; nothing if the post has another, or is gone.

        From then on `media_url` stands for it.
        """

    async def give_up(self, post_id: int, url: str) -> None:
        """Say that nothing becomes of the image at `url`, unless more has been said of it."""


class Development:
    """Keeps with each post what became of its image; again changes nothing."""

    def __init__(self, store: Images) -> None:
        self._store = store

    async def handle(self, event: Event) -> None:
        """Take over what is told of a post's image; let everything else pass."""
        if "post_id" not in event.body:
            return
        post_id, url = int(event.body["post_id"]), event.body["url"]
        if event.kind == DEVELOPED:
            said = {name: event.body[name] for name in ("width", "height", "renditions")}
            await self._store.develop(
                post_id,
                url,
                image={"status": READY, **said},
                media_url=event.body["original_url"],
            )
        elif event.kind == FAILED:
            await self._store.give_up(post_id, url)
