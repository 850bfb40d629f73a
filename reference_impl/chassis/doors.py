"""Who may stay connected: so many at a time, and nobody who does not say what they want."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from aiohttp import hdrs, web

from reference_impl.chassis.middleware import problem

CONNECTIONS_MAX = 4_096  # of one listener; further ones are closed at once
HEADER_S = 10.0  # by then a new connection has sent the whole header of a request
KEEPALIVE_S = 75.0  # aiohttp keeps idle connections for an hour


class Door:
    """Makes the protocol of each connection that is accepted."""

    def __init__(self, server: web.Server) -> None:
        self._server = server

    def __call__(self) -> asyncio.Protocol:
        """Return the protocol of one more connection."""
        if len(self._server.connections) >= CONNECTIONS_MAX:
            return _Closed()
        loop = asyncio.get_running_loop()
        guest = _Guest(
            self._server,
            loop=loop,
            keepalive_timeout=KEEPALIVE_S,
            access_log=None,  # type: ignore[arg-type]  # it takes None as it takes no logger
        )
        loop.call_later(HEADER_S, guest.leave_if_silent)
        return guest


class _Guest(web.RequestHandler):
    """A connection as aiohttp serves it, with less patience and fewer words."""

    __slots__ = ()

    def leave_if_silent(self) -> None:
        """Close a connection that has not sent one whole header.

        aiohttp would wait as long as for one that is idle after an answer.  Later headers have
        until then: who sends them slowly holds no more than who sends nothing.
        """
        if self._request_count == 0:
            self.force_close()

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


class _Closed(asyncio.Protocol):
    """A connection that is not let in."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Close it."""
        transport.close()
