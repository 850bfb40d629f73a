"""The instances of one box that are ready: each is asked once a second, and by those who failed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial

import aiohttp
from yarl import URL

from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.health import READY_S
from reference_impl.chassis.instances import Instance, Instances
from reference_impl.frontdoor.metrics import READY
from reference_impl.frontdoor.service import Signpost

CHECK_S = 1.0  # between two looks at one instance
CHECKED_S = READY_S + 1.0  # by then an instance has said whether it is ready, or it is not
WAITED_S = 1.0  # for somebody to be ready, by a request that would else be refused

_READYZ = URL("/readyz")


class Backends:
    """The ready ones of a box's instances; nobody is until it has said so."""

    def __init__(self, box: str, instances: Instances, signpost: Signpost) -> None:
        self._box = box
        self._instances = instances
        self._signpost = signpost
        self._ready: set[Instance] = set()
        self._looks: dict[Instance, asyncio.Task[None]] = {}

    def in_turn(self, client_region: str) -> Iterator[Instance]:
        """Yield those that are ready, of the zones that are nearest to the client first."""
        zones = self._signpost.zones_for(client_region, self._instances.zones())
        return (one for one in self._instances.in_turn(zones) if one in self._ready)

    def failed(self, instance: Instance, error: Exception) -> None:
        """Ask this instance nothing until it says that it is ready; or last, if it is only full."""
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            instance.rest()
        else:
            self._set(instance, is_ready=False)

    async def check(self) -> None:
        """Raise Unavailable if nobody is ready."""
        if not self._ready:
            raise Unavailable(f"no instance of {self._box} is ready")

    async def look(self) -> None:
        """Ask everybody whether they are ready, and wait for what they say."""
        self._begin_looks()
        await asyncio.gather(*self._looks.values())

    async def look_at_once(self) -> None:
        """Ask everybody before their turn, and wait for a moment until somebody is ready."""
        self._begin_looks()
        until_s = asyncio.get_running_loop().time() + WAITED_S
        while self._looks and not self._ready:
            left_s = until_s - asyncio.get_running_loop().time()
            if left_s <= 0:
                return
            looks = self._looks.values()
            await asyncio.wait(looks, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)

    async def watch(self) -> None:
        """Ask everybody again and again; who does not answer holds up nobody."""
        while True:
            self._begin_looks()
            await asyncio.sleep(CHECK_S)

    async def close(self) -> None:
        """Ask nobody any more."""
        for look in self._looks.values():
            look.cancel()
        await asyncio.gather(*self._looks.values(), return_exceptions=True)
        await self._instances.close()

    def _begin_looks(self) -> None:
        known = set(self._instances.known())
        self._ready &= known
        for instance in known - self._looks.keys():
            look = self._looks[instance] = asyncio.create_task(self._look_at(instance))
            look.add_done_callback(partial(self._end_look, instance))
        self._tell()

    def _end_look(self, instance: Instance, _: asyncio.Task[None]) -> None:
        del self._looks[instance]

    async def _look_at(self, instance: Instance) -> None:
        # Over a connection of its own: it need not wait for those who take their answers slowly.
        aside = Instance(instance.url)
        try:
            answer = await aside.ask("GET", _READYZ, {}, None, CHECKED_S)
        except (aiohttp.ClientError, TimeoutError):
            self._set(instance, is_ready=False)
        else:
            self._set(instance, is_ready=answer.status == 200 and not instance.is_leaving)
        finally:
            await aside.close()

    def _set(self, instance: Instance, *, is_ready: bool) -> None:
        if is_ready:
            self._ready.add(instance)
        else:
            self._ready.discard(instance)
        self._tell()

    def _tell(self) -> None:
        READY.labels(self._box).set(len(self._ready))


@asynccontextmanager
async def watched(backends: Backends) -> AsyncIterator[Backends]:
    """Know from the beginning of the block who is ready, and keep watch until its end."""
    watch = None
    try:
        await backends.look()
        watch = asyncio.create_task(backends.watch())
        yield backends
    finally:
        if watch:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
        await backends.close()
