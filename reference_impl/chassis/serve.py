"""Runs one service process: listens where it is told, and drains before it stops."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from aiohttp import web

from reference_impl.chassis.logs import log_to_stderr
from reference_impl.chassis.settings import Settings, SettingsError

BACKLOG = 2_048  # connections not yet accepted; aiohttp's 128 drops bursts
KEEPALIVE_S = 75.0  # aiohttp keeps idle connections for an hour
DRAIN_S = 10.0  # requests under way may take this long after a stop was asked for

Assemble = Callable[[Settings], AbstractAsyncContextManager[web.Application]]


def serve(assemble: Assemble) -> None:
    """Serve the application until SIGTERM or SIGINT.

    `assemble` opens the stores that the settings name, yields the application on them, and
    closes them when the last request has been answered.
    """
    asyncio.run(_serve(assemble, Settings.from_environment(os.environ)))


def stop_asked() -> asyncio.Event:
    """Return an event that SIGTERM and SIGINT set; call it inside the running loop."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, event.set)
    return event


async def _serve(assemble: Assemble, settings: Settings) -> None:
    stop = stop_asked()
    logger = log_to_stderr(settings.instance)
    async with assemble(settings) as app:
        runner = web.AppRunner(
            app,
            access_log=None,
            keepalive_timeout=KEEPALIVE_S,
            shutdown_timeout=DRAIN_S,
        )
        await runner.setup()
        try:
            address = await _listen(runner, settings)
            logger.info("serving on %s", address)
            await stop.wait()
        finally:
            await runner.cleanup()
    logger.info("stopped")


async def _listen(runner: web.AppRunner, settings: Settings) -> str:
    kind, _, where = settings.listen.partition(":")
    if kind == "unix":
        await web.UnixSite(runner, where, backlog=BACKLOG).start()
        return settings.listen
    host, _, port = where.rpartition(":")
    if kind != "tcp" or not host or not port.isdecimal():
        raise SettingsError(f"FEEDTWIN_LISTEN: unix:/path or tcp:host:port, got {settings.listen}")
    taken = _bound(host, int(port), settings.port_file)
    await web.SockSite(runner, taken, backlog=BACKLOG).start()
    address = f"tcp:{host}:{taken.getsockname()[1]}"
    if settings.port_file:
        _write_whole(Path(settings.port_file), str(taken.getsockname()[1]))
    return address


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
