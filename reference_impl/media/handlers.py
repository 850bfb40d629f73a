"""Media over HTTP."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import hdrs, web

from reference_impl.chassis.etags import names
from reference_impl.chassis.forms import FILE_BYTES_MAX
from reference_impl.chassis.media_types import CONTENT_TYPE_OF, NAME_PATTERN
from reference_impl.chassis.middleware import problem
from reference_impl.chassis.ranges import Unsatisfiable, span_of
from reference_impl.chassis.requests import body_of
from reference_impl.media.names import digest_of
from reference_impl.media.service import MediaService, Moved

SERVICE = web.AppKey("media_service", MediaService)
routes = web.RouteTableDef()

FOREVER = "public, max-age=31536000, immutable"  # a year, the longest that RFC 9111 caches honour
SHORTLY = "public, max-age=60"  # an original is dropped once; what stands for it can be deleted

# Somebody else's bytes: shown and never run, even if a browser took them for a page.
_HARMLESS = {
    hdrs.CONTENT_DISPOSITION: "inline",
    hdrs.X_CONTENT_TYPE_OPTIONS: "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-site",
}


@routes.put("/internal/objects")
async def put_object(request: web.Request) -> web.Response:
    """PUT /internal/objects (an image or a video) -> 201 {"url": "/media/…"}.

    Of an image also its "width" and "height", in pixels, as it is shown.
    """
    content = await body_of(request, bytes_max=FILE_BYTES_MAX)
    stored = await request.app[SERVICE].put(content, request.content_type)
    size = {} if stored.width is None else {"width": stored.width, "height": stored.height}
    return web.json_response({"url": stored.url, **size}, status=201)


@routes.get(f"/media/{{name:{NAME_PATTERN}}}")
async def get_media(request: web.Request) -> web.Response:
    """GET /media/{name} -> the image or video, or the part that `Range` asks for (206, 416).

    One who has it is told so (304): the name is the content's hash.  An original that is not
    kept is to be found elsewhere (308).
    """
    try:
        return await _media(request, request.match_info["name"])
    except Moved as moved:
        headers = {hdrs.LOCATION: moved.url, hdrs.CACHE_CONTROL: SHORTLY}
        return web.Response(status=HTTPStatus.PERMANENT_REDIRECT, headers=headers)


async def _media(request: web.Request, name: str) -> web.Response:
    service = request.app[SERVICE]
    headers = {hdrs.ETAG: f'"{digest_of(name)}"', hdrs.CACHE_CONTROL: FOREVER, **_HARMLESS}
    if names(request.headers.getall(hdrs.IF_NONE_MATCH, ()), headers[hdrs.ETAG]):
        await service.size_bytes(name)  # of what is not there nobody has a copy
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    headers[hdrs.ACCEPT_RANGES] = "bytes"
    headers[hdrs.CONTENT_TYPE] = CONTENT_TYPE_OF[name.rpartition(".")[2]]
    if request.method == hdrs.METH_HEAD:
        headers[hdrs.CONTENT_LENGTH] = str(await service.size_bytes(name))
        return web.Response(headers=headers)
    if asked := _range_asked(request, headers[hdrs.ETAG]):
        return await _part(request, name, asked, headers)
    return web.Response(body=await service.get(name), headers=headers)


def _range_asked(request: web.Request, etag: str) -> str | None:
    """Return the range asked for, unless only of a content that this one is not."""
    if request.headers.get(hdrs.IF_RANGE, etag) != etag:
        return None
    return request.headers.get(hdrs.RANGE)


async def _part(
    request: web.Request, name: str, asked: str, headers: dict[str, str]
) -> web.Response:
    service = request.app[SERVICE]
    size_bytes = await service.size_bytes(name)
    try:
        span = span_of(asked, size_bytes)
    except Unsatisfiable as error:
        status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
        refusal = problem(status, str(error), request.path)
        refusal.headers[hdrs.CONTENT_RANGE] = f"bytes */{size_bytes}"
        return refusal
    if span is None:
        return web.Response(body=await service.get(name), headers=headers)
    headers[hdrs.CONTENT_RANGE] = span.of(size_bytes)
    content = await service.part(name, span)
    return web.Response(status=HTTPStatus.PARTIAL_CONTENT, body=content, headers=headers)
