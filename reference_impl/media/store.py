"""The object store: a folder, or anything that obstore reaches (S3, memory)."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from reference_impl.chassis.deadlines import within_deadline
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.ranges import Span
from reference_impl.chassis.stages import visit
from reference_impl.media.names import (
    MARKER,
    folder_of,
    key_of,
    manifest_key_of,
    name_at,
    upload_at,
)
from reference_impl.media.objects import Aged

if TYPE_CHECKING:  # it exists for type checkers only
    from obstore import ObjectMeta

STATION = "object_store"
_LISTED_AT_ONCE = 1_000  # as many as S3 lists in one answer


class StoredObjects:
    """Objects behind obstore's one interface."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def put(self, name: str, content: bytes) -> None:
        """Store the content; storing it again changes nothing."""
        # Named by its hash, an object that exists has the same bytes.
        with _visiting(), suppress(AlreadyExistsError):
            await obstore.put_async(self._store, key_of(name), content, mode="create")

    async def get(self, name: str) -> bytes | None:
        """Return the content; None if there is none by this name."""
        return await self._get(key_of(name))

    async def size_bytes(self, name: str) -> int | None:
        """Return how long the content is; None if there is none by this name."""
        with _visiting():
            try:
                return (await obstore.head_async(self._store, key_of(name)))["size"]
            except FileNotFoundError:
                return None

    async def part(self, name: str, span: Span) -> bytes | None:
        """Return these bytes of the content, and read no others; None if there is none."""
        with _visiting():
            try:
                reading = obstore.get_range_async(
                    self._store, key_of(name), start=span.begin, end=span.end
                )
                return bytes(await reading)
            except FileNotFoundError:
                return None

    async def delete(self, name: str) -> None:
        """Delete one object; again does no harm."""
        await self._delete(key_of(name))

    async def names_of(self, upload: str) -> list[str]:
        """Return the names of everything that is stored of an upload, in order."""
        keys = [found["path"] async for found in self._listed(folder_of(upload))]
        return sorted(name for key in keys if (name := name_at(key)))

    async def delete_upload(self, upload: str) -> list[str]:
        """Delete everything of an upload, its manifest last; return the names of what was there."""
        names = await self.names_of(upload)
        for name in names:
            await self.delete(name)
        await self._delete(manifest_key_of(upload))
        return names

    async def get_manifest(self, upload: str) -> dict[str, Any] | None:
        """Return what is known of an upload; None if nothing is."""
        text = await self._get(manifest_key_of(upload))
        return None if text is None else json.loads(text)

    async def put_manifest(self, upload: str, manifest: Mapping[str, Any]) -> None:
        """Say what is known of an upload, in place of what was said."""
        with _visiting():
            text = json.dumps(manifest).encode()
            await obstore.put_async(self._store, manifest_key_of(upload), text)

    async def aged(self, older_than_s: float) -> AsyncIterator[Aged]:
        """Yield every upload to which nothing has been added for so long, in no order."""
        until_s = time.time() - older_than_s
        async for upload in self._uploads():
            if upload.newest_s <= until_s:
                yield upload

    async def claim(self) -> None:
        """Mark an empty store as ours; in one that holds anything nothing is changed."""
        if await anext(self._listed(), None) is None:
            with _visiting():
                await obstore.put_async(self._store, MARKER, b"")

    async def check(self) -> None:
        """Raise Unavailable unless the store answers, and is one that was claimed."""
        if await self._get(MARKER) is None:
            raise Unavailable(f"the object store has no object {MARKER!r}: it is none of ours")

    async def _get(self, key: str) -> bytes | None:
        with _visiting():
            try:
                found = await obstore.get_async(self._store, key)
                return bytes(await found.bytes_async())
            except FileNotFoundError:
                return None

    async def _delete(self, key: str) -> None:
        with _visiting(), suppress(FileNotFoundError):
            await obstore.delete_async(self._store, key)

    async def _listed(self, prefix: str | None = None) -> AsyncIterator[ObjectMeta]:
        stream = obstore.list(self._store, prefix, chunk_size=_LISTED_AT_ONCE)
        while True:
            with _visiting():
                batch = await anext(stream, None)
            if batch is None:
                return
            for found in batch:
                yield found

    async def _uploads(self) -> AsyncIterator[Aged]:
        """Yield every upload once: stores list folder by folder, so its objects come together."""
        of_one: list[ObjectMeta] = []
        async for found in self._listed():
            if of_one and upload_at(found["path"]) != upload_at(of_one[0]["path"]):
                yield _upload_of(of_one)
                of_one = []
            if upload_at(found["path"]):  # what else lies there is not ours
                of_one.append(found)
        if of_one:
            yield _upload_of(of_one)


def opened(url: str) -> ObjectStore:
    """Return the store at an URL; the folder of a `file:` URL is made if it is missing.

    Of others the environment says what the URL does not, in obstore's names: AWS_ENDPOINT,
    AWS_ACCESS_KEY_ID and so on.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return LocalStore(Path(unquote(parts.path)), mkdir=True, automatic_cleanup=True)
    return from_url(url)


def _upload_of(objects: list[ObjectMeta]) -> Aged:
    upload = upload_at(objects[0]["path"])
    return Aged(
        upload=upload,
        newest_s=max(found["last_modified"].timestamp() for found in objects),
        has_manifest=any(found["path"] == manifest_key_of(upload) for found in objects),
        size_bytes=sum(found["size"] for found in objects),
    )


@contextmanager
def _visiting() -> Iterator[None]:
    try:
        with visit(STATION), within_deadline(STATION):
            yield
    except (BaseError, OSError) as error:  # the disk is full, the bucket is away
        raise Unavailable("the object store cannot be used") from error
