"""Multipart forms (RFC 7578): a few short texts and files, read within limits."""

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
FORM_BYTES_MAX = FILE_BYTES_MAX + (64 << 10)  # the files, the texts, and what separates them
PARTS_MAX = 16
HEADERS_BYTES_MAX = 4 << 10

# Printable ASCII without quotes and semicolons: what else came in a header cannot be encoded.
BOUNDARY = re.compile(r';\s*boundary=("?)([!#-:<-~]{1,70})\1(?=\s*(?:;|$))', re.IGNORECASE)
_DISPOSITION = re.compile(rb"^content-disposition:(.*)$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The fields of a form by name; those left out are in neither."""

    texts: dict[str, str]
    files: dict[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    name: str
    is_file: bool
    is_left_out: bool  # the file that a browser sends for an input that nobody filled in
    content: bytes


async def form_of(
    request: web.Request,
    *,
    files: Collection[str],
    required: Collection[str],
    optional: Collection[str] = (),
    bytes_max: int = FORM_BYTES_MAX,
    is_signed_in: bool | None = None,
) -> Form:
    """Return a form that has these fields and no others: `files` as files, the rest as text.

    What is in `required`, files too, must be given; files that are not may be left out.  The
    body may have `bytes_max`; `is_signed_in` is as in `body_of`.
    """
    if request.content_type != "multipart/form-data":
        raise UnsupportedMedia("send the body as multipart/form-data")
    body = await body_of(request, bytes_max=bytes_max, is_signed_in=is_signed_in)
    parts = _by_name(_parts(body, _boundary_of(request.headers["Content-Type"])))
    if missing := sorted(set(required) - parts.keys()):
        how = ", as a file" if missing[0] in files else ""
        raise BadRequest(f"{missing[0]} must be given{how}")
    if unknown := sorted(parts.keys() - set(files) - set(required) - set(optional)):
        raise BadRequest(f"there is no field {unknown[0][:40]!r}")
    return Form(
        files={name: _file(part) for name, part in parts.items() if name in files},
        texts={name: _text(part) for name, part in parts.items() if name not in files},
    )


def _boundary_of(content_type: str) -> bytes:
    if found := BOUNDARY.search(content_type):
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
    filenames = [value for name, value in names.items() if name.startswith("filename")]
    return _Part(
        name=names["name"],
        is_file=bool(filenames),
        is_left_out=filenames == [""] and not content,
        content=content,
    )


def _by_name(parts: Iterator[_Part]) -> dict[str, _Part]:
    by_name: dict[str, _Part] = {}
    for part in parts:
        if part.name in by_name:
            raise BadRequest(f"{part.name[:40]!r} is given twice")
        by_name[part.name] = part
    return {name: part for name, part in by_name.items() if not part.is_left_out}


def _file(part: _Part) -> bytes:
    if not part.is_file:
        raise BadRequest(f"{part.name} must be given, as a file")
    if len(part.content) > FILE_BYTES_MAX:
        raise TooLarge(f"{part.name} must not be longer than {FILE_BYTES_MAX} bytes")
    return part.content


def _text(part: _Part) -> str:
    if part.is_file or len(part.content) > TEXT_BYTES_MAX:
        raise BadRequest(f"{part.name} must be text of at most {TEXT_BYTES_MAX} bytes")
    try:
        return part.content.decode()
    except UnicodeDecodeError:
        raise BadRequest(f"{part.name} must be in UTF-8") from None
