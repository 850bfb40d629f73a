"""What registering, signing in, changing and leaving are done with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from reference_impl.chassis.media_types import sniff_image
from reference_impl.chassis.sessions import Sessions
from reference_impl.user.passwords import Passwords
from reference_impl.user.records import UserStore
from reference_impl.user.reservations import Reservations


class Media(Protocol):
    """The service that keeps images."""

    async def put_bytes(self, path: str, data: bytes, content_type: str) -> Any:
        """Store an image and return {"url": …}."""


class Posts(Protocol):
    """The post service, as far as leaving needs it."""

    async def depart(self, user_id: int) -> None:
        """Show nobody the user's posts any more; again does no harm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """The stores, and the services that help."""

    store: UserStore
    sessions: Sessions
    media: Media
    posts: Posts
    passwords: Passwords
    clock_s: Callable[[], float]  # Unix time

    @property
    def reservations(self) -> Reservations:
        """The names of the store."""
        return Reservations(self.store)

    async def stored_image(self, image: bytes) -> str:
        """Store an image and return its address; UnsupportedMedia if it is something else."""
        stored = await self.media.put_bytes("/internal/objects", image, sniff_image(image))
        url: str = stored["url"]
        return url
