"""How the trees of steps become rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from model.engine.codes import NONE, Key, Kind, Replica
from model.engine.refusals import (
    refuse_call,
    refuse_count,
    refuse_duration,
    refuse_fraction,
    refuse_outside,
    refuse_unless,
)
from model.engine.rows import CallRow, Flat, Names, Row, Tables
from model.engine.stations import CALLS_MAX, DEPTH_MAX, LEGS_MAX
from model.world import journeys as tree
from model.world import keys
from model.world.attributes import Attribute, Probability, Time
from model.world.chance import path_key


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """What stands around a step."""

    forks: int = 0
    lanes: bool = False
    calls: int = 0
    deadline: bool = False
    cancels: bool = False


def flatten(journeys: Sequence[tree.Journey], names: Names, tables: Tables) -> Flat:
    """Return the rows of all journeys, in order."""
    flat = Flat(names=names, tables=tables)
    for journey in journeys:
        flat.begin.append(len(flat.rows))
        _add_all(flat, journey.name, journey.steps, _Around())
        flat.end.append(len(flat.rows))
    return flat


def _add_all(flat: Flat, path: str, steps: tree.Steps, around: _Around) -> None:
    neighbours = tree.sequence(steps)
    refuse_unless(len(neighbours) > 0, f"{path}: has no steps")
    for name, step in zip(tree.names_among(neighbours), neighbours, strict=True):
        _add(flat, f"{path}/{name}", step, around)


def _add(flat: Flat, path: str, step: tree.Step, around: _Around) -> None:
    """Append the row of a step, then the rows of the steps inside it."""
    row = Row(path=path)
    flat.rows.append(row)
    match step:
        case tree.Visit() | tree.Batch() | tree.Hold() | tree.Write():
            _add_at_station(flat, row, step, around)
        case tree.Delay():
            row.kind = Kind.DELAY
            _fill_time(flat, row, step.time)
        case tree.Link():
            _fill_link(flat, row, step, around)
        case tree.AllOf():
            _add_branches(flat, row, step, around)
        case tree.ForEach():
            _add_legs(flat, row, step, around)
        case tree.WithProbability():
            _fill_probability(flat, row, step.p)
            _add_all(flat, path, step.then, around)
        case tree.Cached():
            _add_cached(flat, row, step, around)
        case tree.Call():
            _add_call(flat, row, step, around)
        case tree.Emit():
            row.kind = Kind.EMIT
            row.journey = _index(
                flat.names.journeys, step.journey, f"{path}: emits unknown journey"
            )
    if row.end == NONE:
        row.end = len(flat.rows)


def _add_at_station(
    flat: Flat, row: Row, step: tree.Visit | tree.Batch | tree.Hold | tree.Write, around: _Around
) -> None:
    row.station = _index(flat.names.stations, step.station, f"{row.path}: visits unknown station")
    if around.cancels:
        flat.cancelled.add(row.station)
    refuse_fraction(f"{row.path}: priority", step.priority)
    row.priority = step.priority
    refuse_unless(
        0 <= step.priority < tree.PRIORITIES,
        f"{row.path}: priority must be in 0..{tree.PRIORITIES - 1}, got {step.priority}",
    )
    _fill_key(flat, row, step.key, around)
    match step:
        case tree.Visit():
            _fill_replica(flat, row, step.replica)
            _fill_time(flat, row, step.work)
        case tree.Batch():
            _fill_replica(flat, row, step.replica)
            _fill_items(flat, row, step)
        case tree.Hold():
            row.kind = Kind.HOLD
            _fill_replica(flat, row, step.replica)
            _add_all(flat, row.path, step.steps, around)
        case tree.Write():
            row.replica = Replica.PRIMARY
            _fill_time(flat, row, step.work)
            row.end = len(flat.rows)
            _add_copies(flat, row, step, around)


def _add_copies(flat: Flat, primary: Row, write: tree.Write, around: _Around) -> None:
    """Append a fork that writes to every copy but the primary: a branch for each of the others."""
    copies = flat.names.replicas[primary.station]
    refuse_unless(
        1 <= write.acks <= copies,
        f"{primary.path}: acks must be in 1..{copies}, got {write.acks}",
    )
    refuse_unless(
        write.key != keys.RANDOM or flat.names.members[primary.station] == 1,
        f"{primary.path}: needs a key, for all copies to be of one shard",
    )
    if copies == 1:
        return
    branches = tuple(
        tree.Visit(
            station=write.station,
            work=write.work,
            key=write.key,
            priority=write.priority,
        )
        for _ in range(1, copies)
    )
    fork_at = len(flat.rows)
    fork = tree.AllOf(branches=branches, need=write.acks - 1)
    _add(flat, f"{primary.path}/copies", fork, around)
    flat.rows[fork_at].station = primary.station
    for row in flat.rows[fork_at + 1 :]:
        if row.kind is Kind.VISIT:
            row.replica = Replica.FOLLOWER


def _fill_link(flat: Flat, row: Row, step: tree.Link, around: _Around) -> None:
    row.kind = Kind.LINK
    row.link = _index(flat.names.links, step.link, f"{row.path}: there is no link")
    _fill_time(flat, row, step.size)
    refuse_unless(
        around.deadline or not flat.names.lossy[row.link],
        f"{row.path}: messages can be lost here, and no call around it has a deadline",
    )


def _add_branches(flat: Flat, row: Row, step: tree.AllOf, around: _Around) -> None:
    row.kind = Kind.ALL_OF
    refuse_unless(len(step.branches) > 0, f"{row.path}: has no branches")
    _fill_need(row, step.need)
    for number, steps in enumerate(step.branches, start=1):
        branch = Row(kind=Kind.BRANCH, path=f"{row.path}/{number}")
        flat.rows.append(branch)
        _add_all(flat, branch.path, steps, around)
        branch.end = len(flat.rows)


def _add_legs(flat: Flat, row: Row, step: tree.ForEach, around: _Around) -> None:
    row.kind, row.at_once, row.in_lanes = Kind.FOR_EACH, step.at_once, step.in_lanes
    refuse_outside(f"{row.path}: at_once", step.at_once, 0, LEGS_MAX)
    refuse_unless(
        around.forks < DEPTH_MAX, f"{row.path}: more than {DEPTH_MAX} forks in one another"
    )
    _fill_need(row, step.need)
    row.law, row.attribute = flat.tables.value(step.count)
    if not isinstance(step.count, Attribute):
        refuse_count(row.path, step.count)
    refuse_unless(
        step.at_once > 0 or not step.in_lanes,
        f"{row.path}: at_once must say how many lanes there are, got 0",
    )
    inside = replace(around, forks=around.forks + 1, lanes=around.lanes or step.in_lanes)
    _add_all(flat, row.path, step.body, inside)


def _add_cached(flat: Flat, row: Row, step: tree.Cached, around: _Around) -> None:
    row.kind = Kind.CACHED
    row.cache = _index(flat.names.caches, step.cache, f"{row.path}: there is no cache")
    _fill_key(flat, row, step.member, around)
    refuse_unless(
        row.key is not Key.KEYS or step.member == flat.names.cache_keys[row.cache],
        f"{row.path}: member must go by the cache's own keys, got {step.member}",
    )
    row.keys = flat.names.key_sets.index(flat.names.cache_keys[row.cache])
    _add_all(flat, row.path, step.miss, around)


def _add_call(flat: Flat, row: Row, step: tree.Call, around: _Around) -> None:
    row.kind, row.call = Kind.CALL, len(flat.calls)
    refuse_unless(
        around.calls < CALLS_MAX, f"{row.path}: more than {CALLS_MAX} calls in one another"
    )
    refuse_call(row.path, step)
    if step.deadline is not None:
        _fill_time(flat, row, step.deadline)
    flat.calls.append(
        CallRow(
            retries=step.retries,
            base_s=step.backoff.base_s,
            factor=step.backoff.factor,
            cap_s=step.backoff.cap_s,
            jitter=step.backoff.jitter,
            budget_ratio=step.budget.ratio if step.budget else -1.0,
            budget_burst=step.budget.burst if step.budget else 0.0,
            hedge_law=flat.tables.law(step.hedge_after),
            breaker_failures=step.breaker.failures if step.breaker else 0,
            breaker_open_s=step.breaker.open_s if step.breaker else 0.0,
            cancels=step.cancels,
        )
    )
    inside = replace(
        around,
        calls=around.calls + 1,
        deadline=around.deadline or step.deadline is not None,
        cancels=around.cancels or step.cancels,
    )
    _add_all(flat, row.path, step.steps, inside)
    row.otherwise = len(flat.rows)
    if step.otherwise != ():
        _add_all(flat, f"{row.path}/otherwise", step.otherwise, around)


def _fill_key(flat: Flat, row: Row, key: keys.Key, around: _Around) -> None:
    refuse_unless(
        isinstance(key, str | Attribute | keys.Beside),
        f"{row.path}: key must be a name, an Attribute or Beside, got {key!r}",
    )
    refuse_unless(
        around.forks > 0 or not keys.is_of_legs(key) or key == keys.LEG,
        f"{row.path}: key {key!r} is in no fork",
    )
    if isinstance(key, keys.Beside):
        row.key, row.key_hash = Key.BESIDE, path_key(f"key {key.key}")
        if isinstance(key.key, Attribute):
            row.key_attribute = flat.tables.attribute(key.key)
    elif isinstance(key, Attribute):
        row.key, row.key_attribute = Key.ATTRIBUTE, flat.tables.attribute(key)
    elif key in flat.names.key_sets:
        row.key, row.keys = Key.KEYS, flat.names.key_sets.index(key)
    elif key != keys.RANDOM:
        of_legs = {keys.LEG: Key.LEG, keys.LANE: Key.LANE if around.lanes else Key.APART}
        row.key = of_legs.get(key, Key.REQUEST)
        row.key_hash = path_key(f"key {key}")


def _fill_replica(flat: Flat, row: Row, replica: str | int) -> None:
    copies = flat.names.replicas[row.station]
    words = {"primary": Replica.PRIMARY, "any": Replica.ANY, "nearest": Replica.NEAREST}
    number = words.get(replica, NONE) if isinstance(replica, str) else replica
    refuse_fraction(f"{row.path}: replica", number)
    refuse_unless(
        replica in words or 0 <= number < copies,
        f"{row.path}: replica must be primary, any, nearest or in 0..{copies - 1}, got {replica}",
    )
    row.replica = int(number)


def _fill_probability(flat: Flat, row: Row, p: Probability) -> None:
    row.kind = Kind.MAYBE
    if isinstance(p, Attribute):
        row.attribute = flat.tables.attribute(p)
        return
    refuse_unless(0 <= p <= 1, f"{row.path}: probability must be in 0..1, got {p}")
    row.probability = p


def _fill_time(flat: Flat, row: Row, time: Time) -> None:
    row.law, row.attribute = flat.tables.value(time)
    if not isinstance(time, Attribute):
        refuse_duration(row.path, time)


def _fill_items(flat: Flat, row: Row, step: tree.Batch) -> None:
    refuse_duration(row.path, step.base)
    _fill_time(flat, row, step.per_item)
    row.base = flat.tables.law(step.base)
    row.count, row.count_attribute = flat.tables.value(step.count)
    if not isinstance(step.count, Attribute):
        refuse_count(row.path, step.count)


def _fill_need(row: Row, need: int | None) -> None:
    if need is not None:
        refuse_outside(f"{row.path}: need", need, 0, LEGS_MAX)
    row.need = NONE if need is None else need


def _index(names: Sequence[str], name: str, complaint: str) -> int:
    refuse_unless(name in names, f"{complaint} {name}")
    return names.index(name)
