"""One handler per public route: recognise the caller, read the body, hand both inward."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from reference_impl.chassis.callers import recognise
from reference_impl.chassis.clients import Answer, ServiceClient
from reference_impl.chassis.middleware import PROBLEM_JSON, problem
from reference_impl.chassis.requests import body_of
from reference_impl.gateway.routes import PublicRoute
from reference_impl.gateway.service import Doorkeeper

DOORKEEPER = web.AppKey("doorkeeper", Doorkeeper)

INWARD = (hdrs.CONTENT_TYPE, hdrs.IF_NONE_MATCH)  # whatever else a client sends stays outside
OUTWARD = (
    hdrs.ALLOW,
    hdrs.CACHE_CONTROL,
    hdrs.CONTENT_TYPE,
    hdrs.ETAG,
    hdrs.LINK,
    hdrs.X_CONTENT_TYPE_OPTIONS,
)


def forwarding(route: PublicRoute, service: ServiceClient) -> Handler:
    """Return the handler that lets `service` answer the route."""

    async def forward(request: web.Request) -> web.Response:
        if route.needs_user:
            authorization = request.headers.get(hdrs.AUTHORIZATION, "")
            doorkeeper = request.app[DOORKEEPER]
            recognise(await doorkeeper.user_at(authorization, request.match_info["user_id"]))
        body = await body_of(request, bytes_max=route.body_bytes_max)
        answer = await service.forward(
            route.method, request.rel_url, headers=_kept(request.headers, INWARD), body=body or None
        )
        return _outward(answer, request.path)

    return forward


def _outward(answer: Answer, path: str) -> web.Response:
    is_problem = answer.headers.get(hdrs.CONTENT_TYPE, "").startswith(PROBLEM_JSON)
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not is_problem:
        return problem(HTTPStatus.BAD_GATEWAY, "the service failed to answer", path)
    headers = {hdrs.CACHE_CONTROL: "no-store", **_kept(answer.headers, OUTWARD)}
    return web.Response(status=answer.status, headers=headers, body=answer.body)


def _kept(headers: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    return {name: headers[name] for name in names if name in headers}
