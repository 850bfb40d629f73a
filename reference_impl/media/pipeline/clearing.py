"""Clearing: of an upload that nobody shows any more, every object goes, and all are told.

It takes two events.  Edges must be told of each address, also if the process dies half-way; so
the addresses are first sent to ourselves, and what is told at the end is what was received.
"""

from __future__ import annotations

from collections.abc import Sequence

from reference_impl.media.names import upload_of, url_of
from reference_impl.media.objects import Objects
from reference_impl.media.pipeline.manifests import Manifest


class Clearing:
    """Deletes uploads."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    async def urls_of(self, name: str) -> list[str]:
        """Return every address under which something of this object's upload may be known."""
        upload = upload_of(name)
        urls = {url_of(name), *map(url_of, await self._objects.names_of(upload))}
        stored = await self._objects.get_manifest(upload)
        if stored is not None:
            manifest = Manifest.of_json(stored)
            urls |= {manifest.url, *(made.url for made in manifest.renditions)}
        return sorted(urls)

    async def clear(self, names: Sequence[str]) -> None:
        """Delete these objects, and then what else there is of their uploads.

        Who is developing one of them at the same time finds that the original is gone, or has
        stored before what is found here: see `developing`.
        """
        for name in names:
            await self._objects.delete(name)
        for upload in sorted(set(map(upload_of, names))):
            await self._objects.delete_upload(upload)
