"""Forms written as multipart/form-data (RFC 7578): the API reads them as a browser's."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """Fields and files by name.  Names are ours, so they need no escapes."""

    texts: Mapping[str, str]
    files: Mapping[str, bytes] = field(default_factory=dict)


def written(form: Outgoing) -> tuple[str, bytes]:
    """Return content type and body: the same for the same form, for requests are compared.

    The boundary is a hash of all that it separates, which therefore does not contain it.
    """
    parts = [
        *(_part(f'name="{name}"', text.encode()) for name, text in form.texts.items()),
        *(_part(f'name="{name}"; filename="file"', its) for name, its in form.files.items()),
    ]
    boundary = hashlib.sha256(b"\0".join(parts)).hexdigest()
    pieces = (f"--{boundary}\r\n".encode() + part + b"\r\n" for part in parts)
    body = b"".join(pieces) + f"--{boundary}--\r\n".encode()
    return f"multipart/form-data; boundary={boundary}", body


def _part(names: str, content: bytes) -> bytes:
    return f"Content-Disposition: form-data; {names}\r\n\r\n".encode() + content
