"""Storing and serving originals; the name says what the content must be."""

from __future__ import annotations

import hashlib
from typing import Protocol

from reference_impl.chassis.errors import NotFound, UnsupportedMedia
from reference_impl.chassis.images import SUFFIX_OF, sniff_image


class Objects(Protocol):
    """Bytes by name; what is stored once never changes."""

    async def put(self, name: str, content: bytes) -> None:
        """Store the content; storing it again changes nothing."""

    async def get(self, name: str) -> bytes | None:
        """Return the content; None if there is none by this name."""

    async def check(self) -> None:
        """Raise Unavailable unless objects can be read."""


class MediaService:
    """Keeps images."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    async def put(self, content: bytes, declared_type: str) -> str:
        """Store an image and return its name; twice the same image is one object."""
        content_type = sniff_image(content)
        if content_type != declared_type:
            raise UnsupportedMedia(f"the image is {content_type}, not {declared_type[:40]!r}")
        name = f"{hashlib.sha256(content).hexdigest()}.{SUFFIX_OF[content_type]}"
        await self._objects.put(name, content)
        return name

    async def get(self, name: str) -> bytes:
        """Return an image."""
        content = await self._objects.get(name)
        if content is None:
            raise NotFound(f"no image {name}")
        return content
