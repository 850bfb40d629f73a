"""Runs one service process: serves until it is asked to stop, and drains before it does."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from reference_impl.chassis.apps import operations_app
from reference_impl.chassis.doors import Door
from reference_impl.chassis.health import HEALTH
from reference_impl.chassis.listeners import listening
from reference_impl.chassis.logs import log_to_stderr
from reference_impl.chassis.settings import PREFIX, Settings, refuse_weak_secret

DRAIN_S = 10.0  # requests under way may take this long after a stop was asked for
# Idle connections are not closed at once: a request may be on its way, and would be lost.  Under
# load each is used again within this, and its answer then says that it is the last.
LINGER_S = 0.25
_LOOK_S = 0.01

Assemble = Callable[[Settings], AbstractAsyncContextManager[web.Application]]


def serve(assemble: Assemble) -> None:
    """Serve the application until SIGTERM or SIGINT.

    `assemble` opens the stores that the settings name, yields the application on them, and
    closes them when the last request has been answered.  Raises SettingsError for settings that
    nobody can serve with.
    """
    settings = Settings.from_environment(os.environ)
    refuse_weak_secret(settings.secret)
    asyncio.run(_serve(assemble, settings))


def stop_asked() -> asyncio.Event:
    """Return an event that SIGTERM and SIGINT set; call it inside the running loop."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, event.set)
    return event


async def _serve(assemble: Assemble, settings: Settings) -> None:
    stopping = stop_asked()
    logger = log_to_stderr(settings.instance)
    async with (
        assemble(settings) as app,
        serving(app, settings, stopping=stopping) as address,
    ):
        logger.info("serving on %s", address)
        await stopping.wait()
    logger.info("stopped")


@asynccontextmanager
async def serving(
    app: web.Application, settings: Settings, *, stopping: asyncio.Event
) -> AsyncIterator[str]:
    """Answer where the settings say while the block runs; yield the address taken.

    From the moment that `stopping` is set /readyz says 503 and every answer that it is the last
    of its connection.  After the block, first the listeners close, after `drain_notice_s`; then
    requests under way are answered; then the block around this one may close the stores.
    """
    app[HEALTH].stopping = stopping
    async with AsyncExitStack() as opened:
        if settings.internal_listen:
            inside = _Place(settings.internal_listen, f"{PREFIX}INTERNAL_LISTEN")
            await opened.enter_async_context(_answering(operations_app(app), settings, [inside]))
        places = [_Place(settings.listen, f"{PREFIX}LISTEN", settings.port_file)]
        if settings.neighbours_listen:
            places.append(_Place(settings.neighbours_listen, f"{PREFIX}NEIGHBOURS_LISTEN"))
        yield await opened.enter_async_context(_answering(app, settings, places))
        if stopping.is_set():
            await asyncio.sleep(settings.drain_notice_s)


@dataclass(frozen=True, slots=True)
class _Place:
    """An address to listen at, the variable that says it, and where to write the port taken."""

    listen: str
    variable: str
    port_file: str = ""


@asynccontextmanager
async def _answering(
    app: web.Application, settings: Settings, places: Sequence[_Place]
) -> AsyncIterator[str]:
    """Answer at all of these places; yield the address taken at the first."""
    runner = web.AppRunner(app, shutdown_timeout=DRAIN_S)
    await runner.setup()
    try:
        server = runner.server
        assert server is not None, "it has been set up"
        async with AsyncExitStack() as opened:
            taken = []
            for place in places:
                door = Door(server, per_address_max=settings.connections_per_address)
                listener = listening(place.listen, place.variable, door, port_file=place.port_file)
                taken.append(await opened.enter_async_context(listener))
            yield taken[0]
        await _until_left(server)
    finally:
        await runner.cleanup()


async def _until_left(server: web.Server) -> None:
    """Wait until everybody has gone, or LINGER_S."""
    clock_s = asyncio.get_running_loop().time
    until_s = clock_s() + LINGER_S
    await asyncio.sleep(_LOOK_S)  # whoever was accepted last is not among the connections yet
    while server.connections and clock_s() < until_s:  # noqa: ASYNC110 - it has no event
        await asyncio.sleep(_LOOK_S)
