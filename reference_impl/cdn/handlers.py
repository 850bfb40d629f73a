"""What is asked of an edge over HTTP."""

from __future__ import annotations

from aiohttp import hdrs, web

from reference_impl.cdn.answers import response_of
from reference_impl.cdn.service import EdgeService
from reference_impl.chassis.errors import NotFound
from reference_impl.chassis.media_types import NAME_PATTERN

SERVICE = web.AppKey("edge_service", EdgeService)
CACHE = web.AppKey("cache_name", str)
routes = web.RouteTableDef()

# No part begins with a dot, and none needs escapes: so each file has one path, and no path
# leads anywhere else.
FILE_PATTERN = r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*"
PATH_CHARACTERS_MAX = 200


@routes.get(f"/media/{{name:{NAME_PATTERN}}}")
async def get_media(request: web.Request) -> web.StreamResponse:
    """GET /media/{name} -> the image or video, or the part that `Range` asks for (206, 416)."""
    return await _answered(request, f"/media/{request.match_info['name']}")


@routes.get(f"/static/{{path:{FILE_PATTERN}}}")
async def get_static(request: web.Request) -> web.StreamResponse:
    """GET /static/{path} -> a file of the pages; what follows a `?` makes no difference."""
    return await _answered(request, f"/static/{request.match_info['path']}")


async def _answered(request: web.Request, path: str) -> web.StreamResponse:
    if len(path) > PATH_CHARACTERS_MAX:
        raise NotFound(f"a path has at most {PATH_CHARACTERS_MAX} characters, got {len(path)}")
    accept = ", ".join(request.headers.getall(hdrs.ACCEPT, ()))
    edge = request.app[SERVICE]
    served = await edge.get(path, accept=accept)
    return await response_of(request, served, cache=request.app[CACHE], now_s=edge.now_s())
