"""What comes in at the edge, read once and within limits; what cannot be read is a 4xx.

`request.json()` and `request.read()` are not used by handlers: deep nesting, huge numbers,
bad UTF-8 and unknown charsets would each be a 500 there.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError

from model.rules.ids import ID_MAX
from model.rules.timelines import PAGE_LIMIT_MAX
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
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f]|[\ud800-\udfff]"
)  # what SQL cannot store, and others


def user_id_of(request: web.Request) -> int:
    """Return the caller's id, which the gateway vouches for; the path may name no other user."""
    caller = request.headers.get(USER_ID, "")
    if not _DECIMAL.fullmatch(caller):
        raise Unauthenticated("no user is signed in")
    if request.match_info.get("user_id", caller) != caller:
        raise Forbidden("the path names another user")
    return int(caller)


def id_of(text: object, field: str) -> int:
    """Return the id that `text` says in decimal; ids are strings in JSON, for they have 63 bits."""
    if not (isinstance(text, str) and _DECIMAL.fullmatch(text)) or int(text) > ID_MAX:
        raise BadRequest(f"{field} must be an id in decimal digits, as a string")
    return int(text)


def limit_of(query: Mapping[str, str], default: int) -> int:
    """Return how many items the caller wants on a page."""
    text = query.get("limit")
    if text is None:
        return default
    if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= PAGE_LIMIT_MAX:
        raise BadRequest(f"limit must be in 1..{PAGE_LIMIT_MAX}, got {text[:20]!r}")
    return int(text)


def text_of(fields: Mapping[str, object], name: str, *, chars_max: int, chars_min: int = 1) -> str:
    """Return a field that must be text of this many characters, none of them a control code."""
    text = fields.get(name)
    if not isinstance(text, str):
        raise BadRequest(f"{name} must be given, as text")
    if not chars_min <= len(text) <= chars_max:
        raise BadRequest(f"{name} must have {chars_min} to {chars_max} characters")
    if _CONTROL.search(text):
        raise BadRequest(f"{name} must not contain control characters")
    return text


async def json_object(request: web.Request) -> dict[str, Any]:
    """Return the body, which must be one JSON object in UTF-8 of at most 64 KiB."""
    if request.content_type != "application/json":
        raise UnsupportedMedia("send the body as application/json")
    if (request.charset or "utf-8").lower() not in ("utf-8", "utf8"):
        raise BadRequest("the body must be in UTF-8")
    body = await body_of(request, bytes_max=JSON_BYTES_MAX)
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
