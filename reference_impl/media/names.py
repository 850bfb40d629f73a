"""The name of an object says its content and its upload; the key says where it is kept.

A name is `{sha256}-{upload}.{suffix}`.  What lies under it never changes, everybody can verify it,
and it belongs to one upload, so that deleting one takes nothing away from another.
"""

from __future__ import annotations

import hashlib
import re
import secrets

from model.rules.media import is_shared
from reference_impl.chassis.media_types import NAME_PATTERN, SUFFIX_OF

URL_PREFIX = "/media/"
MANIFEST = "manifest.json"
MARKER = "feedtwin"  # the key of an object by which a store is known to be ours, and to be there

_UPLOAD_BYTES = 8
_NAME = re.compile(NAME_PATTERN)
_FOLDER = re.compile(r"([0-9a-f]{2})/(\1[0-9a-f]{14})/")


def new_upload() -> str:
    """Return the id of one more upload, which nobody can guess."""
    while is_shared(upload := secrets.token_hex(_UPLOAD_BYTES)):
        continue  # once in four billion
    return upload


def name_of(content: bytes, content_type: str, upload: str) -> str:
    """Return the name of a content of this upload."""
    return f"{hashlib.sha256(content).hexdigest()}-{upload}.{SUFFIX_OF[content_type]}"


def digest_of(name: str) -> str:
    """Return the SHA-256 of what is stored under a name, in hexadecimal."""
    return name.partition("-")[0]


def upload_of(name: str) -> str:
    """Return the id of the upload that a name belongs to."""
    return name.partition("-")[2].partition(".")[0]


def url_of(name: str) -> str:
    """Return the address of what is stored under a name."""
    return URL_PREFIX + name


def name_in(url: str) -> str:
    """Return the name in an address; raise ValueError if that is none of ours."""
    name = url.removeprefix(URL_PREFIX)
    if name == url or not _NAME.fullmatch(name):
        raise ValueError(f"{url[:120]!r} is no address of an image or video")
    return name


def folder_of(upload: str) -> str:
    """Return the beginning of the keys of everything that belongs to an upload."""
    return f"{upload[:2]}/{upload}/"


def key_of(name: str) -> str:
    """Return where the object store keeps what has this name."""
    suffix = name.rpartition(".")[2]
    return f"{folder_of(upload_of(name))}{digest_of(name)}.{suffix}"


def manifest_key_of(upload: str) -> str:
    """Return where the object store keeps what is known of an upload."""
    return folder_of(upload) + MANIFEST


def upload_at(key: str) -> str:
    """Return the upload that a key belongs to; '' if it belongs to none."""
    found = _FOLDER.match(key)
    return found[2] if found else ""


def name_at(key: str) -> str | None:
    """Return the name of what is kept under a key; None if that is no image or video."""
    digest, _, suffix = key.rpartition("/")[2].partition(".")
    name = f"{digest}-{upload_at(key)}.{suffix}"
    return name if _NAME.fullmatch(name) else None
