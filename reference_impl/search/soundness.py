"""Whether the files of an index on disk are what was written: each ends in its checksum.

Tantivy writes at the end of every file of a segment {"crc": n, ...} in JSON, the length of that
and a magic number (tantivy 0.26, directory/footer.rs), and compares them with nothing unasked.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

_TAIL = struct.Struct("<II")  # length of the footer's JSON, magic number
_MAGIC = 1337
_FOOTER_BYTES_MAX = 10_000
_READ_BYTES = 1 << 20
_PARTS = ("idx", "term", "store", "fast", "fieldnorm")


def is_sound(folder: Path) -> bool:
    """Say whether all files that the index in this folder consists of are there, and whole."""
    try:
        return all(_is_whole(path) for path in _files_of(folder))
    except (OSError, ValueError, KeyError, TypeError, struct.error):
        return False


def _files_of(folder: Path) -> Iterator[Path]:
    for segment in json.loads((folder / "meta.json").read_bytes())["segments"]:
        name = segment["segment_id"].replace("-", "")
        yield from (folder / f"{name}.{part}" for part in _PARTS)
        if segment["deletes"]:
            yield folder / f"{name}.{segment['deletes']['opstamp']}.del"


def _is_whole(path: Path) -> bool:
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(size - _TAIL.size)
        footer_bytes, magic = _TAIL.unpack(file.read())
        if magic != _MAGIC or footer_bytes > _FOOTER_BYTES_MAX:
            return False
        content_bytes = size - _TAIL.size - footer_bytes
        file.seek(content_bytes)
        crc = json.loads(file.read(footer_bytes))["crc"]
        file.seek(0)
        found = 0
        while content_bytes:
            block = file.read(min(_READ_BYTES, content_bytes))
            found = zlib.crc32(block, found)
            content_bytes -= len(block)
    return bool(found == crc)
