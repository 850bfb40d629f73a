"""The handler of everything: which box, whose zones first, who is ready; then the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping

import aiohttp
from aiohttp import hdrs, web

from reference_impl.chassis.errors import BadRequest, NotFound, Unavailable
from reference_impl.frontdoor.backends import Backends
from reference_impl.frontdoor.bodies import body_to_relay
from reference_impl.frontdoor.exchange import Exchange
from reference_impl.frontdoor.headers import CLIENT_REGION
from reference_impl.frontdoor.metrics import MOVED_ON, RELAYED
from reference_impl.frontdoor.routes import box_for

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")


class Relay:
    """Hands each request to one instance of the box that answers it."""

    def __init__(self, boxes: Mapping[str, Backends]) -> None:
        self._boxes = boxes

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer as the box does, or raise why not."""
        _refuse_what_is_not_for_relaying(request)
        box = box_for(request.method, request.rel_url.raw_path)
        backends = self._boxes[box]
        exchange = Exchange(request, await body_to_relay(request))
        answer = await self._answer_of(box, exchange, request)
        if answer is None:  # who came just now has not been looked at yet
            await backends.look_at_once()
            answer = await self._answer_of(box, exchange, request)
        if answer is None:
            raise Unavailable(f"no instance of {box} is ready")
        return answer

    async def _answer_of(
        self, box: str, exchange: Exchange, request: web.Request
    ) -> web.StreamResponse | None:
        """Return the answer of the first instance that gives one; None if nobody is ready."""
        backends = self._boxes[box]
        for instance in backends.in_turn(request.headers.get(CLIENT_REGION, "")):
            try:
                answer = await exchange.with_(instance)
            except (aiohttp.ClientError, TimeoutError) as error:
                exchange.break_off_if_begun(error)
                backends.failed(instance, error)
                exchange.refuse_to_repeat(error)
                MOVED_ON.labels(box, instance.zone).inc()
            else:
                RELAYED.labels(box, instance.zone).inc()
                return answer
        return None


def _refuse_what_is_not_for_relaying(request: web.Request) -> None:
    if request.method not in METHODS:
        raise web.HTTPMethodNotAllowed(request.method, METHODS)
    if hdrs.UPGRADE in request.headers:
        raise BadRequest("no other protocol is spoken here: leave the Upgrade out")
    if not request.rel_url.raw_path.startswith("/"):
        raise NotFound("there is no such path")
    # Of several aiohttp undoes one, and what is left would be read here and there differently.
    if len(request.headers.getall(hdrs.CONTENT_ENCODING, ())) > 1:
        raise BadRequest("Content-Encoding must be given once")
    # Nothing is decided by the host; but pages compare it with the origin of what is sent to them.
    hosts = request.headers.getall(hdrs.HOST, ["none"])  # which HTTP/1.0 may leave out
    if len(hosts) > 1 or not _HOST.fullmatch(hosts[0]):
        raise BadRequest("Host must name one host")
