"""The home folder of a cluster: what is kept between runs, and what is known about this one."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reference_impl.cluster.errors import Refused

SOCKETS_PREFIX = "feedtwin-"
SOCKETS_PATH_MAX = 40  # of the 103 to 107 bytes that a unix socket's path may have
OWNER_FILE = "home"  # in the sockets folder: which home it belongs to


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where everything of one cluster is; nothing of it is created by asking for a path."""

    folder: Path

    @property
    def state(self) -> Path:
        """What runs, as JSON; there is none when nothing runs."""
        return self.folder / "cluster.json"

    @property
    def orders(self) -> Path:
        """One file per process: what to run."""
        return self.folder / "orders"

    @property
    def identities(self) -> Path:
        """One file per process: who runs."""
        return self.folder / "identities"

    @property
    def logs(self) -> Path:
        """One file per process, and the supervisor's own."""
        return self.folder / "logs"

    @property
    def data(self) -> Path:
        """What the engines keep."""
        return self.folder / "data"

    @property
    def objects(self) -> Path:
        """The embedded object store."""
        return self.folder / "objects"

    @property
    def caches(self) -> Path:
        """What the edges keep: copies of objects."""
        return self.folder / "caches"

    @property
    def supervisor_conf(self) -> Path:
        """What the supervisor was told."""
        return self.folder / "supervisord.conf"

    @property
    def supervisor_pid(self) -> Path:
        """What the supervisor leaves for people; we go by its identity."""
        return self.folder / "supervisord.pid"

    def create(self) -> None:
        """Make the folders that are missing, for this account alone."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (
            self.orders,
            self.identities,
            self.logs,
            self.data,
            self.objects,
            self.caches,
        ):
            folder.mkdir(mode=0o700, exist_ok=True)

    def secret(self, given: str = "") -> str:
        """Return the key that signs cursors, given or made once and kept: old cursors stay valid.

        Another one that is given takes its place.
        """
        path = self.folder / "secret"
        if given or not path.exists():
            write_whole(path, given or secrets.token_urlsafe(32))
        return path.read_text(encoding="ascii")

    def read_state(self) -> dict[str, Any] | None:
        """Return what `write_state` wrote last; None if nothing runs or it is unreadable."""
        try:
            state = json.loads(self.state.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        return state if isinstance(state, dict) else None

    def write_state(self, state: dict[str, Any]) -> None:
        """Replace the state."""
        write_whole(self.state, json.dumps(state, indent=1))

    def log_of(self, name: str) -> Path:
        """Return the log of a process."""
        return self.logs / f"{name}.log"

    def order_of(self, name: str) -> Path:
        """Return the file that says what to run under this name."""
        return self.orders / f"{name}.json"

    def identity_of(self, name: str) -> Path:
        """Return the file that says who runs under this name."""
        return self.identities / f"{name}.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep everybody else from starting or stopping this cluster; Refused if they do so now."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Refused(f"{self.folder} is being started or stopped right now") from None
            yield


def make_sockets_folder(home: Home) -> Path:
    """Make the short private folder that sockets live in; checkouts may be too deep for them."""
    folder = Path(tempfile.mkdtemp(prefix=SOCKETS_PREFIX, dir=_place_for_sockets()))
    (folder / OWNER_FILE).write_text(str(home.folder), encoding="utf-8")
    return folder


def find_sockets_folders(home: Home) -> list[Path]:
    """Return this home's sockets folders: one, unless a crash kept one from being recorded."""
    return [
        owner_file.parent
        for owner_file in _place_for_sockets().glob(f"{SOCKETS_PREFIX}*/{OWNER_FILE}")
        if _owner_of(owner_file) == str(home.folder)
    ]


def _place_for_sockets() -> Path:
    place = Path(tempfile.gettempdir())
    if len(str(place / SOCKETS_PREFIX)) + 8 > SOCKETS_PATH_MAX:
        return Path("/tmp")  # noqa: S108 - mkdtemp makes a private folder in it
    return place


def _owner_of(owner_file: Path) -> str | None:
    try:
        if owner_file.stat().st_uid != os.geteuid():
            return None  # whoever wrote it may have lied
        return owner_file.read_text(encoding="utf-8")
    except OSError:
        return None


def write_whole(path: Path, text: str) -> None:
    """Replace a file at once, for this account alone: a reader sees the old or the new text."""
    fresh = path.with_name(path.name + ".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)
