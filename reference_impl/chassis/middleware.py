"""Around every handler: who asks, errors as problem+json, and what the request cost."""

from __future__ import annotations

from http import HTTPStatus
from time import perf_counter_ns

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from reference_impl.chassis import stages
from reference_impl.chassis.callers import CALLER, REQUEST_ID, caller_of
from reference_impl.chassis.errors import STATUS_OF, ServiceError, Unauthenticated
from reference_impl.chassis.metering import Metered

PROBLEM_JSON = "application/problem+json"


def in_context(*, is_at_edge: bool) -> Middleware:
    """Return the middleware that reads the caller and answers refusals as problem+json."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        caller = caller_of(request.headers, is_at_edge=is_at_edge)
        CALLER.set(caller)  # each request runs in a task, and so in a context, of its own
        answer = await _answer_or_problem(request, handler)
        answer.headers[REQUEST_ID] = caller.request_id
        return answer

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


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    return await handler(request)


async def _answer_or_problem(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ServiceError as error:
        answer = problem(STATUS_OF[type(error)], str(error), request.path)
        if isinstance(error, Unauthenticated):
            answer.headers[hdrs.WWW_AUTHENTICATE] = "Bearer"
        return answer
    except web.HTTPError as error:  # aiohttp's own: no such path, no such method
        answer = problem(error.status, error.reason, request.path)
        if hdrs.ALLOW in error.headers:
            answer.headers[hdrs.ALLOW] = error.headers[hdrs.ALLOW]
        return answer
