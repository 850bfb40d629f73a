"""Independent replications of a program, spread over processes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import TypeVar

from model.engine.engines import Engine, simulate_with
from model.engine.program import Program
from model.engine.runs import SimulatedRun

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
    engine: Engine = Engine.COMPILED,
) -> list[Answer]:
    """Return `measure` of each replication, in order, the same for any number of `jobs`.

    With more than one job, each replication is simulated and measured in a fresh process, so
    `measure` must be a function of a module (or a `partial` of one), and only what it returns
    travels back.
    """
    for name, value in (("replications", replications), ("jobs", jobs)):
        if value < 1:
            raise ValueError(f"{name} must be 1 or more, got {value}")
    one = partial(
        _measured,
        program,
        measure,
        seed=seed,
        until_s=until_s,
        keep_visits=keep_visits,
        engine=engine,
    )
    if jobs == 1:
        return [one(replication) for replication in range(replications)]
    if engine is Engine.COMPILED:
        from model.engine.compiled_engine import prepare

        prepare()  # once, and not in every process at the same time
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
    engine: Engine,
) -> Answer:
    run = simulate_with(engine)(
        program, seed=seed, replication=replication, until_s=until_s, keep_visits=keep_visits
    )
    return measure(run)
