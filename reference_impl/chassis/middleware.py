"""Around every handler: who asks, errors as problem+json, whether it may, and what it cost."""

from __future__ import annotations

import logging
from http import HTTPStatus
from time import perf_counter, perf_counter_ns

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from reference_impl.chassis import stages
from reference_impl.chassis.admission import TURN, Admission
from reference_impl.chassis.callers import CALLER, REQUEST_ID, caller_of
from reference_impl.chassis.errors import ServiceError, status_of
from reference_impl.chassis.health import HEALTH, PATHS
from reference_impl.chassis.metering import Metered
from reference_impl.chassis.metrics import RequestTimes, route_of
from reference_impl.chassis.requests import address_of

PROBLEM_JSON = "application/problem+json"

access = logging.getLogger("feedtwin.access")


def counted(service: str, *, logs_access: bool) -> Middleware:
    """Return the middleware that counts answers, and with `logs_access` writes a line of each."""
    times = RequestTimes(service)

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        begun_s = perf_counter()
        status = int(HTTPStatus.INTERNAL_SERVER_ERROR)  # of whatever error rises through here
        try:
            answer = await handler(request)
            status = answer.status
        except web.HTTPException as redirection:
            status = redirection.status
            raise
        else:
            return answer
        finally:
            took_s = perf_counter() - begun_s
            times.add(request, status, took_s)
            if logs_access:
                _log_access(request, status, took_s)

    return middleware


def in_context(*, is_at_edge: bool) -> Middleware:
    """Return the middleware that reads the caller and answers refusals as problem+json."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        caller = caller_of(request.headers, is_at_edge=is_at_edge)
        CALLER.set(caller)  # each request runs in a task, and so in a context, of its own
        answer = await _answer_or_problem(request, handler)
        answer.headers[REQUEST_ID] = caller.request_id
        if request.app[HEALTH].is_draining:
            answer.force_close()  # the client's next request is for another instance
        return answer

    return middleware


def admitting(admission: Admission) -> Middleware:
    """Return the middleware that refuses requests while too many are under way."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in PATHS:
            return await handler(request)
        with admission.turn(address_of(request)) as turn:
            request[TURN] = turn
            return await handler(request)

    return middleware


def with_server_timing(station: str) -> Middleware:
    """Return the middleware that adds a `Server-Timing` entry per station visited."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        begun_ns = perf_counter_ns()
        account = stages.Account()
        with stages.accounting(account):
            answer = await Metered(_answered(request, handler), account)
        account.add(station, wall_ns=perf_counter_ns() - begun_ns, cpu_ns=account.cpu_ns)
        answer.headers[stages.SERVER_TIMING] = account.header()
        return answer

    return middleware


def problem(status: int, detail: str, instance: str) -> web.Response:
    """Return an error as application/problem+json (RFC 9457)."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": instance,
    }
    return web.json_response(body, status=status, content_type=PROBLEM_JSON)


def _log_access(request: web.Request, status: int, took_s: float) -> None:
    line = {
        "method": request.method,
        "route": route_of(request),
        "status": status,
        "ms": round(took_s * 1000, 3),
    }
    access.info("answered", extra={"fields": line})


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    return await handler(request)


async def _answer_or_problem(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ServiceError as error:
        answer = problem(status_of(error), str(error), request.path)
        answer.headers.update(error.headers)
        return answer
    except web.HTTPError as error:  # aiohttp's own: no such path, no such method
        answer = problem(error.status, error.reason, request.path)
        if hdrs.ALLOW in error.headers:
            answer.headers[hdrs.ALLOW] = error.headers[hdrs.ALLOW]
        return answer
