"""Requests that create, sent again with the same Idempotency-Key: done once, answered alike.

While the first request is under way a second one is refused; afterwards it gets the first one's
answer, for a day.  What is kept: every answer below 500 but 409 and 429, which time may change.
A request whose gateway died leaves its mark for UNDER_WAY_S, longer than any request lasts; one
to which no service answered leaves none, so it may be tried again.  If the answer alone was lost
it is the service that must not do it twice: by the key, which the route lets in, or because what
is created has a name that is then taken.
"""

from __future__ import annotations

import base64
import json
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from reference_impl.chassis.clients import Answer
from reference_impl.chassis.errors import Conflict, ServiceError, Unavailable, Unprocessable
from reference_impl.chassis.forms import BOUNDARY
from reference_impl.chassis.idempotency import IDEMPOTENCY_KEY, is_kept
from reference_impl.gateway.sealing import Seal

REPLAYED = "Idempotent-Replayed"
KEPT_S = 86_400
UNDER_WAY_S = 30
RETRY_AFTER_S = 1


log = logging.getLogger("feedtwin")


class Records(Protocol):
    """Bytes by name, which end by themselves; every change is one step for everybody."""

    async def begin(self, name: str, record: bytes, *, for_s: int) -> bytes | None:
        """Store the record unless there is one; return the one that was there."""

    async def replace(self, name: str, old: bytes, new: bytes, *, for_s: int) -> None:
        """Store `new` if `old` is there."""

    async def drop(self, name: str, old: bytes) -> None:
        """Remove `old` if it is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A request that carries a key: the key counts for one caller and one route."""

    key: str
    caller: str
    route: str
    content_type: str
    body: bytes

    @property
    def name(self) -> bytes:
        """Return what two attempts have in common if one repeats the other."""
        return json.dumps([self.caller, self.route, self.key]).encode()

    @property
    def content(self) -> bytes:
        """Return the body; without the boundary of a form, which is new each time it is sent."""
        boundary = BOUNDARY.search(self.content_type)
        if boundary is None:
            return self.body
        return (b"\r\n" + self.body).replace(b"\r\n--" + boundary[2].encode(), b"\r\n--")


class Replays:
    """Lets each attempt happen once; what it keeps, only `secret` can read."""

    def __init__(self, records: Records, secret: str) -> None:
        self._records = records
        self._secret = secret

    async def once(self, attempt: Attempt, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Return the answer that `ask` gives, or gave to an attempt that this one repeats."""
        seal = Seal(self._secret, attempt.name)
        name = "idempotency:" + seal.digest("name")
        mark = {"body": seal.digest("body", attempt.content), "by": secrets.token_hex(8)}
        written = json.dumps(mark).encode()
        found = await self._records.begin(name, written, for_s=UNDER_WAY_S)
        if found is not None:
            return _replayed(json.loads(found), mark["body"], seal)
        try:
            answer = await ask()
        except ServiceError:
            await self._forget(name, written)
            raise
        if not is_kept(answer.status):
            await self._forget(name, written)
            return answer
        kept = {"body": mark["body"], "answer": _text(seal.close(_record_of(answer)))}
        await self._keep(name, written, json.dumps(kept).encode())
        return answer

    async def _forget(self, name: str, mark: bytes) -> None:
        try:
            await self._records.drop(name, mark)
        except Unavailable as error:  # the mark ends by itself
            log.warning("an attempt's mark was left: %s", error)

    async def _keep(self, name: str, mark: bytes, kept: bytes) -> None:
        try:
            await self._records.replace(name, mark, kept, for_s=KEPT_S)
        except Unavailable as error:  # what was created is there: that is to be answered
            log.warning("an answer was not kept: %s", error)


def _replayed(record: dict[str, str], body: str, seal: Seal) -> Answer:
    if record["body"] != body:
        raise Unprocessable(f"this {IDEMPOTENCY_KEY} was sent with another body")
    answer = seal.open(base64.b64decode(record.get("answer", "")))
    if answer is None:
        raise Conflict("the first request with this key is under way", retry_after_s=RETRY_AFTER_S)
    return _answer_of(answer)


def _record_of(answer: Answer) -> bytes:
    return json.dumps([answer.status, dict(answer.headers), _text(answer.body)]).encode()


def _answer_of(record: bytes) -> Answer:
    status, headers, body = json.loads(record)
    return Answer(status=status, headers={**headers, REPLAYED: "true"}, body=base64.b64decode(body))


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
