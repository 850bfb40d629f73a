"""A Program as the pools of one run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.engine.codes import NONE, Balancing, Kind, Outcome, StreamKind
from model.engine.compiled import chance, layout
from model.engine.compiled.encoding_scaling import copies_rows_of, scalings_of
from model.engine.disruptions import ActionKind
from model.engine.latencies import WIDTH
from model.engine.program import Program
from model.engine.refusals import NetworkError
from model.engine.timeline import Action
from model.rules.regions import zone_of_copy
from model.world.counts import ConstantCount, CountLaw, CountTable, Geometric
from model.world.journeys import PRIORITIES
from model.world.laws import Constant, Exponential, Law, Lognormal, QuantileTable

Pool = NDArray[Any]


@dataclass(slots=True, kw_only=True)
class Numbers:
    """All numbers of tables, one after another."""

    parts: list[NDArray[np.float64]]
    length: int = 0

    def add(self, *columns: Sequence[float] | NDArray[np.float64]) -> int:
        """Append columns and return where the first begins."""
        first = self.length
        for column in columns:
            self.parts.append(np.asarray(column, dtype=np.float64).ravel())
            self.length += len(self.parts[-1])
        return first

    def pool(self) -> NDArray[np.float64]:
        """Return them all."""
        return np.concatenate([np.empty(0), *self.parts])


def pools_of(program: Program, actions: Sequence[Action]) -> dict[str, Pool]:
    """Return the pools that the program says how large they are."""
    numbers = Numbers(parts=[])
    pools: dict[str, Pool] = {
        "steps": _steps(program),
        "laws": _laws(program.laws, numbers),
        "calls": _calls(program),
        "links": _links(program),
        "key_sets": _key_sets(program),
        "streams": _streams(program),
        "actions": _actions(actions),
        "scalings": scalings_of(program),
        "copies_rows": copies_rows_of(program, actions),
        "journey_begin": program.begin.astype(np.int32),
        "journey_end": program.end.astype(np.int32),
        "histogram": np.zeros(len(program.journeys) * WIDTH, np.int64),
        "outcomes": np.zeros(len(program.journeys) * len(Outcome), np.int64),
    }
    pools |= _stations(program, numbers, actions)
    pools |= _caches(program)
    pools["zone_ranks"] = program.zone_ranks.ravel()
    return pools | {"numbers": numbers.pool()}


def names_of(dtype: np.dtype[Any]) -> tuple[str, ...]:
    """Return the names of a record's fields."""
    return dtype.names or ()


def _table(dtype: np.dtype[Any], count: int, columns: dict[str, Any]) -> Pool:
    table = np.zeros(count, dtype)
    for name, column in columns.items():
        table[name] = column
    return table


def _steps(program: Program) -> Pool:
    steps = program.steps
    columns = {
        one.name: getattr(steps, one.name)
        for one in fields(steps)
        if one.name in names_of(layout.STEP)
    }
    table = _table(layout.STEP, len(steps.paths), columns)
    for step in range(len(steps.paths)):
        if _is_simple(program, step):
            station = steps.station[step]
            table["simple"][step] = True
            table["first_member"][step] = program.stations.first_member[station]
            table["shards"][step] = program.stations.shards[station]
    table["collapses"] = [_collapses(program, step) for step in range(len(table))]
    return table


def _collapses(program: Program, step: int) -> bool:
    """Return whether every leg of a fork is one visit to a plain station, and all are needed."""
    steps = program.steps
    kind, end = steps.kind[step], int(steps.end[step])
    if kind == Kind.FOR_EACH and steps.need[step] == NONE and steps.at_once[step] == 0:
        return end == step + 2 and _is_plain_visit(program, step + 1)
    if kind != Kind.ALL_OF or steps.need[step] != NONE:
        return False
    inside = range(step + 1, end, 2)
    return (end - step) % 2 == 1 and all(
        steps.kind[branch] == Kind.BRANCH
        and int(steps.end[branch]) == branch + 2
        and _is_plain_visit(program, branch + 1)
        for branch in inside
    )


