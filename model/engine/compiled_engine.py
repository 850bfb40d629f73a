"""The compiled engine: executes a Program as `simpy_engine` does, to the bit, and much faster.

The event loop is compiled by numba when it is first used on a machine (about a minute, announced
on the terminal) and kept for all processes after that.  README.md of this folder says what a
Program means.
"""

from __future__ import annotations

import mmap
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.engine.arrivals import blocks, go_by_number, instants
from model.engine.codes import NONE, Outcome, StreamKind
from model.engine.compiled import books, heap, layout, loop, users
from model.engine.compiled.encoding import Pool, pools_of
from model.engine.compiled.jit import cache_folder, is_cached, mark_cached
from model.engine.compiled.users import BY_NUMBER
from model.engine.invariants import check
from model.engine.latencies import LatencyCounts
from model.engine.limits import TIME_STANDS_STILL, TooMuch, refuse_run
from model.engine.network import Network
from model.engine.program import Program, Stream
from model.engine.runs import (
    REQUEST_TYPES,
    CopiesInUse,
    Members,
    Requests,
    SimulatedRun,
    Visits,
    copies_in_use_of,
)
from model.engine.timeline import actions
from model.world.chance import path_key, run_key
from model.world.journeys import Delay, Journey
from model.world.laws import Constant

WALKS_MAX = 1 << 22  # under way at once, all requests together
EVENTS_MAX = 1 << 23  # planned at once
REQUESTS_KEPT_MAX = 1 << 24  # one by one; beyond, latencies are counted in buckets
VISITS_KEPT_MAX = 1 << 24


def simulate(
    program: Program,
    *,
    seed: int,
    until_s: float,
    replication: int = 0,
    keep_visits: bool = True,
) -> SimulatedRun:
    """Run the program from empty at 0 until `until_s`; the same arguments give the same bytes.

    Raises TooMuch if more is under way at once than the limits at the top of this file; an
    overloaded queue that only grows gets there.
    """
    refuse_run(seed=seed, replication=replication, until_s=until_s)
    seed, replication = int(seed), int(replication)
    happening = actions(program, seed=seed, replication=replication, until_s=until_s)
    memory = _Memory(_reserved(program, happening, keep_visits=keep_visits))
    state = memory.state
    state["run"] = run_key(seed, replication)
    state["until_s"], state["keeps_visits"] = until_s, keep_visits
    state["action_count"], state["stream_count"] = len(happening), len(program.streams)
    state["copies_changes"] = len(program.scalings)
    state["zones"], state["zone_attribute"] = program.zones, program.zone_attribute
    state["zone_hash"], state["attribute_bytes"] = path_key("zone"), 8 * len(program.attributes)
    feeds = _Feeds(memory, program, seed=seed, replication=replication, until_s=until_s)
    _run(memory, feeds)
    run = _run_of(program, memory, seed=seed, replication=replication, until_s=until_s)
    check(run)
    return run


def _too_much(status: int) -> str:
    """Return what there is too much of."""
    return {
        heap.FULL_HEAP: f"more than {EVENTS_MAX:,} events planned at once",
        heap.FULL_NOTICES: f"more than {WALKS_MAX:,} timers running at once",
        heap.FULL_WALKS: f"more than {WALKS_MAX:,} requests and legs under way at once",
        heap.FULL_REQUESTS: f"more than {WALKS_MAX:,} requests under way at once",
        heap.FULL_TASKS: f"more than {WALKS_MAX:,} things to do at one instant",
        heap.FULL_USERS: f"more than {WALKS_MAX:,} users and sessions at once",
        users.FULL_INSTANT: TIME_STANDS_STILL,
        books.FULL_VISIT_ROWS: f"more than {VISITS_KEPT_MAX:,} visits: run with keep_visits=False",
    }[status]


def prepare() -> None:
    """Compile the engine now, if it is not compiled yet on this machine."""
    if not is_cached():
        pause = Constant(value=1.0)
        waiting = Network().journey(Journey(name="waiting", steps=Delay(time=pause)))
        simulate(waiting.closed("waiting", users=1, think=pause).build(), seed=0, until_s=3.0)


