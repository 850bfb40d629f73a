"""What the media service and its pipeline need of an object store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from reference_impl.chassis.ranges import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Aged:
    """An upload to which nothing has been added for some time."""

    upload: str
    newest_s: float  # Unix time at which the last of its objects was stored
    has_manifest: bool
    size_bytes: int  # of all its objects


class Objects(Protocol):
    """Bytes by name, and what belongs to an upload; what is stored once never changes.

    All of these raise Unavailable if the store cannot be used.
    """

    async def put(self, name: str, content: bytes) -> None:
        """Store the content; storing it again changes nothing."""

    async def get(self, name: str) -> bytes | None:
        """Return the content; None if there is none by this name."""

    async def size_bytes(self, name: str) -> int | None:
        """Return how long the content is; None if there is none by this name."""

    async def part(self, name: str, span: Span) -> bytes | None:
        """Return these bytes of the content, and read no others; None if there is none."""

    async def delete(self, name: str) -> None:
        """Delete one object; again does no harm."""

    async def names_of(self, upload: str) -> list[str]:
        """Return the names of everything that is stored of an upload, in order."""

    async def delete_upload(self, upload: str) -> list[str]:
        """Delete everything of an upload, its manifest last; return the names of what was there."""

    async def get_manifest(self, upload: str) -> dict[str, Any] | None:
        """Return what is known of an upload; None if nothing is."""

    async def put_manifest(self, upload: str, manifest: Mapping[str, Any]) -> None:
        """Say what is known of an upload, in place of what was said."""

    def aged(self, older_than_s: float) -> AsyncIterator[Aged]:
        """Yield every upload to which nothing has been added for so long, in no order."""

    async def claim(self) -> None:
        """Mark an empty store as ours; in one that holds anything nothing is changed."""

    async def check(self) -> None:
        """Raise Unavailable unless objects can be read, and the store is one that was claimed.

        A folder that was moved, or a disk that is not mounted, is no store of which all images have
        been deleted.
        """
