"""Where a process listens, and how it stops without losing who has just connected."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from reference_impl.chassis.settings import SettingsError

BACKLOG = 2_048  # connections not yet accepted; aiohttp's 128 drops bursts

Factory = Callable[[], asyncio.BaseProtocol]


@asynccontextmanager
async def listening(
    listen: str, variable: str, factory: Factory, *, port_file: str = ""
) -> AsyncIterator[str]:
    """Accept connections at `unix:/path` or `tcp:host:port`; yield the address taken."""
    kind, _, where = listen.partition(":")
    host, _, port = where.rpartition(":")
    if kind == "unix" and where:
        async with _listening_unix(where, factory):
            yield listen
    elif kind == "tcp" and host and port.isdecimal():
        async with _listening_tcp(_bound(host, int(port), port_file), factory) as taken:
            if port_file:
                _write_whole(Path(port_file), str(taken))
            yield f"tcp:{host}:{taken}"
    else:
        raise SettingsError(f"{variable}: unix:/path or tcp:host:port, got {listen}")


@asynccontextmanager
async def _listening_unix(path: str, factory: Factory) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    server = await loop.create_unix_server(factory, path, backlog=BACKLOG)
    inode = _inode(path)
    try:
        yield
    finally:
        _unlink(path, inode)  # from here on nobody finds it
        await _rounds(3)  # one accepts all who had, the next makes their transports
        server.close()


@asynccontextmanager
async def _listening_tcp(listener: socket.socket, factory: Factory) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(factory, sock=listener, backlog=BACKLOG)
    try:
        port: int = listener.getsockname()[1]
        yield port
    finally:
        loop.remove_reader(listener)
        await _rounds(2)  # those whom the loop has accepted get their transports
        waiting = _accepted(listener)
        server.close()  # at once: whom the kernel connects in between is reset
        for connection in waiting:
            await loop.connect_accepted_socket(factory, connection)


async def _rounds(number: int) -> None:
    """Let the event loop do what it has at hand."""
    for _ in range(number):
        await asyncio.sleep(0)


def _accepted(listener: socket.socket) -> list[socket.socket]:
    """Accept all whom the kernel has connected."""
    connections = []
    while True:
        try:
            connections.append(listener.accept()[0])
        except OSError:  # nobody waits
            return connections


def _inode(path: str) -> int | None:
    try:
        return Path(path).stat().st_ino
    except FileNotFoundError:
        return None


def _unlink(path: str, inode: int | None) -> None:
    """Remove the socket, unless it is the next process's already."""
    if _inode(path) == inode:
        Path(path).unlink(missing_ok=True)


def _bound(host: str, port: int, port_file: str) -> socket.socket:
    """Bind the port asked for; for port 0 the one of the last run, if it is still free."""
    if port == 0 and port_file and Path(port_file).exists():
        try:
            return _listener(host, int(Path(port_file).read_text()))
        except (OSError, ValueError, OverflowError):
            pass  # taken by someone else meanwhile, or not a port: a free one will do
    return _listener(host, port)


def _listener(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


def _write_whole(path: Path, text: str) -> None:
    """Write so that nobody reads half of it."""
    draft = path.with_name(path.name + ".new")
    draft.write_text(text)
    draft.replace(path)
