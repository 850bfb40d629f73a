"""Fetches under way: whoever wants the same waits for the one that has begun."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import replace
from typing import Any, Generic, NamedTuple, TypeVar

from reference_impl.chassis.callers import CALLER, PATIENCE_S, allow
from reference_impl.chassis.deadlines import within_deadline
from reference_impl.chassis.errors import Unavailable

FETCH_S = PATIENCE_S  # as for a request that names no deadline

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Landed(NamedTuple, Generic[T]):
    """What a fetch brought, and whether another request had begun it."""

    brought: T
    is_shared: bool


class Flights(Generic[K, T]):
    """The fetches of this process, each by its key.

    A fetch goes on when whoever began it stops waiting.  One that fails is an error to whoever
    began it, and lets one of the others try again; a second failure is an error to them all.
    """

    def __init__(self) -> None:
        self._under_way: dict[K, asyncio.Task[T]] = {}

    async def landed(self, key: K, fetch: Callable[[], Coroutine[Any, Any, T]]) -> Landed[T]:
        """Return what the fetch by this key brings: one under way, or this one, begun now."""
        task = self._under_way.get(key)
        if task is not None:
            try:
                return Landed(await _waited_for(task), is_shared=True)
            except Unavailable:
                task = self._under_way.get(key)  # one of the others has begun the second try
        is_shared = task is not None
        return Landed(await _waited_for(task or self._begin(key, fetch)), is_shared=is_shared)

    async def have_ended(self, concerns: Callable[[K], bool]) -> None:
        """Return when those now under way whose key `concerns` have come to their end."""
        tasks = [task for key, task in self._under_way.items() if concerns(key)]
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, key: K, fetch: Callable[[], Coroutine[Any, Any, T]]) -> asyncio.Task[T]:
        task = self._under_way[key] = asyncio.create_task(_for_everybody(fetch()))
        task.add_done_callback(lambda done: self._land(key, done))
        return task

    def _land(self, key: K, done: asyncio.Task[T]) -> None:
        del self._under_way[key]
        if not done.cancelled():
            done.exception()  # whoever still waits gets it; if nobody does, nobody minds


async def _waited_for(task: asyncio.Task[T]) -> T:
    with within_deadline("the origin"):
        return await asyncio.shield(task)


async def _for_everybody(fetch: Coroutine[Any, Any, T]) -> T:
    """Fetch in nobody's name, and within FETCH_S whatever time the one who began it has left."""
    if caller := CALLER.get():
        CALLER.set(replace(caller, user_id=""))
    allow(FETCH_S)
    return await fetch
