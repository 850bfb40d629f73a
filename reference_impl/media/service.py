"""Taking media in and giving them out; the name says what the content must be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from reference_impl.chassis.errors import NotFound, UnsupportedMedia
from reference_impl.chassis.media_types import sniff_media
from reference_impl.chassis.ranges import Span
from reference_impl.media.messages import Picture
from reference_impl.media.names import name_of, new_upload, upload_of, url_of
from reference_impl.media.objects import Objects
from reference_impl.media.pipeline.manifests import DROPPED, Manifest


class Decoding(Protocol):
    """Where images are decoded: never in a process that serves."""

    async def taken_in(self, content: bytes) -> Picture:
        """Return the image as it is to be stored; raise a ServiceError if it is not taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What was stored: an image, or a video, of which no size is known."""

    url: str
    width: int | None = None
    height: int | None = None


class Moved(Exception):
    """What is asked for is not kept any more; `url` is of what stands for it."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


class MediaService:
    """Keeps images and videos."""

    def __init__(self, objects: Objects, darkrooms: Decoding) -> None:
        self._objects = objects
        self._darkrooms = darkrooms

    async def put(self, content: bytes, declared_type: str) -> Stored:
        """Store an image, upright and without metadata, or a video; each time it is an upload."""
        content_type = sniff_media(content)
        if content_type != declared_type:
            raise UnsupportedMedia(f"the content is {content_type}, not {declared_type[:40]!r}")
        if content_type.startswith("video/"):
            return Stored(url=await self._stored(content, content_type))
        picture = await self._darkrooms.taken_in(content)
        url = await self._stored(picture.content, picture.content_type)
        return Stored(url=url, width=picture.width, height=picture.height)

    async def get(self, name: str) -> bytes:
        """Return an image or a video whole; raise Moved if another stands for it by now."""
        content = await self._objects.get(name)
        if content is None:
            raise await self._missing(name)
        return content

    async def size_bytes(self, name: str) -> int:
        """Return how long an image or a video is; raise likewise."""
        size_bytes = await self._objects.size_bytes(name)
        if size_bytes is None:
            raise await self._missing(name)
        return size_bytes

    async def part(self, name: str, span: Span) -> bytes:
        """Return these bytes of an image or a video; raise likewise."""
        content = await self._objects.part(name, span)
        if content is None:
            raise await self._missing(name)
        return content

    async def _stored(self, content: bytes, content_type: str) -> str:
        name = name_of(content, content_type, new_upload())
        await self._objects.put(name, content)
        return url_of(name)

    async def _missing(self, name: str) -> NotFound | Moved:
        stored = await self._objects.get_manifest(upload_of(name))
        if stored is not None:
            manifest = Manifest.of_json(stored)
            stand_in = manifest.stand_in()
            if stand_in and (manifest.url, manifest.original) == (url_of(name), DROPPED):
                return Moved(stand_in)
        await self._objects.check()  # or all that there was would seem to be deleted
        return NotFound(f"no image or video {name}")
