"""What comes in at the edge, read once and within limits; what cannot be read is a 4xx.

`request.json()` and `request.read()` are not used by handlers: deep nesting, huge numbers,
bad UTF-8 and unknown charsets would each be a 500 there.
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any, NoReturn

from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError

from reference_impl.chassis.callers import USER_ID
from reference_impl.chassis.errors import (
    BadRequest,
    Forbidden,
    TooLarge,
    Unauthenticated,
    UnsupportedMedia,
)

JSON_BYTES_MAX = 64 << 10
BODY_S = 10.0  # by then a body has arrived

_DECIMAL = re.compile(r"[0-9]{1,19}")


def user_id_of(request: web.Request) -> int:
    """Return the caller's id, which the gateway vouches for; the path may name no other user."""
    caller = request.headers.get(USER_ID, "")
    if not _DECIMAL.fullmatch(caller):
        raise Unauthenticated("no user is signed in")
    if request.match_info.get("user_id", caller) != caller:
        raise Forbidden("the path names another user")
    return int(caller)


async def json_object(request: web.Request, *, bytes_max: int = JSON_BYTES_MAX) -> dict[str, Any]:
    """Return the body, which must be one JSON object in UTF-8 of at most `bytes_max`."""
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
    return value


async def body_of(request: web.Request, *, bytes_max: int) -> bytes:
    """Read the body to its end; raise TooLarge as soon as it is longer than `bytes_max`."""
    if (request.content_length or 0) > bytes_max:
        raise TooLarge(f"the body must not be longer than {bytes_max} bytes")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > bytes_max:
                    raise TooLarge(f"the body must not be longer than {bytes_max} bytes")
    except TimeoutError:
        raise BadRequest(f"the body did not arrive within {BODY_S:g} s") from None
    except (ClientPayloadError, HttpProcessingError, web.RequestPayloadError):
        raise BadRequest("the body cannot be read") from None
    return bytes(body)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
