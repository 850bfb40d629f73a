"""CPU time of one request, on an event loop that interleaves many: every step timed alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from time import thread_time_ns
from typing import Any, TypeVar

from reference_impl.chassis.stages import Account, current_account

T = TypeVar("T")


class Metered(Coroutine[Any, Any, T], Generator[Any, Any, T]):
    """A coroutine that adds the CPU time of each of its steps to an account.

    Between two steps the event loop runs other requests: their steps are not counted here,
    which a clock read before and after the whole coroutine could not tell apart.  It is a
    generator too, because that is what `await` drives.
    """

    __slots__ = ("_account", "_coroutine")

    def __init__(self, coroutine: Coroutine[Any, Any, T], account: Account) -> None:
        self._coroutine = coroutine
        self._account = account

    def send(self, value: Any) -> Any:
        """Run the coroutine to its next pause."""
        return self._step(self._coroutine.send, value)

    def throw(self, *error: Any) -> Any:
        """Raise inside the coroutine, as cancelling does."""
        return self._step(self._coroutine.throw, *error)

    def close(self) -> None:
        """End the coroutine."""
        self._coroutine.close()

    def _step(self, step: Callable[..., Any], *argument: Any) -> Any:
        account = self._account
        if account.is_stepping:  # inside another step of this request, which is being timed
            return step(*argument)
        account.is_stepping = True
        begun_ns = thread_time_ns()
        try:
            return step(*argument)
        finally:
            account.cpu_ns += thread_time_ns() - begun_ns
            account.is_stepping = False

    def __await__(self) -> Generator[Any, Any, T]:
        return self


def meter_child_tasks(loop: asyncio.AbstractEventLoop) -> None:
    """Make tasks begun for a request (by `gather`, by a client) count on its account too."""
    loop.set_task_factory(_metered_task)


def _metered_task(
    loop: asyncio.AbstractEventLoop,
    coroutine: Coroutine[Any, Any, T] | Generator[Any, None, T],
    **options: Any,  # the context; newer Pythons also hand on a name and whether to start at once
) -> asyncio.Task[T]:
    account = current_account()
    if account is not None and isinstance(coroutine, Coroutine):
        coroutine = Metered(coroutine, account)
    return asyncio.Task(coroutine, loop=loop, **options)
