"""Work that is done once, however many want it done at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable, Iterable
from typing import Any, Generic, TypeVar

from reference_impl.chassis.callers import PATIENCE_S, allow
from reference_impl.chassis.deadlines import within_deadline

WORK_S = PATIENCE_S  # as for a request that names no deadline

K = TypeVar("K", bound=Hashable)


class Flights(Generic[K]):
    """Things being done in this process, each by its key.

    Work goes on when whoever began it stops waiting: others may wait for it too.  So it has
    WORK_S of its own, whoever began it, and each waits until their own deadline.
    """

    def __init__(self) -> None:
        self._under_way: dict[K, asyncio.Task[None]] = {}

    async def done(
        self, keys: Iterable[K], work: Callable[[list[K]], Coroutine[Any, Any, None]]
    ) -> None:
        """Return when each of `keys` is done: by `work`, called with those that nobody is doing."""
        wanted = list(keys)
        if fresh := [key for key in wanted if key not in self._under_way]:
            task = asyncio.create_task(_in_its_own_time(work(fresh)))
            self._under_way.update(dict.fromkeys(fresh, task))
            task.add_done_callback(lambda done: self._land(fresh, done))
        awaited = {self._under_way[key] for key in wanted}
        with within_deadline("work under way"):
            await asyncio.gather(*(asyncio.shield(task) for task in awaited))

    def _land(self, keys: list[K], done: asyncio.Task[None]) -> None:
        for key in keys:
            del self._under_way[key]
        if not done.cancelled():
            done.exception()  # whoever still waits gets it; if nobody does, nobody minds


async def _in_its_own_time(work: Coroutine[Any, Any, None]) -> None:
    allow(WORK_S)
    await work
