"""The reference engine: executes a Program with SimPy, to the letter of README.md in this folder.

Every piece of time is one SimPy event, and those that tie are ordered as `codes.At` says.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

import simpy

from model.engine.codes import NONE, Kind
from model.engine.invariants import check
from model.engine.ledger import Ledger
from model.engine.limits import refuse_run
from model.engine.program import Program
from model.engine.runs import SimulatedRun
from model.engine.simpy_caches import Caches
from model.engine.simpy_calls import Calls
from model.engine.simpy_choices import Choices
from model.engine.simpy_clock import Clock
from model.engine.simpy_fleet import Fleet
from model.engine.simpy_forks import Forks
from model.engine.simpy_scaling import scaled_copies
from model.engine.simpy_sources import Luck, Source
from model.engine.simpy_standing import Standing
from model.engine.simpy_steps import Emissions, Links, Take, Visits, maybe, read_steps
from model.engine.simpy_walks import Walks
from model.engine.simpy_weather import Weather
from model.engine.timeline import actions
from model.world.chance import run_key

Process = Callable[[simpy.Environment], Generator[simpy.Event, Any, Any]]


def simulate(
    program: Program,
    *,
    seed: int,
    until_s: float,
    replication: int = 0,
    keep_visits: bool = True,
    alongside: Sequence[Process] = (),
) -> SimulatedRun:
    """Run the program from empty at 0 until `until_s`; the same arguments give the same bytes.

    `alongside` are SimPy processes of your own, begun with the run in its environment: to watch
    it, or to stop it.  Such a run is for SimPy only; the compiled engine has no environment.
    """
    refuse_run(seed=seed, replication=replication, until_s=until_s)
    luck = Luck(seed=int(seed), replication=int(replication), until_s=until_s)
    parts = _built(program, luck, Ledger(program, until_s=until_s, keep_visits=keep_visits))
    clock = parts.walks.clock
    _schedule(program, parts, luck)
    for process in alongside:
        clock.process(process(clock))
    clock.run(until=until_s)
    run = _closed(parts, luck)
    check(run)
    return run


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What a run consists of."""

    walks: Walks
    fleet: Fleet
    links: Links
    standing: Standing
    caches: Caches


def _built(program: Program, luck: Luck, ledger: Ledger) -> _Parts:
    clock = Clock()
    journeys = list(zip(program.begin.tolist(), program.end.tolist(), strict=True))
    walks = Walks(journeys, clock, ledger, run=run_key(luck.seed, luck.replication))
    fleet, links = Fleet(program, walks), Links(program, walks)
    standing = Standing(program, clock, scaled_copies(program, fleet, clock))
    choices = Choices(program, standing, ledger.totals)
    caches = Caches(program, walks, choices)
    visits, forks = Visits(choices, fleet.members), Forks(walks, standing)
    takes = _takes(program, walks, visits=visits, forks=forks, links=links, caches=caches)
    walks.steps = read_steps(program, takes)
    return _Parts(walks=walks, fleet=fleet, links=links, standing=standing, caches=caches)


def _schedule(program: Program, parts: _Parts, luck: Luck) -> None:
    """Have what happens to the fleet happen, and the streams send; each schedules its next."""
    coming = actions(program, seed=luck.seed, replication=luck.replication, until_s=luck.until_s)
    weather = Weather(
        clock=parts.walks.clock,
        fleet=parts.fleet,
        links=parts.links,
        caches=parts.caches,
        standing=parts.standing,
        coming=iter(coming),
    )
    weather.expect()
    for number in range(len(program.streams)):
        Source(program, parts.walks, number=number).start(luck)


def _closed(parts: _Parts, luck: Luck) -> SimulatedRun:
    """Return what was recorded until the run ended."""
    parts.fleet.close(luck.until_s)
    return parts.walks.ledger.close(
        seed=luck.seed,
        replication=luck.replication,
        hits=parts.caches.hits,
        misses=parts.caches.misses,
        copies=parts.standing.changes_of_copies(),
    )


def _takes(
    program: Program, walks: Walks, *, visits: Visits, forks: Forks, links: Links, caches: Caches
) -> Callable[[int], Take]:
    """Return what says how each row of the program's steps is taken."""
    take: dict[int, Take] = {
        Kind.VISIT: visits.visit,
        Kind.DELAY: links.delay,
        Kind.ALL_OF: forks.all_of,
        Kind.BRANCH: maybe,  # never taken itself: a fork goes to what is inside
        Kind.FOR_EACH: forks.for_each,
        Kind.MAYBE: maybe,
        Kind.EMIT: Emissions(walks).emit,
        Kind.HOLD: visits.hold,
        Kind.LINK: links.link,
        Kind.CACHED: caches.ask,
        Kind.CALL: Calls(program, walks).call,
    }

    def take_of(row: int) -> Take:
        if program.steps.base[row] != NONE:
            return visits.visit_with_items
        return take[int(program.steps.kind[row])]

    return take_of
