"""Developing: an original is read, its renditions are stored, and a manifest says so.

A deletion may come at any moment, also before.  Whoever deletes removes the original first and
looks for the rest after; whoever develops looks for the original when everything else is stored.
So whichever is later finds what the other has left.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Protocol

from PIL import Image

from reference_impl.chassis.errors import Unprocessable
from reference_impl.chassis.stages import Account, accounting
from reference_impl.media.darkrooms import STATION
from reference_impl.media.messages import Rendition
from reference_impl.media.names import name_in, name_of, upload_of, url_of
from reference_impl.media.objects import Objects
from reference_impl.media.pipeline import metrics
from reference_impl.media.pipeline.manifests import (
    DROPPED,
    FAILED,
    KEPT,
    PENDING,
    READY,
    Made,
    Manifest,
)

FORMATS = ("JPEG", "PNG", "WEBP")


class Darkrooms(Protocol):
    """Where images are decoded: never here."""

    async def developed(self, content: bytes) -> Sequence[Rendition]:
        """Return an image's renditions; raise a ServiceError if there can be none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """An original, and its size in pixels."""

    name: str
    content: bytes
    width: int
    height: int


class Developing:
    """Develops originals, so many at a time; what has been developed costs one look."""

    def __init__(
        self, objects: Objects, darkrooms: Darkrooms, *, at_once: int, drops_originals: bool
    ) -> None:
        self._objects = objects
        self._darkrooms = darkrooms
        self._room = asyncio.Semaphore(at_once)
        self._drops_originals = drops_originals

    async def develop(self, name: str) -> Manifest | None:
        """Return what became of an image; None if it is deleted.

        Raises what the darkrooms raise if there can be no renditions; see `give_up`.
        """
        async with self._room:
            known = await self._known(upload_of(name))
            if known is None or known.status != READY:
                manifest = await self._made(name)
            else:
                manifest = known if await self._is_whole(name, known) else None
            if manifest is None or (manifest.original == KEPT and not self._drops_originals):
                return manifest
            return await self._without_original(name, manifest)

    async def keep(self, name: str) -> None:
        """Say of an upload of which nothing is to be made that it is in use."""
        if not await self._is_in_use(name):
            return
        if await self._known(upload_of(name)) is None:
            size_bytes = await self._objects.size_bytes(name) or 0
            await self._is_said(name, Manifest(url=url_of(name), status=READY, bytes_in=size_bytes))

    async def give_up(self, name: str) -> Manifest | None:
        """Say of an image that nothing can be made of it; None if it is deleted, or was made."""
        known = await self._known(upload_of(name))
        if (known is not None and known.status == READY) or not await self._is_in_use(name):
            return None
        bytes_in = known.bytes_in if known else 0
        manifest = Manifest(url=url_of(name), status=FAILED, bytes_in=bytes_in)
        metrics.count_failure()
        return manifest if await self._is_said(name, manifest) else None

    async def _made(self, name: str) -> Manifest | None:
        """Return what was made of an image just now; None, and nothing is left, if it is gone."""
        content = await self._objects.get(name)
        if content is None:
            await self._remove(upload_of(name))  # an earlier try may have begun
            return None
        pending = Manifest(url=url_of(name), status=PENDING, bytes_in=len(content))
        if not await self._is_said(name, pending):
            return None
        manifest = await self._developed(_taken(name, content))
        return manifest if await self._is_said(name, manifest) else None

    async def _developed(self, taken: Taken) -> Manifest:
        account, begun_s = Account(), perf_counter()
        with accounting(account):
            renditions = await self._darkrooms.developed(taken.content)
        made = [await self._stored(rendition, taken.name) for rendition in renditions]
        manifest = Manifest(
            url=url_of(taken.name),
            status=READY,
            width=taken.width,
            height=taken.height,
            renditions=tuple(made),
            bytes_in=len(taken.content),
        )
        darkroom = account.stages.get(STATION)
        cpu_ns = darkroom.cpu_ns if darkroom else None
        metrics.count_development(manifest, cpu_ns=cpu_ns, wall_s=perf_counter() - begun_s)
        return manifest

    async def _stored(self, rendition: Rendition, name: str) -> Made:
        its_name = name_of(rendition.content, rendition.content_type, upload_of(name))
        await self._objects.put(its_name, rendition.content)
        return Made(
            url=url_of(its_name),
            width=rendition.width,
            height=rendition.height,
            type=rendition.content_type,
            bytes=len(rendition.content),
        )

    async def _known(self, upload: str) -> Manifest | None:
        stored = await self._objects.get_manifest(upload)
        return None if stored is None else Manifest.of_json(stored)

    async def _is_whole(self, name: str, known: Manifest) -> bool:
        """Say whether what is known is still there; if it was deleted meanwhile, nothing is left.

        Where the original is gone as it should be, the renditions tell: they were there before.
        """
        if known.original == KEPT:
            return await self._is_in_use(name)
        return await self._is_in_use(name_in(known.renditions[0].url))

    async def _without_original(self, name: str, manifest: Manifest) -> Manifest | None:
        """Drop an original that has renditions; None, and nothing is left, if it was deleted."""
        dropped = replace(manifest, original=DROPPED)
        if manifest.original == KEPT and not await self._is_said(name, dropped):
            return None
        await self._objects.delete(name)
        return dropped

    async def _is_said(self, name: str, manifest: Manifest) -> bool:
        """Store the manifest; if the original is gone by then, nothing is left, and False said."""
        await self._objects.put_manifest(upload_of(name), manifest.to_json())
        return await self._is_in_use(name)

    async def _is_in_use(self, name: str) -> bool:
        """Say whether an object is there; if not, nothing of its upload is left."""
        if await self._objects.size_bytes(name) is not None:
            return True
        await self._remove(upload_of(name))
        return False

    async def _remove(self, upload: str) -> None:
        """Leave nothing of an upload whose original was deleted; Unavailable if all is gone."""
        await self._objects.check()
        await self._objects.delete_upload(upload)


def _taken(name: str, content: bytes) -> Taken:
    """Look at an original's header; nothing is decoded here."""
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            width, height = image.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Unprocessable("the image is damaged") from error
    return Taken(name=name, content=content, width=width, height=height)
