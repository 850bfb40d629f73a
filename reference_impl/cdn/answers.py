"""An edge's answers as HTTP: whole, in parts, or that the client has it already."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import hdrs, web

from reference_impl.cdn.contents import PART_BYTES, Content, parts_of
from reference_impl.cdn.metrics import ANSWERED_BYTES
from reference_impl.cdn.service import Outcome, Served
from reference_impl.chassis.etags import names
from reference_impl.chassis.middleware import problem
from reference_impl.chassis.ranges import Span, Unsatisfiable, span_of

CACHE_STATUS = "Cache-Status"
_FROM_ORIGIN = (Outcome.MISS, Outcome.PASSED)


async def response_of(
    request: web.Request, served: Served, *, cache: str, now_s: float
) -> web.StreamResponse:
    """Return what the client gets; `cache` is what this edge calls itself in `Cache-Status`."""
    entry = served.entry
    headers = {
        **entry.headers,
        hdrs.AGE: str(int(entry.age_s(now_s))),
        CACHE_STATUS: cache_status(served, cache=cache, now_s=now_s),
    }
    whole = Span(begin=0, end=entry.size_bytes)
    if entry.status != HTTPStatus.OK:
        return await _sent(request, served, whole, status=entry.status, headers=headers)
    if entry.etag and names(request.headers.getall(hdrs.IF_NONE_MATCH, ()), entry.etag):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=_of_no_content(headers))
    headers[hdrs.ACCEPT_RANGES] = "bytes"
    try:
        span = _span_asked(request, served)
    except Unsatisfiable as error:
        return _unsatisfiable(request, served, error, cache_says=headers[CACHE_STATUS])
    if span is None:
        return await _sent(request, served, whole, status=HTTPStatus.OK, headers=headers)
    headers[hdrs.CONTENT_RANGE] = span.of(entry.size_bytes)
    return await _sent(request, served, span, status=HTTPStatus.PARTIAL_CONTENT, headers=headers)


def cache_status(served: Served, *, cache: str, now_s: float) -> str:
    """Return the `Cache-Status` of an answer (RFC 9211)."""
    entry = served.entry
    if served.outcome is Outcome.HIT:
        return f"{cache}; hit; ttl={int(entry.lifetime_s - entry.age_s(now_s))}"
    said = [cache, f"fwd={'stale' if served.was_stale else 'miss'}"]
    if served.outcome is Outcome.STALE:
        said.append("detail=stale-if-error")
    else:
        is_unchanged = served.outcome is Outcome.REVALIDATED
        said.append(f"fwd-status={HTTPStatus.NOT_MODIFIED if is_unchanged else entry.status:d}")
    if served.outcome is Outcome.MISS:
        said.append("stored")
    if served.is_shared:
        said.append("collapsed")
    return "; ".join(said)


async def _sent(
    request: web.Request, served: Served, span: Span, *, status: int, headers: dict[str, str]
) -> web.StreamResponse:
    """Send these bytes: of what is long, one part after the other as the client takes them."""
    headers[hdrs.CONTENT_LENGTH] = str(span.end - span.begin)
    if request.method == hdrs.METH_HEAD:
        return web.Response(status=status, headers=headers)
    source = "origin" if served.outcome in _FROM_ORIGIN and not served.is_shared else "cache"
    ANSWERED_BYTES.labels(source).inc(span.end - span.begin)
    return web.Response(status=status, headers=headers, body=await _body(served.content, span))


async def _body(content: Content, span: Span) -> object:
    if span.end - span.begin <= PART_BYTES:
        return await content.read(span)
    return parts_of(content, span)


def _span_asked(request: web.Request, served: Served) -> Span | None:
    """Return the part asked for, unless only of a content that this one is not."""
    asked = request.headers.get(hdrs.RANGE)
    etag = served.entry.etag
    condition = request.headers.get(hdrs.IF_RANGE)
    # Two versions that are only weakly the same must not be put together: RFC 9110, 13.1.5.
    is_other = condition is not None and (condition != etag or etag.startswith("W/"))
    if asked is None or is_other or request.method != hdrs.METH_GET:
        return None
    return span_of(asked, served.entry.size_bytes)


def _unsatisfiable(
    request: web.Request, served: Served, error: Unsatisfiable, *, cache_says: str
) -> web.Response:
    refusal = problem(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, str(error), request.path)
    refusal.headers[hdrs.CONTENT_RANGE] = f"bytes */{served.entry.size_bytes}"
    refusal.headers[CACHE_STATUS] = cache_says
    return refusal


def _of_no_content(headers: dict[str, str]) -> dict[str, str]:
    """Return the headers without those of a content, which is not sent."""
    return {name: its for name, its in headers.items() if not name.startswith("Content-")}
