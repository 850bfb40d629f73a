"""Storing and serving originals; the name says what the content must be."""

from __future__ import annotations

import hashlib
from typing import Protocol

from reference_impl.chassis.errors import NotFound, UnsupportedMedia
from reference_impl.chassis.media_types import SUFFIX_OF, sniff_media
from reference_impl.media.ranges import Span


class Objects(Protocol):
    """Bytes by name; what is stored once never changes."""

    async def put(self, name: str, content: bytes) -> None:
        """Store the content; storing it again changes nothing."""

    async def get(self, name: str) -> bytes | None:
        """Return the content; None if there is none by this name."""

    async def size_bytes(self, name: str) -> int | None:
        """Return how long the content is; None if there is none by this name."""

    async def part(self, name: str, span: Span) -> bytes | None:
        """Return these bytes of the content, and read no others; None if there is none."""

    async def check(self) -> None:
        """Raise Unavailable unless objects can be read."""


class MediaService:
    """Keeps images and videos."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    async def put(self, content: bytes, declared_type: str) -> str:
        """Store an image or a video and return its name; twice the same is one object."""
        content_type = sniff_media(content)
        if content_type != declared_type:
            raise UnsupportedMedia(f"the content is {content_type}, not {declared_type[:40]!r}")
        name = f"{hashlib.sha256(content).hexdigest()}.{SUFFIX_OF[content_type]}"
        await self._objects.put(name, content)
        return name

    async def get(self, name: str) -> bytes:
        """Return an image or a video whole."""
        return _found(await self._objects.get(name), name)

    async def size_bytes(self, name: str) -> int:
        """Return how long an image or a video is."""
        size_bytes = await self._objects.size_bytes(name)
        if size_bytes is None:
            raise _missing(name)
        return size_bytes

    async def part(self, name: str, span: Span) -> bytes:
        """Return these bytes of an image or a video."""
        return _found(await self._objects.part(name, span), name)


def _found(content: bytes | None, name: str) -> bytes:
    if content is None:
        raise _missing(name)
    return content


def _missing(name: str) -> NotFound:
    return NotFound(f"no image or video {name}")
