"""Independent replications of a program, spread over processes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import TypeVar

from model.engine.program import Program
from model.engine.runs import SimulatedRun
from model.engine.simpy_engine import simulate

Answer = TypeVar("Answer")


def replicate(
    program: Program,
    measure: Callable[[SimulatedRun], Answer],
    *,
    seed: int,
    until_s: float,
    replications: int,
    jobs: int = 1,
    keep_visits: bool = True,
) -> list[Answer]:
    """Return `measure` of each replication, in order, the same for any number of `jobs`.

    With more than one job, each replication is simulated and measured in a fresh process, so
    `measure` must be a function of a module (or a `partial` of one), and only what it returns
    travels back.
    """
    for name, value in (("replications", replications), ("jobs", jobs)):
        if value < 1:
            raise ValueError(f"{name} must be 1 or more, got {value}")
    one = partial(_measured, program, measure, seed=seed, until_s=until_s, keep_visits=keep_visits)
    if jobs == 1:
        return [one(replication) for replication in range(replications)]
    with ProcessPoolExecutor(min(jobs, replications), mp_context=get_context("spawn")) as pool:
        return list(pool.map(one, range(replications)))


def whole_run(run: SimulatedRun) -> SimulatedRun:
    """Return the run itself: the measure that keeps everything."""
    return run


def _measured(
    program: Program,
    measure: Callable[[SimulatedRun], Answer],
    replication: int,
    *,
    seed: int,
    until_s: float,
    keep_visits: bool,
) -> Answer:
    run = simulate(
        program, seed=seed, replication=replication, until_s=until_s, keep_visits=keep_visits
    )
    return measure(run)
