"""Where an edge gets what it has not: media from the media service, the rest from the pages."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from aiohttp import hdrs
from yarl import URL

from model.rules.caching import age_on_arrival_s
from reference_impl.cdn.entries import KEPT_HEADERS, promised_digest
from reference_impl.cdn.metering import in_thread
from reference_impl.cdn.metrics import FETCHED_BYTES
from reference_impl.chassis.clients import ServiceClient
from reference_impl.chassis.errors import Defective, Unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What an origin answered, its content whole."""

    status: int
    headers: Mapping[str, str]  # those that are passed on
    content: bytes
    digest: str  # SHA-256 of the content
    received_s: float  # Unix time
    age_on_arrival_s: float


class Origin(Protocol):
    """Whoever has the originals."""

    async def fetch(self, path: str, told: Mapping[str, str], *, etag: str) -> Fetched:
        """Return the answer to a GET; raise Unavailable if there is none to be had.

        With `etag` it may be 304: the content is still the one of this name.
        """


class Origins:
    """The services behind the edges; none is told anything about who asks."""

    def __init__(
        self, *, media: ServiceClient, web: ServiceClient, clock_s: Callable[[], float]
    ) -> None:
        self._clock_s = clock_s  # Unix time
        self._media = media
        self._web = web

    async def fetch(self, path: str, told: Mapping[str, str], *, etag: str) -> Fetched:
        """Return the answer to a GET, whole; it is checked before anybody sees it.

        Errors of the origin are raised as Unavailable, and so is a picture that is not what its
        name says.
        """
        origin = self._media if path.startswith("/media/") else self._web
        headers = {**told, hdrs.IF_NONE_MATCH: etag} if etag else dict(told)
        begun_s = self._clock_s()
        answer = await origin.forward("GET", URL(path), headers=headers)
        received_s = self._clock_s()
        FETCHED_BYTES.inc(len(answer.body))
        fetched = Fetched(
            status=answer.status,
            headers=_kept(answer.headers),
            content=answer.body,
            digest=await in_thread(_digest, answer.body),
            received_s=received_s,
            age_on_arrival_s=age_on_arrival_s(
                answer.headers.get(hdrs.AGE, ""), took_s=received_s - begun_s
            ),
        )
        _refuse_what_is_wrong(path, fetched, may_be_unchanged=bool(etag))
        return fetched


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that are passed on; the lines of one are one list (RFC 9110, 5.3)."""
    kept = {}
    for name in KEPT_HEADERS:
        lines = [value for its, value in headers.items() if its.lower() == name.lower()]
        if lines:
            kept[name] = ", ".join(lines)
    return kept


def _refuse_what_is_wrong(path: str, fetched: Fetched, *, may_be_unchanged: bool) -> None:
    if fetched.status >= 500:
        raise Unavailable(f"the origin answered {fetched.status}")
    if fetched.status == 206 or (fetched.status == 304 and not may_be_unchanged):
        raise Defective(f"the origin answered {fetched.status}, which was not asked for")
    promised = promised_digest(path)
    if fetched.status == 200 and promised and fetched.digest != promised:
        raise Defective("the origin's content is not what its name says")