def _reserved(program: Program, happening: list[Any], *, keep_visits: bool) -> dict[str, Pool]:
    """Return all pools; most of their memory is never touched, and so never taken."""
    sizes = {
        "walks": WALKS_MAX, "requests": WALKS_MAX, "users": WALKS_MAX, "notices": WALKS_MAX,
        "tasks": WALKS_MAX, "heap": EVENTS_MAX, "free_walks": WALKS_MAX,
        "free_requests": WALKS_MAX, "free_notices": WALKS_MAX, "free_users": WALKS_MAX,
        "visit_rows": VISITS_KEPT_MAX if keep_visits else 1,
    }  # fmt: skip
    sizes |= dict.fromkeys(REQUEST_TYPES, REQUESTS_KEPT_MAX)
    pools = {name: _untouched(size, layout.POOLS[name]) for name, size in sizes.items()}
    return pools | pools_of(program, happening)


def _untouched(size: int, dtype: np.dtype[Any]) -> Pool:
    """Return zeros that take memory page by page, as they are touched.

    NumPy's own would ask for huge pages, of which a short run touches as many as there are pools,
    and waits for each to be cleared.
    """
    memory = mmap.mmap(-1, size * dtype.itemsize, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    return np.frombuffer(memory, dtype)


@dataclass(slots=True)
class _Memory:
    """The pools of a run, and the state that holds their addresses."""

    pools: dict[str, Pool]
    states: NDArray[Any]

    def __init__(self, pools: dict[str, Pool]) -> None:
        self.pools, self.states = pools, np.zeros(1, layout.STATE)
        for name, pool in pools.items():
            self.state[f"{name}_at"] = pool.ctypes.data
            self.state[f"{name}_max"] = len(pool)
        self.state["keeps_rows"] = True

    @property
    def state(self) -> Any:
        """The one record of the state, in place."""
        return self.states[0]


class _Feeds:
    """Keeps every stream's next arrivals where the event loop reads them."""

    def __init__(
        self, memory: _Memory, program: Program, *, seed: int, replication: int, until_s: float
    ) -> None:
        self._streams = memory.pools["streams"]
        self._coming = [
            self._arrivals(stream, program, seed=seed, replication=replication, until_s=until_s)
            for stream in program.streams
        ]
        self._held: list[tuple[Pool, ...]] = [()] * len(program.streams)
        for number, stream in enumerate(program.streams):
            self.fill(number)
            if stream.kind is StreamKind.CLOSED:
                rows = len(stream.attributes)
                loop.start_users(memory.states, number, stream.users, rows)

    @staticmethod
    def _arrivals(
        stream: Stream, program: Program, *, seed: int, replication: int, until_s: float
    ) -> Iterator[tuple[Pool, ...]]:
        """Return instants, block by block, with uids and rows where these are drawn."""
        if stream.kind is StreamKind.CLOSED:
            return iter(())
        if go_by_number(stream):
            alone = instants(stream, seed=seed, replication=replication, until_s=until_s)
            return ((at_s,) for at_s in alone)
        return blocks(stream, program.laws, seed=seed, replication=replication, until_s=until_s)

    def fill(self, number: int) -> None:
        """Give a stream its next block that is not empty."""
        block = next((one for one in self._coming[number] if len(one[0])), ())
        self._held[number] = block  # or its memory would be somebody else's
        row = self._streams[number]
        row["next"], row["count"], row["uids"] = 0, 0, BY_NUMBER
        if not block:
            row["ended"] = True
            return
        row["at_s"], row["count"] = block[0].ctypes.data, len(block[0])
        if len(block) > 1:
            row["uids"], row["rows"] = (column.ctypes.data for column in block[1:])

    def refill(self) -> None:
        """Give the streams that have run dry their next block."""
        for number, row in enumerate(self._streams[: len(self._held)]):
            if not row["ended"] and row["next"] == row["count"]:
                self.fill(number)


def _run(memory: _Memory, feeds: _Feeds) -> None:
    """Run the event loop, and help it whenever it asks."""
    state = memory.state
    if not is_cached():
        sys.stderr.write(
            f"feedtwin: compiling the engine, once for this machine and version (about a minute);"
            f" it is kept in {cache_folder().parent}\n"
        )
    while state["status"] != loop.ENDED:
        loop.run(memory.states)
        if state["status"] in (loop.NEEDS_ARRIVALS, loop.PAUSED):
            feeds.refill()
            state["status"] = loop.GOING_ON
        elif state["status"] != loop.ENDED:
            raise TooMuch(f"at {state['now_s']:g} s: {_too_much(int(state['status']))}")
    if state["rows"] > REQUESTS_KEPT_MAX:
        loop.fold_rows(memory.states)
    mark_cached()


def _run_of(
    program: Program, memory: _Memory, *, seed: int, replication: int, until_s: float
) -> SimulatedRun:
    caches = memory.pools["caches"][: len(program.caches.names)]
    return SimulatedRun(
        program=program,
        seed=seed,
        replication=replication,
        until_s=until_s,
        requests=_requests(memory),
        visits=_visits(memory) if memory.state["keeps_visits"] else None,
        members=_members(memory, len(program.stations.of_member)),
        hits=caches["hits"].copy(),
        misses=caches["misses"].copy(),
        copies_in_use=_copies(memory, until_s),
        counts=None if memory.state["keeps_rows"] else _counts(program, memory),
    )


def _counts(program: Program, memory: _Memory) -> LatencyCounts:
    journeys = len(program.journeys)
    outcomes = memory.pools["outcomes"].reshape(journeys, -1)
    outcomes[:, Outcome.UNDER_WAY] = _under_way(memory, journeys)
    return LatencyCounts(
        journeys=program.journeys,
        done=memory.pools["histogram"].reshape(journeys, -1),
        outcomes=outcomes,
    )


def _under_way(memory: _Memory, journeys: int) -> NDArray[np.int64]:
    """Return how many requests of each journey had not ended."""
    requests = memory.pools["requests"][: memory.state["requests_used"]]
    open_still = requests[(requests["walks"] > 0) & (requests["over"] == 0)]
    return np.bincount(open_still["journey"], minlength=journeys)


def _requests(memory: _Memory) -> Requests:
    count = memory.state["rows"] if memory.state["keeps_rows"] else 0
    columns = {name: memory.pools[name][:count] for name in REQUEST_TYPES}
    columns["parent"] += np.int32(NONE)  # kept as the number above, for fresh memory to mean none
    return Requests(**columns)


def _visits(memory: _Memory) -> Visits:
    rows = memory.pools["visit_rows"][: memory.state["visits"]]
    return Visits(
        request=_index(rows["request"]),
        member=_index(rows["member"]),
        step=_index(rows["step"]),
        leg=_index(rows["leg"]),
        attempt=_index(rows["attempt"]),
        outcome=_index(rows["outcome"]),
        arrived_s=rows["arrived_s"].copy(),
        started_s=rows["started_s"].copy(),
        done_s=rows["done_s"].copy(),
        work_s=rows["work_s"].copy(),
    )


def _members(memory: _Memory, count: int) -> Members:
    rows = memory.pools["members"][:count]
    return Members(
        arrived=_index(rows["arrived"]),
        done=_index(rows["done"]),
        refused=_index(rows["refused"]),
        dropped=_index(rows["dropped"]),
        lost=_index(rows["lost"]),
        present=_index(rows["present"]),
        present_s=rows["present_s"].copy(),
        stay_s=rows["stay_s"].copy(),
        waited_s=rows["waited_s"].copy(),
        worked_s=rows["worked_s"].copy(),
        busy_s=rows["busy_s"].copy(),
    )


def _copies(memory: _Memory, until_s: float) -> CopiesInUse:
    rows = memory.pools["copies_rows"][: memory.state["copies_changes"]]
    return copies_in_use_of(
        rows["at_s"].copy(), rows["station"].copy(), rows["count"].copy(), until_s=until_s
    )


def _index(column: NDArray[Any]) -> NDArray[np.int64]:
    return column.astype(np.int64)