def _is_plain_visit(program: Program, step: int) -> bool:
    steps = program.steps
    return bool(steps.kind[step] == Kind.VISIT and program.stations.plain[steps.station[step]])


def _is_simple(program: Program, step: int) -> bool:
    """Return whether a visit is to a plain station of always the same shards, without more to it.

    That is without copies, weights or turns.
    """
    if not _is_plain_visit(program, step) or program.steps.base[step] != NONE:
        return False
    stations, station = program.stations, program.steps.station[step]
    if any(one.kind == ActionKind.SPREAD and station in one.targets for one in program.disruptions):
        return False
    evenly = stations.balancing[station] == Balancing.RANDOM and not len(stations.weights[station])
    return bool(evenly and stations.replicas[station] == 1)


def _laws(laws: Sequence[Law | CountLaw], numbers: Numbers) -> Pool:
    table = np.zeros(len(laws), layout.LAW)
    for row, law in zip(table, laws, strict=True):
        _fill_law(row, law, numbers)
    return table


def _fill_law(row: Any, law: Law | CountLaw, numbers: Numbers) -> None:
    match law:
        case Constant(value=value):
            row["kind"], row["mean"] = chance.CONSTANT, value
        case ConstantCount(count=count):
            row["kind"], row["mean"] = chance.CONSTANT, count
        case Exponential(mean=mean):
            row["kind"], row["mean"] = chance.EXPONENTIAL, mean
        case Geometric(mean=mean):
            row["kind"], row["mean"] = chance.GEOMETRIC, mean
        case Lognormal(mean=mean):
            row["kind"], row["mean"] = chance.LOGNORMAL, mean
            row["variance"], row["deviation"] = law.variance_of_log, law.deviation_of_log
        case QuantileTable(probabilities=probabilities, values=values):
            row["kind"], row["length"] = chance.TABLE, len(values)
            row["first"] = numbers.add(probabilities, values)
        case CountTable(counts=counts, cumulated=cumulated):
            row["kind"], row["length"] = chance.COUNT_TABLE, len(counts)
            row["first"] = numbers.add(cumulated, counts)
        case _:
            raise NetworkError(
                f"the compiled engine does not know the law {type(law).__name__}:"
                " make a table of it, or use the SimPy engine"
            )


def _calls(program: Program) -> Pool:
    calls = program.calls
    return _table(
        layout.CALL,
        len(calls.retries),
        {
            "base_s": calls.base_s, "factor": calls.factor, "cap_s": calls.cap_s,
            "ratio": calls.budget_ratio, "burst": calls.budget_burst,
            "open_s": calls.breaker_open_s, "retries": calls.retries, "jitter": calls.jitter,
            "hedge_law": calls.hedge_law, "breaker": calls.breaker_failures,
            "cancels": calls.cancels,
        },
    )  # fmt: skip


def _links(program: Program) -> Pool:
    links = program.links
    columns = {"bytes_per_s": links.bytes_per_s, "loss": links.loss, "rtt": links.rtt}
    return _table(layout.LINK, len(links.names), columns)


def _key_sets(program: Program) -> Pool:
    sets = program.key_sets
    columns = {"hash": sets.key_hash, "law": sets.law, "size": sets.size}
    return _table(layout.KEY_SET, len(sets.names), columns)


def _streams(program: Program) -> Pool:
    table = np.zeros(len(program.streams), layout.STREAM)
    for row, stream in zip(table, program.streams, strict=True):
        row["kind"], row["journey"] = stream.kind, stream.journey
        row["think"], row["length"] = stream.think, stream.length
        row["path_hash"] = stream.path_hash
        row["attributes"] = stream.attributes.ctypes.data
        row["ended"] = stream.kind == StreamKind.CLOSED
    return table


