"""One request on its way to an instance and its answer back, in pieces where it is long."""

from __future__ import annotations

import asyncio

import aiohttp
from aiohttp import hdrs, web

from reference_impl.chassis.admission import TURN
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.health import HEALTH
from reference_impl.chassis.instances import ANSWER_BYTES_MAX, CONNECT_S, Instance
from reference_impl.chassis.requests import BODY_BYTES_PER_S_MIN, BODY_S
from reference_impl.frontdoor.bodies import Body, Passing
from reference_impl.frontdoor.headers import inward, outward

# Who answers has `callers.PATIENCE_S`; a page may ask gateways twice in turn, with as much each.
ANSWER_S = 12.0  # by then an answer begins, or goes on
CONNECTED_S = 2.0  # by then there is a connection, or other requests have them all
BEGUN_S = CONNECTED_S + BODY_S + ANSWER_S  # even if nobody takes the body
TAKEN_S = 20.0  # by then a client has taken the first of an answer, and then, in the mean:
TAKEN_BYTES_PER_S_MIN = BODY_BYTES_PER_S_MIN
PIECE_BYTES_MAX = 64 << 10
# Short answers are read whole before any of it is sent, so that another instance can be asked if
# this one ends in between.  The pages of the API and most pictures are shorter.
HELD_BYTES_MAX = 256 << 10

_BODILESS = (204, 304)
_REPEATABLE = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})
_PATIENCE = aiohttp.ClientTimeout(
    total=None, connect=CONNECTED_S, sock_connect=CONNECT_S, sock_read=ANSWER_S
)


class Exchange:
    """A request, and how far it has got."""

    def __init__(self, request: web.Request, body: Body) -> None:
        self._request = request
        self._body = body
        self._headers = inward(request, body)
        self._is_answer_begun = False

    async def with_(self, instance: Instance) -> web.StreamResponse:
        """Let the instance answer; raise what aiohttp does if it does not."""
        request = self._request
        asking = instance.answering(
            request.method, request.rel_url, self._headers, self._body, _PATIENCE
        )
        async with asyncio.timeout(BEGUN_S) as timer, asking as answer:
            timer.reschedule(None)
            headers = outward(answer.headers, answer.status, instance.zone)
            if request.method == hdrs.METH_HEAD or answer.status in _BODILESS:
                return web.Response(status=answer.status, headers=headers)
            if 0 <= _length_of(answer) <= HELD_BYTES_MAX:
                body = await answer.read()
                del headers[hdrs.CONTENT_LENGTH]
                return web.Response(status=answer.status, headers=headers, body=body)
            with request[TURN].answer_leaving():
                return await self._stream(answer, headers)

    def break_off_if_begun(self, error: Exception) -> None:
        """Return if the instance failed before it answered; else raise what ends the exchange."""
        if isinstance(self._body, Passing) and self._body.refusal:
            raise self._body.refusal
        if self._is_answer_begun:  # all that is left is to hang up, so that the client knows
            raise ConnectionResetError("the answer broke off") from error

    def refuse_to_repeat(self, error: Exception) -> None:
        """Return if another instance may be asked after this error; else raise what to answer."""
        if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
            return  # nobody has seen anything of it
        if not self._is_repeatable():
            why = "the connection was lost before the answer: the request may have been carried out"
            raise web.HTTPBadGateway(reason=why) from error
        if isinstance(error, TimeoutError):  # others would only be as busy
            raise Unavailable("nobody answered in time") from error

    def _is_repeatable(self) -> bool:
        if isinstance(self._body, Passing):  # without its whole body nothing is carried out
            return self._body.is_repeatable
        return self._request.method in _REPEATABLE

    async def _stream(
        self, answer: aiohttp.ClientResponse, headers: aiohttp.typedefs.LooseHeaders
    ) -> web.StreamResponse:
        self._is_answer_begun = True
        outgoing = web.StreamResponse(status=answer.status, headers=headers)
        if self._request.app[HEALTH].is_draining:  # which middleware would say too late
            outgoing.force_close()
        await outgoing.prepare(self._request)
        begun_s, sent_bytes = asyncio.get_running_loop().time(), 0
        async for piece in answer.content.iter_chunked(PIECE_BYTES_MAX):
            sent_bytes += len(piece)
            if sent_bytes > ANSWER_BYTES_MAX:
                raise aiohttp.ClientPayloadError(f"answer longer than {ANSWER_BYTES_MAX} bytes")
            patience_s = TAKEN_S + sent_bytes / TAKEN_BYTES_PER_S_MIN
            async with asyncio.timeout_at(begun_s + patience_s):
                await outgoing.write(piece)
        await outgoing.write_eof()
        return outgoing


def _length_of(answer: aiohttp.ClientResponse) -> int:
    """Return how long the answer says it is; -1 if it does not."""
    return -1 if answer.content_length is None else answer.content_length
