"""Which headers go through the door, either way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus

from aiohttp import hdrs, web
from multidict import CIMultiDict, MultiMapping

from reference_impl.chassis.callers import CALLER, CLIENT_ADDRESS, DEADLINE, REQUEST_ID, USER_ID
from reference_impl.chassis.requests import address_of
from reference_impl.chassis.traces import TRACEPARENT, TRACESTATE
from reference_impl.frontdoor.bodies import Passing

SERVED_BY = "Served-By"
CLIENT_REGION = "Client-Region"

_HOP_BY_HOP = frozenset(  # RFC 9110, 7.6.1: each is about one connection
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-authentication-info",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# What a client sends of these would be taken for our word.
_OURS = frozenset(name.lower() for name in (CLIENT_ADDRESS, USER_ID, DEADLINE, "X-Real-IP"))
_OURS_BEGIN = ("x-feedtwin-", "x-forwarded-", "forwarded")
_SET_HERE = frozenset(
    name.lower() for name in (REQUEST_ID, TRACEPARENT, TRACESTATE, hdrs.EXPECT, hdrs.CONTENT_LENGTH)
)
_NOT_PASSED_ON = _OURS | _SET_HERE
# In which a body arrives here decoded already (`aiohttp.http_parser`).
_DECODED = frozenset({"gzip", "deflate", "br", "zstd"})


def inward(request: web.Request, body: bytes | Passing | None) -> CIMultiDict[str]:
    """Return what an instance is told: what the client said, and who and where it is."""
    told = CIMultiDict(
        (name, value)
        for name, value in _end_to_end(request.headers)
        if name.lower() not in _NOT_PASSED_ON and not name.lower().startswith(_OURS_BEGIN)
    )
    encoding = request.headers.get(hdrs.CONTENT_ENCODING)
    if encoding is None:
        if isinstance(body, Passing) and request.content_length is not None:
            told[hdrs.CONTENT_LENGTH] = str(request.content_length)
    elif encoding.lower() in _DECODED:  # how long it is by now, nothing says
        told.popall(hdrs.CONTENT_ENCODING, None)
    if address := address_of(request):
        told[CLIENT_ADDRESS] = address
    told.update(_of_the_caller())
    return told


def outward(headers: MultiMapping[str], status: int, zone: str) -> CIMultiDict[str]:
    """Return what the client is told of an answer, and from where it comes."""
    told = CIMultiDict(_end_to_end(headers))
    told.popall(hdrs.SERVER, None)
    if status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
        told.popall(hdrs.CONTENT_LENGTH, None)
    if zone:
        told[SERVED_BY] = zone
    return told


def _end_to_end(headers: MultiMapping[str]) -> Iterator[tuple[str, str]]:
    named = ",".join(headers.getall(hdrs.CONNECTION, ()))
    dropped = _HOP_BY_HOP | {name.strip().lower() for name in named.split(",")}
    return ((name, value) for name, value in headers.items() if name.lower() not in dropped)


def _of_the_caller() -> Mapping[str, str]:
    caller = CALLER.get()
    assert caller is not None, "only a request is relayed"
    told = caller.headers()
    del told[DEADLINE]  # a stranger has none: who answers says how long that may take
    return told
