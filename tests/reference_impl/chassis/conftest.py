"""What tests of the chassis may ask for: a way to a real server that can be disturbed."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest

from reference_impl.chassis import addresses
from reference_impl.chassis.callers import CALLER, Caller


class Wire:
    """A unix socket that leads to another one, for as long as it is let."""

    def __init__(self, inner: Path, outer: Path) -> None:
        self.path = outer
        self._inner = inner
        self._flows = asyncio.Event()
        self._flows.set()
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self.made = 0  # connections so far

    async def connect(self) -> None:
        """Let in whoever comes."""
        self._server = await asyncio.start_unix_server(self._lead, self.path)

    async def cut(self) -> None:
        """Close every connection and let nobody in, as a server that is stopped does."""
        assert self._server is not None
        self._server.close()
        self.path.unlink()
        for writer in self._writers:
            writer.close()
        self._writers.clear()
        await asyncio.sleep(0.02)

    def freeze(self) -> None:
        """Let nothing through, as a server that is stopped in its tracks does."""
        self._flows.clear()

    def thaw(self) -> None:
        """Let through what has waited."""
        self._flows.set()

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.made += 1
        to_server = await asyncio.open_unix_connection(self._inner)
        self._writers += [writer, to_server[1]]
        await asyncio.gather(self._pump(reader, to_server[1]), self._pump(to_server[0], writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 16):
            await self._flows.wait()
            writer.write(data)
        writer.close()


@pytest.fixture
async def wire(tmp_path):
    """Lay a wire to a socket."""
    laid = []

    async def lay(inner, name):
        one = Wire(Path(inner), tmp_path / name)
        await one.connect()
        laid.append(one)
        return one

    yield lay
    for one in laid:
        one.thaw()
        if one.path.exists():
            await one.cut()


@pytest.fixture
def asked():
    """Make what follows in a test part of a request with so much time left."""

    def with_time_left(left_s):
        CALLER.set(Caller(request_id="request-1", deadline_s=time.time() + left_s))

    return with_time_left


@pytest.fixture
def book(tmp_path, monkeypatch):
    """Write an address book that is looked at before each call: of `user`, or any text."""
    monkeypatch.setattr(addresses, "LOOK_S", 0.0)
    path = tmp_path / "addresses.json"

    def write(user):
        draft = tmp_path / "new"
        text = user if isinstance(user, str) else json.dumps({"user": user})
        draft.write_text(text, errors="surrogateescape")
        draft.replace(path)

    write.path = str(path)  # type: ignore[attr-defined]
    return write
