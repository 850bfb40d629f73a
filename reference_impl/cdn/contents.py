"""The content of an answer, read in parts by as many as like."""

from __future__ import annotations

import os
import weakref
from collections.abc import AsyncIterator
from typing import Protocol

from reference_impl.cdn.metering import in_thread
from reference_impl.chassis.ranges import Span

PART_BYTES = 256 << 10  # held for one client at a time; what is no longer is kept in memory whole


class Content(Protocol):
    """Bytes that do not change."""

    size_bytes: int

    async def read(self, span: Span) -> bytes:
        """Return these bytes."""


class Held:
    """A content in memory."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.size_bytes = len(content)

    async def read(self, span: Span) -> bytes:
        """Return these bytes."""
        return self._content[span.begin : span.end]


class Filed:
    """A content in an open file, which is closed when nobody reads it any more.

    It can be read to its end even if the file has been removed meanwhile.
    """

    def __init__(self, descriptor: int, *, begins_at: int, size_bytes: int) -> None:
        self._descriptor = descriptor
        self._begins_at = begins_at
        self.size_bytes = size_bytes
        weakref.finalize(self, os.close, descriptor)

    async def read(self, span: Span) -> bytes:
        """Return these bytes; raise EOFError if the file has become shorter."""
        length = span.end - span.begin
        part = await in_thread(os.pread, self._descriptor, length, self._begins_at + span.begin)
        if len(part) != length:
            raise EOFError("a file of the cache has been cut short")
        return part


async def parts_of(content: Content, span: Span) -> AsyncIterator[bytes]:
    """Yield these bytes in parts of PART_BYTES at most."""
    for begin in range(span.begin, span.end, PART_BYTES):
        yield await content.read(Span(begin=begin, end=min(begin + PART_BYTES, span.end)))
