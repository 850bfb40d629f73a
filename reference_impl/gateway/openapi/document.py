"""The OpenAPI document: made of the routes and of what the services say of them."""

from __future__ import annotations

import json

from aiohttp import hdrs, web

from model.rules.timelines import PAGE_LIMIT_DEFAULT
from reference_impl.gateway.openapi import feeds, follows, posts, users
from reference_impl.gateway.openapi.headers import headers, parameters
from reference_impl.gateway.openapi.parts import JSON, Json, parameter
from reference_impl.gateway.openapi.refusals import refusal, refusals, statuses_of
from reference_impl.gateway.openapi.schemas import schemas
from reference_impl.gateway.routes import PATTERN_OF, PUBLIC_ROUTES, PublicRoute, Who

PATH = "/openapi.json"
FRESH = "public, max-age=300"
_ABOUT = """\
People, their posts, and the newsfeed made of those whom they follow.

Ids are decimal text. Lists come in pages: `next` (and the `Link` header) lead to the next one.
Every refusal is a Problem (RFC 9457). Whoever asks too often gets 429 and is told when to
come back."""


def document(page_limit: int = PAGE_LIMIT_DEFAULT) -> Json:
    """Return the whole document, of services with so many items on a page by default."""
    described = {
        **users.operations(),
        **posts.operations(),
        **follows.operations(),
        **feeds.operations(),
    }
    paths: Json = {}
    for route in PUBLIC_ROUTES:
        operation = described.pop((route.method, route.path))
        paths.setdefault(route.path, {})[route.method.lower()] = _completed(route, operation)
    for (method, path), operation in described.items():  # the gateway's own
        paths.setdefault(path, {})[method.lower()] = {**operation, "tags": ["gateway"]}
    return {
        "openapi": "3.1.0",
        "info": {"title": "feedtwin", "version": "1.0.0", "description": _ABOUT},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "responses": refusals(),
            "parameters": parameters(page_limit),
            "headers": headers(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def serving_document(page_limit: int) -> web.RouteDef:
    """Return the route of the document, which is made once."""
    body = json.dumps(document(page_limit), ensure_ascii=False).encode()

    async def get_description(_: web.Request) -> web.Response:
        """GET /openapi.json -> what all the other routes are."""
        return web.Response(
            body=body, content_type=JSON, charset="utf-8", headers={hdrs.CACHE_CONTROL: FRESH}
        )

    return web.get(PATH, get_description, allow_head=False)


def _completed(route: PublicRoute, operation: Json) -> Json:
    """Return the operation with what follows from its route."""
    in_path = [parameter(name) for name in PATTERN_OF if f"{{{name}}}" in route.path]
    in_header = [parameter("Idempotency-Key")] if route.creates else []
    given = {str(status): refusal(status) for status in sorted(statuses_of(route))}
    completed = {
        "tags": [route.service],
        **operation,
        "parameters": [*in_path, *operation.get("parameters", ()), *in_header],
        "responses": {**operation["responses"], **given},
    }
    if route.who is not Who.NOBODY:
        completed["security"] = [{"token": []}]
    return completed
