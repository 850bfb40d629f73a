"""The part of an object that a `Range` header asks for (RFC 9110, section 14)."""

from __future__ import annotations

import re
from dataclasses import dataclass

# One range, with either end left out; numbers may exceed every object.
_RANGE = re.compile(r"bytes=\s*([0-9]{0,30})-([0-9]{0,30})\s*", re.IGNORECASE)


class Unsatisfiable(ValueError):
    """A range of which the object has not one byte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Some bytes of an object: from `begin` to before `end`."""

    begin: int
    end: int

    def of(self, size_bytes: int) -> str:
        """Return the `Content-Range` of this part of an object."""
        return f"bytes {self.begin}-{self.end - 1}/{size_bytes}"


def span_of(header: str, size_bytes: int) -> Span | None:
    """Return the range asked for; None if the header is to be ignored, and all is sent.

    Ignored are headers that are no byte range, and those that name several: a server may
    (section 14.2), and no player asks so.  Raises Unsatisfiable if the object ends before.

    >>> span_of("bytes=-2", 10)
    Span(begin=8, end=10)
    """
    asked = _RANGE.fullmatch(header)
    if asked is None or not (asked[1] or asked[2]):
        return None
    if asked[1]:
        begin = int(asked[1])
        end = min(int(asked[2]) + 1, size_bytes) if asked[2] else size_bytes
        if asked[2] and int(asked[2]) < begin:
            return None
    else:
        begin, end = max(0, size_bytes - int(asked[2])), size_bytes
    if begin >= end:
        raise Unsatisfiable(f"the object has {size_bytes} bytes, none of them in {header[:60]!r}")
    return Span(begin=begin, end=end)
