"""Multipart forms (RFC 7578): a few short texts and one file, read within limits."""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from aiohttp import web
from aiohttp.multipart import parse_content_disposition

from reference_impl.chassis.errors import BadRequest, TooLarge, UnsupportedMedia
from reference_impl.chassis.requests import body_of

FILE_BYTES_MAX = 8 << 20
TEXT_BYTES_MAX = 16 << 10
FORM_BYTES_MAX = FILE_BYTES_MAX + (64 << 10)  # the file, the texts, and what separates them
PARTS_MAX = 16
HEADERS_BYTES_MAX = 4 << 10

_BOUNDARY = re.compile(r';\s*boundary=("?)([^";\s]{1,70})\1', re.IGNORECASE)
_DISPOSITION = re.compile(rb"^content-disposition:(.*)$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The fields of a form by name."""

    texts: dict[str, str]
    file: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    name: str
    is_file: bool
    content: bytes


async def form_of(
    request: web.Request, *, file: str, required: Collection[str], optional: Collection[str] = ()
) -> Form:
    """Return a form that has exactly these fields: `file` as a file, the others as text."""
    if request.content_type != "multipart/form-data":
        raise UnsupportedMedia("send the body as multipart/form-data")
    body = await body_of(request, bytes_max=FORM_BYTES_MAX)
    parts = _by_name(_parts(body, _boundary_of(request.headers["Content-Type"])))
    if file not in parts or not parts[file].is_file:
        raise BadRequest(f"{file} must be given, as a file")
    content = parts.pop(file).content
    if len(content) > FILE_BYTES_MAX:
        raise TooLarge(f"{file} must not be longer than {FILE_BYTES_MAX} bytes")
    if missing := sorted(set(required) - parts.keys()):
        raise BadRequest(f"{missing[0]} must be given")
    if unknown := sorted(parts.keys() - set(required) - set(optional)):
        raise BadRequest(f"there is no field {unknown[0][:40]!r}")
    return Form(texts={name: _text(part) for name, part in parts.items()}, file=content)


def _boundary_of(content_type: str) -> bytes:
    if found := _BOUNDARY.search(content_type):
        return found[2].encode()
    raise BadRequest("the content type names no boundary")


def _parts(body: bytes, boundary: bytes) -> Iterator[_Part]:
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary, PARTS_MAX + 2)
    if len(pieces) > PARTS_MAX + 2:
        raise BadRequest(f"a form must not have more than {PARTS_MAX} fields")
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise BadRequest("the form does not end with its boundary")
    for piece in pieces[1:-1]:
        headers, found, content = piece.partition(b"\r\n\r\n")
        if not (found and piece.startswith(b"\r\n")) or len(headers) > HEADERS_BYTES_MAX:
            raise BadRequest("a field of the form lacks its headers")
        yield _part(headers, content)


def _part(headers: bytes, content: bytes) -> _Part:
    line = _DISPOSITION.search(headers)
    with warnings.catch_warnings():  # aiohttp warns of what is refused here
        warnings.simplefilter("ignore")
        kind, names = parse_content_disposition(
            line[1].decode(errors="replace").strip() if line else None
        )
    if kind != "form-data" or "name" not in names:
        raise BadRequest("a field of the form lacks its name")
    is_file = any(name.startswith("filename") for name in names)
    return _Part(name=names["name"], is_file=is_file, content=content)


def _by_name(parts: Iterator[_Part]) -> dict[str, _Part]:
    by_name: dict[str, _Part] = {}
    for part in parts:
        if part.name in by_name:
            raise BadRequest(f"{part.name[:40]!r} is given twice")
        by_name[part.name] = part
    return by_name


def _text(part: _Part) -> str:
    if part.is_file or len(part.content) > TEXT_BYTES_MAX:
        raise BadRequest(f"{part.name} must be text of at most {TEXT_BYTES_MAX} bytes")
    try:
        return part.content.decode()
    except UnicodeDecodeError:
        raise BadRequest(f"{part.name} must be in UTF-8") from None
