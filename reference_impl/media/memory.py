"""An object store of plain dicts, held to the same contract as the real one."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from reference_impl.chassis.ranges import Span
from reference_impl.media.names import folder_of, key_of, manifest_key_of, name_at, upload_at
from reference_impl.media.objects import Aged


class MemoryObjects:
    """Objects that are gone with the process."""

    def __init__(self, clock_s: Callable[[], float] = time.time) -> None:
        self._clock_s = clock_s
        self._contents: dict[str, bytes] = {}  # by key
        self._stored_s: dict[str, float] = {}

    async def put(self, name: str, content: bytes) -> None:
        """Store the content; storing it again changes nothing."""
        if key_of(name) not in self._contents:
            self._put(key_of(name), content)

    async def get(self, name: str) -> bytes | None:
        """Return the content; None if there is none by this name."""
        return self._contents.get(key_of(name))

    async def size_bytes(self, name: str) -> int | None:
        """Return how long the content is; None if there is none by this name."""
        content = self._contents.get(key_of(name))
        return None if content is None else len(content)

    async def part(self, name: str, span: Span) -> bytes | None:
        """Return these bytes of the content; None if there is none."""
        content = self._contents.get(key_of(name))
        return None if content is None else content[span.begin : span.end]

    async def delete(self, name: str) -> None:
        """Delete one object; again does no harm."""
        self._delete(key_of(name))

    async def names_of(self, upload: str) -> list[str]:
        """Return the names of everything that is stored of an upload, in order."""
        return sorted(name for key in self._keys_of(upload) if (name := name_at(key)))

    async def delete_upload(self, upload: str) -> list[str]:
        """Delete everything of an upload; return the names of what was there."""
        names = await self.names_of(upload)
        for key in self._keys_of(upload):
            self._delete(key)
        return names

    async def get_manifest(self, upload: str) -> dict[str, Any] | None:
        """Return what is known of an upload; None if nothing is."""
        text = self._contents.get(manifest_key_of(upload))
        return None if text is None else json.loads(text)

    async def put_manifest(self, upload: str, manifest: Mapping[str, Any]) -> None:
        """Say what is known of an upload, in place of what was said."""
        self._put(manifest_key_of(upload), json.dumps(manifest).encode())

    async def aged(self, older_than_s: float) -> AsyncIterator[Aged]:
        """Yield every upload to which nothing has been added for so long, in no order."""
        until_s = self._clock_s() - older_than_s
        for upload in sorted(set(map(upload_at, self._contents))):
            keys = self._keys_of(upload)
            newest_s = max(self._stored_s[key] for key in keys)
            if newest_s <= until_s:
                yield Aged(
                    upload=upload,
                    newest_s=newest_s,
                    has_manifest=manifest_key_of(upload) in keys,
                    size_bytes=sum(len(self._contents[key]) for key in keys),
                )

    async def claim(self) -> None:
        """Be ours from the beginning."""

    async def check(self) -> None:
        """Be there."""

    def _keys_of(self, upload: str) -> list[str]:
        return [key for key in self._contents if key.startswith(folder_of(upload))]

    def _put(self, key: str, content: bytes) -> None:
        self._contents[key] = content
        self._stored_s[key] = self._clock_s()

    def _delete(self, key: str) -> None:
        self._contents.pop(key, None)
        self._stored_s.pop(key, None)
