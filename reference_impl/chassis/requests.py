"""What comes in at the edge, read once and within limits; what cannot be read is a 4xx.

`request.json()` and `request.read()` are not used by handlers: deep nesting, huge numbers,
bad UTF-8 and unknown charsets would each be a 500 there.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Collection
from ipaddress import ip_address
from typing import Any, NoReturn

from aiohttp import ClientPayloadError, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from reference_impl.chassis.admission import TURN
from reference_impl.chassis.callers import CALLER, CLIENT_ADDRESS, USER_ID
from reference_impl.chassis.errors import (
    BadRequest,
    Forbidden,
    TooLarge,
    Unauthenticated,
    UnsupportedMedia,
)

JSON_BYTES_MAX = 64 << 10
BODY_S = 10.0  # by then a body has arrived
BODY_BEGINS_S = 3.0  # by then something of it has, or the network has lost a packet twice
BODY_BYTES_PER_S_MIN = 16 << 10  # from then on, in the mean: an eighth of 1 Mbit/s
TOO_SLOW = (
    f"the body did not arrive in time: within {BODY_S:g} s, and from {BODY_BEGINS_S:g} s on at"
    f" {BODY_BYTES_PER_S_MIN} bytes/s at least"
)

UNREADABLE = (ClientPayloadError, HttpProcessingError, web.RequestPayloadError)

_DECIMAL = re.compile(r"[0-9]{1,19}")


def address_of(request: web.Request) -> str:
    """Return the client's IP address; nothing if it is one of us who asks for nobody.

    Over TCP it is that of the connection, and no header is believed.  Over a unix socket, where
    only our own processes come, it is the one that they name; who they say is none is none.
    """
    if request.remote:
        return request.remote
    try:
        [said] = request.headers.getall(CLIENT_ADDRESS, [])
        return str(ip_address(said))
    except ValueError:  # none, several, or no address
        return ""


def user_id_of(request: web.Request) -> int:
    """Return the caller's id, which the gateway vouches for; the path may name no other user."""
    caller = request.headers.get(USER_ID, "")
    if not _DECIMAL.fullmatch(caller):
        raise Unauthenticated("no user is signed in")
    if request.match_info.get("user_id", caller) != caller:
        raise Forbidden("the path names another user")
    return int(caller)


async def json_object(
    request: web.Request, *, fields: Collection[str] | None = None, bytes_max: int = JSON_BYTES_MAX
) -> dict[str, Any]:
    """Return the body, which must be one JSON object in UTF-8 of at most `bytes_max`.

    With `fields` it may have these and no others.
    """
    if request.content_type != "application/json":
        raise UnsupportedMedia("send the body as application/json")
    if (request.charset or "utf-8").lower() not in ("utf-8", "utf8"):
        raise BadRequest("the body must be in UTF-8")
    body = await body_of(request, bytes_max=bytes_max)
    try:
        value = json.loads(body.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):  # also bad UTF-8, numbers of 4,300 digits
        raise BadRequest("the body is not JSON") from None
    if not isinstance(value, dict):
        raise BadRequest("the body must be a JSON object")
    if fields is not None and (unknown := sorted(value.keys() - set(fields))):
        raise BadRequest(f"there is no field {unknown[0][:40]!r}")
    return value


async def body_of(
    request: web.Request, *, bytes_max: int, is_signed_in: bool | None = None
) -> bytes:
    """Read the body to its end; raise TooLarge as soon as it is longer than `bytes_max`.

    A body that is there already is read at once.  While one is on its way the request does not
    count among those under way; raises Unavailable if it cannot be counted elsewhere, either.
    Uploads of those who are signed in are counted apart; who is, a gateway knows and tells.
    """
    if (request.content_length or 0) > bytes_max:
        raise TooLarge(f"the body must not be longer than {bytes_max} bytes")
    turn = request[TURN]
    if bytes_max > JSON_BYTES_MAX and may_be_long(request):
        if is_signed_in is None:
            is_signed_in = _is_from_a_user_or_us(request)
        turn.begin_upload(is_signed_in=is_signed_in)
    if request.content.is_eof():
        return await _read(request, bytes_max)
    with turn.body_arriving():
        return await _read(request, bytes_max)


def patience_s(received_bytes: int) -> float:
    """Return by when, from its beginning, more of a body must have come than these bytes."""
    return min(BODY_S, BODY_BEGINS_S + received_bytes / BODY_BYTES_PER_S_MIN)


async def _read(request: web.Request, bytes_max: int) -> bytes:
    body = bytearray()
    begun_s = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(patience_s(0)) as timer:
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > bytes_max:
                    raise TooLarge(f"the body must not be longer than {bytes_max} bytes")
                timer.reschedule(begun_s + patience_s(len(body)))
    except TimeoutError:
        raise BadRequest(TOO_SLOW) from None
    except UNREADABLE:
        raise BadRequest("the body cannot be read") from None
    return bytes(body)


def may_be_long(request: web.Request) -> bool:
    """Say whether the body may turn out longer than any in JSON: chunked, or compressed."""
    if hdrs.CONTENT_ENCODING in request.headers or request.content_length is None:
        return request.body_exists
    return request.content_length > JSON_BYTES_MAX


def _is_from_a_user_or_us(request: web.Request) -> bool:
    caller = CALLER.get()
    return not address_of(request) or bool(caller and caller.user_id)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
