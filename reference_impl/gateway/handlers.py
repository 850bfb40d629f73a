"""The handler of a public route: who asks, how often, and what; then the service's answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from aiohttp import hdrs, web
from multidict import MultiMapping

from model.rules.rate_limits import By
from reference_impl.chassis.callers import PATIENCE_S, allow, recognise
from reference_impl.chassis.clients import Answer, ServiceClient
from reference_impl.chassis.errors import NotFound, Unavailable
from reference_impl.chassis.idempotency import IDEMPOTENCY_KEY, key_of
from reference_impl.chassis.middleware import PROBLEM_JSON, problem
from reference_impl.chassis.requests import address_of, body_of
from reference_impl.gateway.replays import Attempt, Replays
from reference_impl.gateway.routes import PublicRoute, could_exist
from reference_impl.gateway.service import Doorkeeper
from reference_impl.gateway.throttle import Asker, Throttle

OUTWARD = (  # whatever else a service says stays inside
    hdrs.ACCEPT_RANGES,
    hdrs.ALLOW,
    hdrs.CACHE_CONTROL,
    hdrs.CONTENT_RANGE,
    hdrs.CONTENT_TYPE,
    hdrs.ETAG,
    "Feed-Source",
    hdrs.LINK,
    hdrs.LOCATION,
    hdrs.RETRY_AFTER,
    hdrs.WWW_AUTHENTICATE,
)
LISTS = (hdrs.IF_NONE_MATCH,)  # whose lines belong together
AFTERWARDS_S = 0.5  # to enter in the session store what came of a request
WRONG_PASSWORD = (401, 403)  # how a service answers one


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What stands between the public and the services."""

    doorkeeper: Doorkeeper
    throttle: Throttle
    replays: Replays


class Forwarder:
    """Lets a service answer one public route."""

    def __init__(self, route: PublicRoute, service: ServiceClient, desk: Desk) -> None:
        self._route = route
        self._service = service
        self._desk = desk

    async def answer(self, request: web.Request) -> web.Response:
        """Answer the request, or raise why not."""
        _check_path(request)
        account = await self._account_of(request)
        body = await body_of(request, bytes_max=self._route.body_bytes_max)
        allow(PATIENCE_S)  # which is with us, not with how long an upload takes
        asker = Asker(
            address=address_of(request), account=account, login_name=self._login_name_in(body)
        )
        ask = partial(self._ask, request, asker, body)
        key = self._key_of(request)
        if key is None:
            return _response(await ask())
        attempt = Attempt(
            key=key,
            caller=account or asker.address,
            route=self._route.path,
            content_type=request.headers.get(hdrs.CONTENT_TYPE, ""),
            body=body,
        )
        return _response(await self._desk.replays.once(attempt, ask))

    async def _account_of(self, request: web.Request) -> str:
        """Return the id of the user who asks, known to all services from now on; or nothing."""
        # Two headers are no token: which of them another reader would take nobody knows.
        authorization = ", ".join(request.headers.getall(hdrs.AUTHORIZATION, ()))
        user_id = await self._desk.doorkeeper.let_in(
            self._route.who, authorization, request.match_info.get("user_id", "")
        )
        if user_id is None:
            return ""
        recognise(user_id)
        return str(user_id)

    async def _ask(self, request: web.Request, asker: Asker, body: bytes) -> Answer:
        limits, throttle = self._route.limits, self._desk.throttle
        await throttle.admit(limits, asker)
        try:
            answer = await self._service.forward(
                self._route.method,
                request.rel_url,
                headers=_kept(request.headers, (hdrs.CONTENT_TYPE, *self._route.inward)),
                body=body or None,
            )
        except Unavailable:
            allow(AFTERWARDS_S)
            await throttle.forgive(limits, asker)
            raise
        allow(AFTERWARDS_S)
        if answer.status not in WRONG_PASSWORD:
            await throttle.forgive(limits, asker)
        return _outward(answer, request)

    def _login_name_in(self, body: bytes) -> str:
        """Return the username that somebody tries; nothing if the service will refuse the body."""
        if not any(limit.by is By.LOGIN_NAME for limit in self._route.limits):
            return ""
        try:
            username = json.loads(body.decode())["username"]
        except (ValueError, RecursionError, LookupError, TypeError):
            return ""
        return username if isinstance(username, str) else ""

    def _key_of(self, request: web.Request) -> str | None:
        if not self._route.creates:
            return None
        return key_of(request.headers.getall(IDEMPOTENCY_KEY, []))


def _check_path(request: web.Request) -> None:
    """Refuse escapes, which no public path needs, and ids that are too large to exist."""
    if "%" in request.raw_path.partition("?")[0]:
        raise NotFound("there is no such path")
    for name, value in request.match_info.items():
        if not could_exist(name, value):
            raise NotFound(f"nothing has the id {value}")


def _outward(answer: Answer, request: web.Request) -> Answer:
    """Return of an answer what may leave; of a service that failed, that it did."""
    if answer.status >= 500 and answer.status != 503:
        failed = problem(502, "the service failed to answer", request.path)
        assert isinstance(failed.body, bytes)
        return Answer(
            status=failed.status, headers={hdrs.CONTENT_TYPE: PROBLEM_JSON}, body=failed.body
        )
    names = OUTWARD if request.method != hdrs.METH_HEAD else (*OUTWARD, hdrs.CONTENT_LENGTH)
    return Answer(status=answer.status, headers=_kept(answer.headers, names), body=answer.body)


def _response(answer: Answer) -> web.Response:
    return web.Response(status=answer.status, headers=answer.headers, body=answer.body)


def _kept(headers: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    """Return these headers; one that came in several lines as one list (RFC 9110, 5.3)."""
    return {name: _whole(headers, name) for name in names if name in headers}


def _whole(headers: Mapping[str, str], name: str) -> str:
    if name in LISTS and isinstance(headers, MultiMapping):
        return ", ".join(headers.getall(name))
    return headers[name]
