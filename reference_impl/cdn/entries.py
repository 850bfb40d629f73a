"""What an edge knows of one answer it keeps, and how that is written before the content."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from model.rules.caching import age_s, cache_control, lifetime_s, stale_on_error_s
from reference_impl.chassis.media_types import NAME_PATTERN

# Of the origin's headers these are passed on, no others: above all no cookies, which would be
# one visitor's, and nothing about the connection that the origin was asked over.
KEPT_HEADERS = (
    "Cache-Control",
    "Content-Disposition",
    "Content-Language",
    "Content-Security-Policy",
    "Content-Type",
    "Cross-Origin-Resource-Policy",
    "ETag",
    "Last-Modified",
    "Location",
    "Referrer-Policy",
    "Vary",
    "X-Content-Type-Options",
)
HEAD_BYTES_MAX = 16 << 10  # of what is written before the content
_MEDIA = re.compile(f"/media/{NAME_PATTERN}")
_DIGEST_AT = slice(len("/media/"), len("/media/") + 64)


class Damaged(ValueError):
    """A file that is not what an edge once wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One answer of the origin; what it may be used for follows from its headers."""

    path: str
    selecting: Mapping[str, str]  # as told, of what its Vary names
    status: int
    headers: Mapping[str, str]  # by the names above
    size_bytes: int
    digest: str  # SHA-256 of the content
    received_s: float  # Unix time
    age_on_arrival_s: float
    lifetime_s: int
    stale_on_error_s: int

    @property
    def etag(self) -> str:
        """What the origin calls this content; empty if it has no name."""
        return self.headers.get("ETag", "")

    def age_s(self, now_s: float) -> float:
        """Return how old the answer is."""
        return age_s(
            age_on_arrival_s=self.age_on_arrival_s, received_s=self.received_s, now_s=now_s
        )

    def is_fresh(self, now_s: float) -> bool:
        """Say whether the origin need not be asked."""
        return self.age_s(now_s) < self.lifetime_s

    def may_stand_in(self, now_s: float) -> bool:
        """Say whether the answer may be given while the origin cannot."""
        return self.age_s(now_s) < self.lifetime_s + self.stale_on_error_s


def entry_of(
    *,
    path: str,
    selecting: Mapping[str, str],
    status: int,
    headers: Mapping[str, str],
    size_bytes: int,
    digest: str,
    received_s: float,
    age_on_arrival_s: float,
) -> Entry:
    """Return the entry of an answer that came with these headers."""
    control = cache_control(headers.get("Cache-Control", ""))
    return Entry(
        path=path,
        selecting=selecting,
        status=status,
        headers=headers,
        size_bytes=size_bytes,
        digest=digest,
        received_s=received_s,
        age_on_arrival_s=age_on_arrival_s,
        lifetime_s=lifetime_s(status, control),
        stale_on_error_s=stale_on_error_s(control),
    )


def promised_digest(path: str) -> str:
    """Return the SHA-256 that the content at this path must have; empty if any may be there."""
    return path[_DIGEST_AT] if _MEDIA.fullmatch(path) else ""


def written(entry: Entry) -> bytes:
    """Return the line that goes before the content: a checksum, and all that is known."""
    said = json.dumps(
        {
            "path": entry.path,
            "selecting": dict(entry.selecting),
            "status": entry.status,
            "headers": dict(entry.headers),
            "size_bytes": entry.size_bytes,
            "digest": entry.digest,
            "received_s": entry.received_s,
            "age_on_arrival_s": entry.age_on_arrival_s,
        }
    ).encode()
    return b"%s %s\n" % (_checksum(said), said)


def read(start: bytes) -> tuple[Entry, int]:
    """Return the entry that a file begins with, and where its content begins; Damaged if none."""
    line, newline, _ = start.partition(b"\n")
    checksum, _, said = line.partition(b" ")
    if not newline or checksum != _checksum(said):
        raise Damaged("the file does not begin with an entry")
    try:
        values: dict[str, Any] = json.loads(said)
        entry = entry_of(**values)
    except (TypeError, ValueError) as error:  # an entry of another version
        raise Damaged(f"not an entry: {error}") from None
    if promised_digest(entry.path) not in ("", entry.digest):
        raise Damaged("the content is not what its name says")
    return entry, len(line) + 1


def _checksum(said: bytes) -> bytes:
    return hashlib.sha256(said).hexdigest().encode()
