"""Servers of one's own, to be killed, and gates that hold what goes to a server or comes back."""

import asyncio
import shutil
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from reference_impl.cluster import binaries, valkey


class OwnValkey:
    """A Valkey server that no other test uses; without persistence unless it is durable."""

    def __init__(self, folder, *, memory="64mb", durable=False):
        self._socket = folder / "s"
        self._command = valkey.command(
            binaries.valkey_server(), folder, self._socket, memory=memory, durable=durable
        )
        self.url = valkey.url_of(self._socket)

    def start(self):
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE)
        assert self._process.stdout
        assert any(b"Ready to accept" in line for line in self._process.stdout)

    def kill(self):
        assert self._process.stdout
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


@pytest.fixture
def own_valkey():
    """A context manager that runs a server of one's own."""

    @contextmanager
    def running(**options):
        folder = Path(tempfile.mkdtemp(prefix="own-"))  # short: the path of a unix socket is
        server = OwnValkey(folder, **options)
        server.start()
        try:
            yield server
        finally:
            server.kill()
            shutil.rmtree(folder)

    return running


class Gate:
    """Stands before a server at `url`; what passes by it can be held, in either direction.

    The first requests that contain `words`, so many as `after` says, pass.  Once one is held
    nothing follows it on its connection, and `reached` is set: by the request itself if it is
    held `before` the server has it, by the server's answer if that is held.  With `words` None
    everything passes.
    """

    def __init__(self, url):
        self._server = url.removeprefix("unix://")
        self._folder = tempfile.mkdtemp(prefix="gate-")
        self.path = f"{self._folder}/s"
        self.url = f"unix://{self.path}"
        self.words = None
        self.before = True
        self.to_pass = 0
        self.reached = asyncio.Event()
        self._connections = set()

    def hold(self, words, *, before, after=0):
        self.words, self.before, self.to_pass = words, before, after
        self.reached.clear()

    def open(self):
        self.words = None

    async def __aenter__(self):
        self._listener = await asyncio.start_unix_server(self._connect, self.path)
        return self

    async def __aexit__(self, *_):
        self._listener.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        shutil.rmtree(self._folder)

    async def _connect(self, reader, writer):
        self._connections.add(asyncio.current_task())
        held = asyncio.Event()
        server_reader, server_writer = await asyncio.open_unix_connection(self._server)
        try:
            await asyncio.gather(
                self._requests(reader, server_writer, held),
                self._answers(server_reader, writer, held),
            )
        finally:
            writer.close()
            server_writer.close()

    async def _requests(self, reader, server, held):
        with suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                if self.words is not None and self._is_to_be_held(data):
                    held.set()
                    if self.before:
                        self.reached.set()
                        await reader.read(-1)  # until the client is gone
                        break
                server.write(data)
                await server.drain()
        server.close()

    def _is_to_be_held(self, data):
        if self.words not in data:
            return False
        self.to_pass -= 1
        return self.to_pass < 0

    async def _answers(self, reader, client, held):
        with suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                if held.is_set():
                    self.reached.set()
                    continue
                client.write(data)
                await client.drain()
        client.close()


@pytest.fixture
def gate():
    """The async context manager that puts a gate before a server."""
    return Gate
