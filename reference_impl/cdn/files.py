"""The folder of an edge's cache: one file per answer, its entry first and then its content.

A file is written under another name and then renamed, so that whatever has its name is whole;
what a crash leaves behind is removed at the next start.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import tempfile
from collections.abc import Iterable
from pathlib import Path

from reference_impl.cdn.contents import PART_BYTES, Content, Filed, Held
from reference_impl.cdn.entries import HEAD_BYTES_MAX, Damaged, Entry, read, written
from reference_impl.cdn.shelf import Place
from reference_impl.chassis.settings import SettingsError

ANSWERS = "answers"  # a folder of our own in the one given: all other files in it are removed
_HEAD_BYTES_USUAL = 2_048  # all that is read of most files at the start
_NAME = re.compile("[0-9a-f]{32}")


class Folder:
    """The files of one edge; every method waits for the disk, and belongs in a thread."""

    def __init__(self, path: Path) -> None:
        """Make the folder if it is missing; SettingsError if another process is using it."""
        self._path = path / ANSWERS
        self._path.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise SettingsError(f"FEEDTWIN_CACHE_FOLDER: in use by another edge: {path}") from None

    def close(self) -> None:
        """Let another process use the folder."""
        os.close(self._lock)

    def places(self) -> list[Place]:
        """Return what is there, the least used first; remove all files that are not whole."""
        found = []
        for its in sorted(os.scandir(self._path), key=_used_ns):
            if its.is_file(follow_symlinks=False):
                try:
                    found.append(_place_of(Path(its.path)))
                except (Damaged, OSError):
                    Path(its.path).unlink(missing_ok=True)
        return found

    def write(self, entry: Entry, content: bytes) -> tuple[Place, Content]:
        """Write an answer under a new name; return it as it can be read from now on."""
        head = written(entry)
        if len(head) > HEAD_BYTES_MAX:
            raise OSError(f"the head of {entry.path} has {len(head)} bytes")
        name = secrets.token_hex(16)
        place = Place(entry=entry, name=name, file_bytes=len(head) + len(content))
        draft = self._path / f"{name}.draft"
        try:
            with draft.open("xb") as file:
                file.write(head)
                file.write(content)
            draft.rename(self._path / name)
            return place, self.open(place, verify=False)
        except (OSError, Damaged):  # the disk is full, or fails
            draft.unlink(missing_ok=True)
            self.remove([place])
            raise

    def open(self, place: Place, *, verify: bool) -> Content:
        """Return the content of an answer, and note that it was used.

        Raises FileNotFoundError if it has been removed, Damaged if it is not whole; with `verify`
        its checksum is computed, too.
        """
        its = place.entry
        begins_at = place.file_bytes - its.size_bytes
        descriptor = os.open(self._path / place.name, os.O_RDONLY)
        content = Filed(descriptor, begins_at=begins_at, size_bytes=its.size_bytes)
        os.utime(descriptor)
        is_whole = os.fstat(descriptor).st_size == place.file_bytes
        if not is_whole or (verify and _digest(descriptor, begins_at) != its.digest):
            raise Damaged(f"the content of {its.path} is not what was written")
        if its.size_bytes > PART_BYTES:
            return content
        return Held(os.pread(descriptor, its.size_bytes, begins_at))

    def remove(self, places: Iterable[Place]) -> None:
        """Remove files, as far as they are there."""
        for place in places:
            (self._path / place.name).unlink(missing_ok=True)

    def spool(self, content: bytes) -> Content:
        """Return a content that is to be sent, and not kept: if it is long, in a nameless file."""
        if len(content) <= PART_BYTES:
            return Held(content)
        with tempfile.TemporaryFile(dir=self._path) as file:
            file.write(content)
            file.flush()
            return Filed(os.dup(file.fileno()), begins_at=0, size_bytes=len(content))


def _place_of(path: Path) -> Place:
    """Read what a file says of itself; raise Damaged if it is not a whole answer."""
    if not _NAME.fullmatch(path.name):
        raise Damaged("not a name of ours")
    with path.open("rb", buffering=_HEAD_BYTES_USUAL) as file:
        entry, begins_at = read(file.readline(HEAD_BYTES_MAX))
        file_bytes = os.fstat(file.fileno()).st_size
    if file_bytes != begins_at + entry.size_bytes:
        raise Damaged("the file has not the length of what it holds")
    return Place(entry=entry, name=path.name, file_bytes=file_bytes)


def _digest(descriptor: int, begins_at: int) -> str:
    digest = hashlib.sha256()
    while part := os.pread(descriptor, PART_BYTES, begins_at):
        digest.update(part)
        begins_at += len(part)
    return digest.hexdigest()


def _used_ns(file: os.DirEntry[str]) -> int:
    return file.stat(follow_symlinks=False).st_mtime_ns
