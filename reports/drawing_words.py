"""What the steps of a journey are called on its drawing, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields

from model.world import journeys as tree
from model.world.attributes import Attribute, Count, Time
from model.world.counts import ConstantCount
from model.world.keys import LANE, LEG, RANDOM, Beside
from model.world.laws import Constant

_SECONDS = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6))
_BYTES = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("B", 1.0))
_OF_LEGS = {LEG: "key per leg", LANE: "key per lane"}


def lines_of(step: tree.Step) -> tuple[str, ...]:
    """Return the lines that say what a step without others inside is."""
    match step:
        case tree.Visit() | tree.Batch() | tree.Write():
            return (step.station, *_named(step), *_works(step), *_where(step))
        case tree.Delay():
            return (step.name, _time(step.time))
        case tree.Link():
            empty = step.size == tree.Link(link="").size
            return (f"link {step.link}", *_named(step), *(() if empty else (_bytes(step.size),)))
        case tree.Emit():
            return (f"starts {step.journey}, does not wait", *_named(step))
        case _:
            return ()


def _works(step: tree.Visit | tree.Batch | tree.Write) -> Iterable[str]:
    if isinstance(step, tree.Batch):
        yield f"batch of {_count(step.count)}"
        yield f"{_time(step.base)} + {_time(step.per_item)} each"
    else:
        yield _time(step.work)
    if isinstance(step, tree.Write):
        yield f"written, {step.acks} must acknowledge"


def label_of(step: tree.Step) -> str:
    """Return what a frame says about the steps inside it."""
    said, name = ", ".join(_parts(step)), _given_name(step)
    if isinstance(step, tree.Call):
        kind = f"{name} call" if name else "call"
        return f"{kind}: {said}" if said else kind
    return f"{name}: {said}" if name else said


def _parts(step: tree.Step) -> Iterable[str]:
    match step:
        case tree.AllOf(branches=branches, need=need):
            yield f"all of {len(branches)}" if need is None else f"need {need} of {len(branches)}"
        case tree.ForEach():
            yield f"for each of {_count(step.count)}"
            yield from () if step.need is None else (f"need {step.need}",)
            way = "lanes" if step.in_lanes else "at once"
            yield from (f"{step.at_once} {way}",) if step.at_once else ()
        case tree.WithProbability():
            yield f"with probability {_share(step.p)}"
        case tree.Hold():
            yield from (f"hold {step.station}", *_where(step))
        case tree.Cached():
            yield from (f"cached in {step.cache}, on a miss", *_where(step))
        case tree.Call():
            yield from (*_tries(step), *_guards(step))


def _tries(call: tree.Call) -> Iterable[str]:
    if call.deadline is not None:
        yield f"deadline {_time(call.deadline)}"
    if call.retries:
        yield "1 retry" if call.retries == 1 else f"{call.retries} retries"
    if call.retries and call.backoff.base_s:
        jitter = " with jitter" if call.backoff.jitter else ""
        yield f"backoff {_seconds(call.backoff.base_s)}{jitter}"
    if call.hedge_after is not None:
        yield f"hedged after {_time(call.hedge_after)}"


def _guards(call: tree.Call) -> Iterable[str]:
    if call.budget is not None:
        yield f"budget {_number(call.budget.ratio * 100)} %"
    if (breaker := call.breaker) is not None:
        yield f"breaker opens for {_seconds(breaker.open_s)} after {breaker.failures} failures"
    if call.cancels:
        yield "cancels"
    if call.otherwise != ():
        yield "below is what is done otherwise"


def _given_name(step: tree.Step) -> str:
    """Return the name that a step was given, or nothing if it has that of its kind."""
    usual = next(field.default for field in fields(step) if field.name == "name")
    return "" if step.name == usual else step.name


def _named(step: tree.Step) -> Iterable[str]:
    return (f"named {step.name}",) if _given_name(step) else ()


def _where(step: tree.Visit | tree.Batch | tree.Write | tree.Hold | tree.Cached) -> Iterable[str]:
    """Say which shard, which copy, and how urgently, unless it goes without saying."""
    key = step.member if isinstance(step, tree.Cached) else step.key
    if isinstance(key, Attribute):
        yield f"shard: the request's {key.name}"
    elif isinstance(key, Beside):
        first = key.key.name if isinstance(key.key, Attribute) else key.key
        yield f"key: each beside {first}"
    elif key != RANDOM:
        yield _OF_LEGS.get(key, f"key: {key}")
    replica = getattr(step, "replica", "primary")
    if replica != "primary":
        yield f"replica {replica}" if isinstance(replica, int) else f"{replica} replica"
    if priority := getattr(step, "priority", 0):
        yield f"priority {priority}"


def _time(time: Time) -> str:
    return _value(time, _SECONDS)


def _bytes(size: Time) -> str:
    return _value(size, _BYTES)


def _seconds(time_s: float) -> str:
    return _quantity(time_s, _SECONDS)


def _value(value: Time, units: Sequence[tuple[str, float]]) -> str:
    if isinstance(value, Attribute):
        return f"the request's {value.name}"
    varies = "" if isinstance(value, Constant) else " on average"
    return _quantity(value.mean, units) + varies


def _share(share: float | Attribute) -> str:
    return f"the request's {share.name}" if isinstance(share, Attribute) else _number(share)


def _count(count: Count) -> str:
    if isinstance(count, Attribute):
        return f"the request's {count.name}"
    return _number(count.mean) + ("" if isinstance(count, ConstantCount) else " on average")


def _quantity(value: float, units: Sequence[tuple[str, float]]) -> str:
    """Write a value with the largest unit of which it has one at least, if any."""
    fitting = [one for one in units if value >= one[1]] or [one for one in units if one[1] == 1]
    unit, size = fitting[0]
    return f"{_number(value / size)} {unit}"


def _number(value: float) -> str:
    return f"{float(f'{value:.3g}'):,.10g}"
