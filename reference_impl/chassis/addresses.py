"""Where the instances of a service are by now, and in which zone each is.

The book is a JSON file, {"user": [{"url": "unix:/path", "zone": "zone-1"}, …], …}, which is
replaced whole when an instance comes or goes; the zone may be left out.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

LOOK_S = 1.0  # between two looks whether the book has changed

log = logging.getLogger("feedtwin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One instance: `unix:/path` or `http://host:port`."""

    url: str
    zone: str = ""


class AddressBook:
    """The addresses of one service: as in the file, or while that names none, those given."""

    def __init__(self, name: str, urls: Sequence[str], *, path: str = "") -> None:
        if not urls and not path:
            raise ValueError(f"{name}: no instances given")
        self._name = name
        self._given = tuple(Address(url=url) for url in urls)
        self._path = Path(path) if path else None
        self._known = self._given
        self._seen: object = None  # which version of the file has been read
        self._look_at_s = 0.0

    def current(self) -> tuple[Address, ...]:
        """Return the addresses of now: the same tuple until they change."""
        if self._path and monotonic() >= self._look_at_s:
            self._look_at_s = monotonic() + LOOK_S
            self._look(self._path)
        return self._known

    def _look(self, path: Path) -> None:
        """Read the file if it is another than before; one that cannot be read changes nothing."""
        try:
            version = _version(path)
            if version == self._seen:
                return
            text = path.read_bytes()
            self._seen = version
            self._known = _addresses(text, self._name) or self._given
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            log.warning("%s cannot be read, the last addresses are kept: %s", path, error)


def _version(path: Path) -> object:
    its = path.stat()
    return its.st_mtime_ns, its.st_ino, its.st_size


def _addresses(text: bytes, name: str) -> tuple[Address, ...]:
    try:
        entries = json.loads(text).get(name, [])
        return tuple(Address(url=str(at["url"]), zone=str(at.get("zone", ""))) for at in entries)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"not an address book: {error!r}") from None
