"""The object store: a folder, or anything that obstore reaches (S3, memory)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from reference_impl.chassis.deadlines import within_deadline
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.stages import visit
from reference_impl.media.ranges import Span

STATION = "object_store"


class StoredObjects:
    """Objects behind obstore's one interface."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def put(self, name: str, content: bytes) -> None:
        """Store the content; storing it again changes nothing."""
        # Named by its hash, an object that exists has the same bytes.
        with _visiting(), suppress(AlreadyExistsError):
            await obstore.put_async(self._store, name, content, mode="create")

    async def get(self, name: str) -> bytes | None:
        """Return the content; None if there is none by this name."""
        with _visiting():
            try:
                found = await obstore.get_async(self._store, name)
                return bytes(await found.bytes_async())
            except FileNotFoundError:
                return None

    async def size_bytes(self, name: str) -> int | None:
        """Return how long the content is; None if there is none by this name."""
        with _visiting():
            try:
                return (await obstore.head_async(self._store, name))["size"]
            except FileNotFoundError:
                return None

    async def part(self, name: str, span: Span) -> bytes | None:
        """Return these bytes of the content, and read no others; None if there is none."""
        with _visiting():
            try:
                reading = obstore.get_range_async(self._store, name, start=span.begin, end=span.end)
                return bytes(await reading)
            except FileNotFoundError:
                return None

    async def check(self) -> None:
        """Raise Unavailable unless the store answers."""
        await self.get("ready")  # there is no such object, and the store must be able to say so


def opened(url: str) -> ObjectStore:
    """Return the store at an URL; the folder of a `file:` URL is made if it is missing."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return LocalStore(Path(unquote(parts.path)), mkdir=True)
    return from_url(url)


@contextmanager
def _visiting() -> Iterator[None]:
    try:
        with visit(STATION), within_deadline(STATION):
            yield
    except (BaseError, OSError) as error:  # the disk is full, the bucket is away
        raise Unavailable("the object store cannot be used") from error
