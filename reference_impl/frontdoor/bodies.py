"""The body of a request on its way through: a short one whole, a long one piece by piece."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from reference_impl.chassis.admission import TURN
from reference_impl.chassis.errors import BadRequest, ServiceError, TooLarge
from reference_impl.chassis.forms import FORM_BYTES_MAX
from reference_impl.chassis.requests import (
    JSON_BYTES_MAX,
    TOO_SLOW,
    UNREADABLE,
    body_of,
    may_be_long,
    patience_s,
)

BODY_BYTES_MAX = FORM_BYTES_MAX  # nothing behind the door reads a longer one
_TOO_LARGE = f"the body must not be longer than {BODY_BYTES_MAX} bytes"


class Passing:
    """A body that is handed on as it arrives, within the patience that every body meets.

    The time in which nobody takes what has arrived is not the sender's.  The first piece is kept
    until the second has come, so that until then the body can be handed on once more.
    """

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._received_bytes = 0
        self._waited_s = 0.0
        self._first = b""
        self.is_repeatable = True  # while whoever was given it cannot have had all of it
        self.refusal: ServiceError | None = None  # why it broke off

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield what arrives; raise what is the matter with it, and keep that as `refusal`."""
        if not self.is_repeatable:
            raise RuntimeError("of this body something is gone")
        if not self._first:
            self._first = await self._next()
        yield self._first
        piece = await self._next()
        self.is_repeatable, self._first = False, b""
        while piece:
            yield piece
            piece = await self._next()

    async def _next(self) -> bytes:
        """Return what has arrived by now, at least something; nothing at the end."""
        clock_s = asyncio.get_running_loop().time
        begun_s = clock_s()
        try:
            async with asyncio.timeout(patience_s(self._received_bytes) - self._waited_s):
                piece = await self._request.content.readany()
        except TimeoutError:
            raise self._refused(BadRequest(TOO_SLOW)) from None
        except (*UNREADABLE, ConnectionError):
            raise self._refused(BadRequest("the body cannot be read")) from None
        self._waited_s += clock_s() - begun_s
        self._received_bytes += len(piece)
        if self._received_bytes > BODY_BYTES_MAX:
            raise self._refused(TooLarge(_TOO_LARGE))
        return piece

    def _refused(self, why: ServiceError) -> ServiceError:
        self.refusal = why
        return why


Body = bytes | Passing | None


async def body_to_relay(request: web.Request) -> Body:
    """Return the body; a long one counts as an upload from now on, and is still on its way.

    A short one is waited for, so that nobody behind the door is kept by who sends it slowly.
    Raises TooLarge for one that says it is, Unavailable if too many are under way.
    """
    if not request.body_exists:
        return None
    if (request.content_length or 0) > BODY_BYTES_MAX:
        raise TooLarge(_TOO_LARGE)
    if not may_be_long(request):
        return await body_of(request, bytes_max=JSON_BYTES_MAX)
    # Who is signed in only a gateway knows, which counts the uploads of strangers apart.
    request[TURN].begin_upload(is_signed_in=True)
    return Passing(request)
