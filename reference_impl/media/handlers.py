"""Media over HTTP."""

from __future__ import annotations

from aiohttp import hdrs, web

from reference_impl.chassis.forms import FILE_BYTES_MAX
from reference_impl.chassis.images import CONTENT_TYPE_OF, NAME_PATTERN
from reference_impl.chassis.requests import body_of
from reference_impl.media.service import MediaService

SERVICE = web.AppKey("media_service", MediaService)
routes = web.RouteTableDef()

FOREVER = "public, max-age=31536000, immutable"  # a year, the longest that RFC 9111 caches honour


@routes.put("/internal/objects")
async def put_object(request: web.Request) -> web.Response:
    """PUT /internal/objects (an image) -> 201 {"url": "/media/…"}."""
    content = await body_of(request, bytes_max=FILE_BYTES_MAX)
    name = await request.app[SERVICE].put(content, request.content_type)
    return web.json_response({"url": f"/media/{name}"}, status=201)


@routes.get(f"/media/{{name:{NAME_PATTERN}}}")
async def get_media(request: web.Request) -> web.Response:
    """GET /media/{name} -> the image, or 304 to one who has it: the name is the content's hash."""
    name = request.match_info["name"]
    digest, _, suffix = name.partition(".")
    headers = {hdrs.ETAG: f'"{digest}"', hdrs.CACHE_CONTROL: FOREVER}
    if digest in request.headers.get(hdrs.IF_NONE_MATCH, ""):
        return web.Response(status=304, headers=headers)
    content = await request.app[SERVICE].get(name)
    headers[hdrs.X_CONTENT_TYPE_OPTIONS] = "nosniff"
    return web.Response(body=content, content_type=CONTENT_TYPE_OF[suffix], headers=headers)
