"""What a request costs an edge besides its own steps: threads, and what is fetched for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import thread_time_ns
from typing import ParamSpec, TypeVar

from reference_impl.chassis.stages import charge, current_account

STATION = "cdn"

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(work: Callable[P, T], /, *arguments: P.args, **options: P.kwargs) -> T:
    """Do what waits for the disk, or hashes, in a thread, whose CPU time is the request's."""
    spent_ns = 0

    def metered() -> T:
        nonlocal spent_ns
        begun_ns = thread_time_ns()
        try:
            return work(*arguments, **options)
        finally:
            spent_ns = thread_time_ns() - begun_ns

    try:
        return await asyncio.to_thread(metered)
    finally:
        charge(STATION, cpu_ns=spent_ns)


def count_fetch() -> None:
    """Count it as another call of the edge, by itself, to ask the origin and keep what it says.

    It costs more than to answer what is there, so that works per call would otherwise depend
    on how often that is.
    """
    if account := current_account():
        account.add(STATION, wall_ns=0, visits=1)
