"""Who may stay connected: so many in all and from one address, and nobody who says nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import cast

from aiohttp import hdrs, web

from reference_impl.chassis.middleware import problem
from reference_impl.chassis.rooms import Room

CONNECTIONS_MAX = 4_096  # of one listener; further ones are closed at once
HEADER_S = 10.0  # by then a new connection has sent the whole header of a request
KEEPALIVE_S = 75.0  # aiohttp keeps idle connections for an hour


class Door:
    """Makes the protocol of each connection that is accepted."""

    def __init__(self, server: web.Server, *, per_address_max: int) -> None:
        self._server = server
        self._room = Room(CONNECTIONS_MAX, per_address=per_address_max)

    def __call__(self) -> asyncio.Protocol:
        """Return the protocol of one more connection."""
        return _Entrance(self)

    def let_in(self, transport: asyncio.Transport) -> None:
        """Serve a connection, or close it."""
        address = _address_of(transport)
        if not self._room.has_place_for(address):
            transport.close()
            return
        self._room.enter(address)
        loop = asyncio.get_running_loop()
        guest = _Guest(
            self._server,
            loop=loop,
            keepalive_timeout=KEEPALIVE_S,
            access_log=None,  # type: ignore[arg-type]  # it takes None as it takes no logger
        )
        guest.on_leaving = partial(self._room.leave, address)
        transport.set_protocol(guest)
        guest.connection_made(transport)
        loop.call_later(HEADER_S, guest.leave_if_silent)


class _Entrance(asyncio.Protocol):
    """A connection of which it is not yet known from where it comes."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Lead it to the door."""
        self._door.let_in(cast("asyncio.Transport", transport))


class _Guest(web.RequestHandler):
    """A connection as aiohttp serves it, with less patience and fewer words."""

    __slots__ = ("on_leaving",)

    on_leaving: Callable[[], None]

    def connection_lost(self, exc: BaseException | None) -> None:
        """Tell that there is room for another."""
        super().connection_lost(exc)
        self.on_leaving()

    def leave_if_silent(self) -> None:
        """Close a connection that has not sent one whole header.

        aiohttp would wait as long as for one that is idle after an answer.  Later headers have
        until then: who sends them slowly holds no more than who sends nothing.
        """
        if self._request_count == 0:
            self.force_close()

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer; the one to an unknown `Expect` as a problem, which aiohttp has as text.

        It is given before any middleware has seen the request.
        """
        if isinstance(resp, web.HTTPExpectationFailed):
            resp = problem(resp.status, "only 100-continue may be expected", request.path)
            resp.headers[hdrs.SERVER] = "feedtwin"
        return await super().finish_response(request, resp, start_time)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer a request that cannot be read, or that made us fail, without telling details.

        What cannot be read is nobody's error here, so it is not logged: strangers would fill
        the log.
        """
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            super().handle_error(request, status, exc, message)
            answer = problem(status, "the service failed to answer", request.path)
        else:
            answer = problem(status, "the request cannot be read", request.path)
        answer.force_close()
        answer.headers[hdrs.SERVER] = "feedtwin"  # else it would name the software
        return answer


def _address_of(transport: asyncio.Transport) -> str:
    """Return the address of who has connected; of a unix socket none."""
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if isinstance(peer, tuple) else ""
