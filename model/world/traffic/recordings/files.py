"""Recorded files: plain or gzipped, line by line, within limits, and what is wrong where."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from model.world.scenario import ScenarioError

BYTES_MAX = 1_000_000_000  # when unpacked
REQUESTS_MAX = 1_500_000  # held one by one
LINE_CHARACTERS_MAX = 64 * 1024
MARK = "\ufeff"  # of the byte order, with which some programs begin a file of UTF-8
_GZIP = b"\x1f\x8b"  # RFC 1952, 2.3.1


def lines_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (number from 1, line without its end); empty lines are left out.

    Bytes that are no UTF-8 become escapes: whoever asks may send any.  A `MARK` is passed over.
    Raises ScenarioError for a file that cannot be read or is too large.
    """
    read_bytes = 0
    try:
        with _opened(path) as file:
            for number, line in enumerate(iter(lambda: file.readline(LINE_CHARACTERS_MAX), b""), 1):
                read_bytes += len(line)
                if len(line) >= LINE_CHARACTERS_MAX:
                    raise wrong(path, number, f"longer than {LINE_CHARACTERS_MAX:,} characters")
                if read_bytes > BYTES_MAX:
                    raise wrong(path, number, f"the file has more than {BYTES_MAX:,} bytes")
                text = line.decode("utf-8", errors="backslashreplace").removeprefix(MARK).strip()
                if text:
                    yield number, text
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, error) from None


def text_of(path: Path, *, bytes_max: int) -> str:
    """Return all of a file, which is UTF-8.  Raises ScenarioError as `lines_of` does."""
    try:
        with _opened(path) as file:
            content = file.read(bytes_max + 1)
        if len(content) > bytes_max:
            raise ScenarioError(f"traffic.recorded: {path} has more than {bytes_max:,} bytes")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ScenarioError(f"traffic.recorded: {path} is not UTF-8 text") from None
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, error) from None


def wrong(path: Path, line: int, what: str) -> ScenarioError:
    """Return the error that says what is wrong on which line."""
    return ScenarioError(f"traffic.recorded: {path}: line {line}: {what}")


def _opened(path: Path) -> IO[bytes]:
    file = path.open("rb")
    is_packed = file.read(len(_GZIP)) == _GZIP
    file.seek(0)
    return gzip.GzipFile(fileobj=file) if is_packed else file  # type: ignore[return-value]


def _unreadable(path: Path, error: Exception) -> ScenarioError:
    why = getattr(error, "strerror", None) or error
    return ScenarioError(f"traffic.recorded: {path} cannot be read: {why}")