def _actions(actions: Sequence[Action]) -> Pool:
    rows = [(action.at_s, action.value, int(action.kind), action.target) for action in actions]
    return np.array(rows, layout.ACTION)


def _stations(program: Program, numbers: Numbers, actions: Sequence[Action]) -> dict[str, Pool]:
    stations = program.stations
    columns = {
        one.name: getattr(stations, one.name)
        for one in fields(stations)
        if one.name in names_of(layout.STATION) and one.name != "weights"
    }
    table = _table(layout.STATION, len(stations.names), columns)
    table["weights"] = NONE
    table["shards_in_use"], table["copies_in_use"] = stations.shards, stations.replicas
    for scaling in program.scalings:
        table["copies_in_use"][scaling.station] = scaling.copies_min
    table["copies_begun"] = table["copies_in_use"]
    for row, weights in zip(table, stations.weights, strict=True):
        if len(weights):
            row["weights"] = numbers.add(weights)
    return {"stations": table} | _members(program, _most_servers(program, actions))


def _most_servers(program: Program, actions: Sequence[Action]) -> NDArray[np.int64]:
    """Return how many servers each member has at the most."""
    most = program.stations.servers[program.stations.of_member].astype(np.int64)
    for action in actions:
        if action.kind == ActionKind.SERVERS:
            most[action.target] = max(int(most[action.target]), int(action.value))
    return most


def _members(program: Program, most: NDArray[np.int64]) -> dict[str, Pool]:
    stations, of_member = program.stations, program.stations.of_member
    count = len(of_member)
    number = np.arange(count) - stations.first_member[of_member]
    copies = stations.replicas[of_member]
    own = len(program.hosts.names)
    shared = stations.host[of_member]
    host = np.where(shared == NONE, own + np.arange(count), shared)
    columns = {
        "station": of_member, "host": host, "servers": stations.servers[of_member],
        "up": 1, "speed": 1.0, "last": NONE, "serving_first": NONE, "serving_last": NONE,
        "zone": zone_of_copy(number // copies, number % copies, program.zones),
        "free": np.cumsum(most) - most,
    }  # fmt: skip
    queues = np.zeros(count * PRIORITIES, layout.QUEUE)
    queues["first"], queues["last"] = NONE, NONE
    jobs = np.bincount(host, weights=most, minlength=own + count).astype(np.int64)
    cores = np.concatenate([program.hosts.cores, np.full(count, np.inf)])
    hosts = {
        "cores": cores, "speed": 1.0, "rate": 1.0, "plan": NONE, "planned": NONE,
        "jobs": np.cumsum(jobs) - jobs,
    }  # fmt: skip
    return {
        "members": _table(layout.MEMBER, count, columns),
        "queues": queues,
        "hosts": _table(layout.HOST, len(cores), hosts),
        "host_jobs": np.zeros(int(jobs.sum()), np.int32),
        "free_s": np.zeros(int(most.sum()), layout.FREE),
    }


def _caches(program: Program) -> dict[str, Pool]:
    caches, sizes = program.caches, program.key_sets.size
    count = len(caches.names)
    members = caches.members.astype(np.int64)
    entries = members * sizes[caches.keys]
    columns = {
        "ttl_s": caches.ttl_s, "keys": caches.keys, "members": members,
        "capacity": caches.capacity, "single_flight": caches.single_flight,
        "first_entry": np.cumsum(entries) - entries, "first_holder": np.cumsum(members) - members,
    }  # fmt: skip
    table = np.zeros(int(entries.sum()), layout.ENTRY)
    table["first_waiting"], table["last_waiting"] = NONE, NONE
    table["newer"], table["older"] = NONE, NONE
    holders = np.zeros(int(members.sum()), layout.HOLDER)
    holders["newest"], holders["oldest"] = NONE, NONE
    return {
        "caches": _table(layout.CACHE, count, columns),
        "entries": table,
        "holders": holders,
    }
