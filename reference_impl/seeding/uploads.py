"""Seeded pictures in the object store, as the media service and its pipeline would leave them.

Every picture is one upload that many posts show.  Its id says so (`model.rules.media.is_shared`),
and follows from its content, so that seeding again finds the same.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import obstore

from model.rules.media import shared_upload
from reference_impl.chassis.settings import Settings
from reference_impl.media.names import name_of, upload_at, url_of
from reference_impl.media.pictures import JPEG, Rendition, developed
from reference_impl.media.pipeline.manifests import DROPPED, KEPT, READY, Made, Manifest
from reference_impl.media.store import StoredObjects, opened
from reference_impl.seeding.pictures import Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A picture in the store: its address, and what is said of it beside."""

    picture: Picture
    url: str
    manifest: Manifest

    @property
    def renditions(self) -> list[Mapping[str, Any]]:
        """What others are told of its renditions."""
        return [made.told() for made in self.manifest.renditions]

    @property
    def image(self) -> dict[str, Any]:
        """What a post says of its image."""
        size = {"width": self.manifest.width, "height": self.manifest.height}
        return {"status": READY, **size, "renditions": self.renditions}


def store_pictures(settings: Settings, pictures: Iterable[Picture]) -> list[Upload]:
    """Store pictures and their renditions; the originals only if the settings keep them."""
    objects, keeps = StoredObjects(opened(settings.objects)), settings.originals == "keep"

    async def store_all() -> list[Upload]:
        await objects.claim()
        return [await _stored(objects, picture, keeps=keeps) for picture in pictures]

    return asyncio.run(store_all())


def clear_objects(settings: Settings) -> None:
    """Delete every upload in the object store, and nothing else that may be there."""
    store = opened(settings.objects)
    for objects in obstore.list(store):
        keys = [each["path"] for each in objects if upload_at(each["path"])]
        try:
            obstore.delete(store, keys)
        except FileNotFoundError:  # one has gone meanwhile, and who comes after it may be left
            for key in keys:
                with suppress(FileNotFoundError):
                    obstore.delete(store, key)


async def _stored(objects: StoredObjects, picture: Picture, *, keeps: bool) -> Upload:
    upload = shared_upload(hashlib.sha256(picture.content).hexdigest())
    name = name_of(picture.content, JPEG, upload)
    if keeps:
        await objects.put(name, picture.content)
    renditions = [await _made(objects, each, upload) for each in developed(picture.content)]
    manifest = Manifest(
        url=url_of(name),
        status=READY,
        width=renditions[0].width,  # the widest is as wide as what is painted
        height=renditions[0].height,
        renditions=tuple(renditions),
        bytes_in=len(picture.content),
        original=KEPT if keeps else DROPPED,
    )
    await objects.put_manifest(upload, manifest.to_json())
    url = url_of(name) if keeps else manifest.stand_in()
    assert url is not None  # there is always a JPEG
    return Upload(picture=picture, url=url, manifest=manifest)


async def _made(objects: StoredObjects, rendition: Rendition, upload: str) -> Made:
    name = name_of(rendition.content, rendition.content_type, upload)
    await objects.put(name, rendition.content)
    return Made(
        url=url_of(name),
        width=rendition.width,
        height=rendition.height,
        type=rendition.content_type,
        bytes=len(rendition.content),
    )
