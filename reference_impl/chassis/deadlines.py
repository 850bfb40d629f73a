"""What is left of the caller's deadline; nobody is waited for beyond it."""

from __future__ import annotations

import asyncio
import time
from contextlib import AbstractContextManager
from types import TracebackType

from reference_impl.chassis.callers import CALLER
from reference_impl.chassis.errors import Unavailable

# psycopg first asks the server to break the statement off; one that hangs does not answer, and
# the second cancellation makes psycopg drop the connection.  A healthy one answers within 10 ms.
CANCEL_AGAIN_S = 0.2

# What nobody waits for: its drivers give up after 2 s of silence, and other workers take it over
# after 15 s (fan-out) or 60 s (events) at most, so this ends what goes on without end.
OWN_S = 15.0


def seconds_left(whom: str, *, at_most_s: float) -> float:
    """Return how long `whom` may be waited for; raise Unavailable if no time is left to ask."""
    caller = CALLER.get()
    if caller is None:  # a worker's own business
        return at_most_s
    left_s = caller.deadline_s - time.time()
    if left_s <= 0:
        raise Unavailable(f"no time left to ask {whom}")
    return min(at_most_s, left_s)


def within_deadline(whom: str) -> AbstractContextManager[None]:
    """Break off what runs inside the block (`with`) at the deadline, as Unavailable.

    If it has passed already the block is not entered.  A worker's own business has OWN_S.
    """
    at_most_s = OWN_S if CALLER.get() is None else float("inf")
    return _Bound(whom, seconds_left(whom, at_most_s=at_most_s))


class _Bound:
    """What `asyncio.timeout` does, for `with`, and insisting (see CANCEL_AGAIN_S)."""

    __slots__ = ("_cancelled", "_cancelling_before", "_left_s", "_task", "_timer", "_whom")

    _task: asyncio.Task[object]
    _timer: asyncio.TimerHandle

    def __init__(self, whom: str, left_s: float) -> None:
        self._whom = whom
        self._left_s = left_s
        self._cancelled = 0  # times

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None, "a deadline bounds what a task does"
        self._task = task
        self._cancelling_before = task.cancelling()
        self._timer = task.get_loop().call_later(self._left_s, self._cancel)

    def _cancel(self) -> None:
        self._cancelled += 1
        self._task.cancel()
        self._timer = self._task.get_loop().call_later(CANCEL_AGAIN_S, self._cancel)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        if not self._cancelled:
            return
        for _ in range(self._cancelled):
            cancelling = self._task.uncancel()
        if cancelling <= self._cancelling_before and kind is asyncio.CancelledError:
            raise Unavailable(f"{self._whom} did not answer in time") from error
