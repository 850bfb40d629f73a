"""Draws small networks, as `described_networks` has them, of everything that the grammar knows.

Most times are of a few round numbers, so that all that can tie does: services, deadlines,
hedges, polls, crashes and arrivals.  A network is small enough to run within milliseconds:
`_Around.times` bounds how often one request takes a step.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from hypothesis import strategies as st

_STEPS_MAX = 16  # of one network, besides those that have to be inside of something
_DEPTH_MAX = 5
_TIMES_MAX = 32  # that one request takes one step
_VISITS_MAX = 50  # of one request, and what it emits
_ARRIVALS_MAX = 60  # of one source, on average

TIMES_S = (0.5, 0.0, 0.25, 0.25, 1.0, 1.5, 2.0)
_LATER_S = (0.5, 0.25, 1.0, 1.5, 2.0)
_INSTANTS_S = (1.0, 0.0, 0.25, 0.5, 1.5, 2.0, 2.5, 3.0, 4.0, 4.5, 5.0)

Described = dict[str, Any]


@cache
def _below(count):
    """Return the strategy for a number below `count`: made once, because making it is slow."""
    return st.integers(0, count - 1)


@dataclass(frozen=True, slots=True)
class _Luck:
    """What is drawn, by Hypothesis; the first of the words is what it shrinks to."""

    draw: Callable[[Any], Any]

    def below(self, count):
        return self.draw(_below(count))

    def of(self, *words):
        return words[self.draw(_below(len(words)))]

    def one_in(self, count):
        return self.draw(_below(count)) == count - 1

    def some(self, one_in, **parts):
        """Return those parts of a description that are drawn, each once in so many."""
        return {name: part() for name, part in parts.items() if self.one_in(one_in)}


@dataclass(slots=True, kw_only=True)
class _Plan:
    """What has been drawn so far, and what steps may refer to."""

    luck: _Luck
    hosts: dict[str, float]
    stations: dict[str, Described]
    links: dict[str, bool]  # whether they may lose messages
    key_sets: dict[str, Described]
    caches: list[Described]
    zones: int
    calm: bool  # nothing keeps the stations from being plain
    emittable: dict[str, int] = field(default_factory=dict)  # journeys, and what they cost
    steps: int = 0
    cost: int = 0  # visits of one request of the journey that is being drawn, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """What stands around a step."""

    depth: int = 0
    times: int = 1  # that one request may come here
    forks: int = 0
    legs: bool = False  # of a `ForEach`
    deadline: bool = False


@st.composite
def descriptions(draw):
    """Draw a whole network, and how to run it."""
    luck = _Luck(draw)
    until_s = luck.of(6.0, 8.0, 10.5, 20.0)
    plan = _plan(luck)
    journeys = _journeys(plan)
    parts = [
        *(["host", {"name": name, "cores": cores}] for name, cores in plan.hosts.items()),
        *(["station", station] for station in plan.stations.values()),
        *(["link", _link(luck, name, lossy)] for name, lossy in plan.links.items()),
        *(["keys", {"name": name, "law": law}] for name, law in plan.key_sets.items()),
        *(["cache", one] for one in plan.caches),
        ["zones", _zones(luck, plan.zones)],
        *(["journey", {"journey": journey}] for journey in journeys),
        *(_source(luck, name, until_s) for name in _with_sources(plan, journeys)),
        *(["failure", {"failure": _failure(plan)}] for _ in range(luck.of(0, 1, 2, 3, 4))),
        *(["failure", {"failure": one}] for one in _autoscales(plan)),
    ]
    how = {"until_s": until_s, "seed": luck.below(4), "replication": luck.below(2)}
    return how | {"parts": parts}


def _plan(luck):
    hosts = {f"host{number}": luck.of(1.0, 0.5, 1.5, 2.0) for number in range(luck.below(3))}
    plain = luck.one_in(5)
    stations = [
        _station(luck, f"s{number}", list(hosts), plain=plain or luck.one_in(3))
        for number in range(1 + luck.below(4))
    ]
    key_sets = {f"keys{number}": _key_law(luck) for number in range(luck.of(0, 1, 1, 2))}
    cache_count = luck.of(0, 1, 1, 2) if key_sets else 0
    return _Plan(
        luck=luck,
        hosts=hosts,
        stations={station["name"]: station for station in stations},
        links={"sure": False, "lossy": True},
        key_sets=key_sets,
        caches=[_cache(luck, f"cache{number}", key_sets) for number in range(cache_count)],
        zones=luck.of(1, 2, 3),
        calm=plain,
    )


def _journeys(plan):
    """Draw journeys from the last to the first: each may emit those drawn before it."""
    journeys: list[Described] = []
    for name in plan.luck.of("a", "ba", "cba"):
        plan.cost, plan.steps = 0, min(plan.steps, _STEPS_MAX // 2)
        steps = [*_opening(plan), *_steps(plan, _Around())]
        journeys.append(_word("Journey", name=name, steps=steps))
        plan.emittable[name] = plan.cost
    return journeys[::-1]


def _opening(plan):
    """Draw a first step, perhaps, whose rarer effects show when all requests meet there."""
    if plan.luck.one_in(2):
        if to_scale := _to_scale(plan):
            name, work = plan.luck.of(*to_scale), _constant(plan.luck.of(*_LATER_S))
            return [_word("Visit", station=name, replica="any", work=work)]
        if plan.calm:
            return [_visit_all(plan, _Around())]
        if plan.caches:
            return [_cached(plan, _Around(depth=_DEPTH_MAX))]
    return []


def _with_sources(plan, journeys):
    """Draw which journeys have a source: each that none emits, and perhaps some more."""
    luck, names = plan.luck, list(plan.emittable)
    emitted = set(_emitted(journeys))
    chosen = [name for name in names if name not in emitted or luck.one_in(3)]
    return chosen + ([luck.of(*names)] if luck.one_in(2) else [])


def _emitted(described):
    """Yield the journeys that are emitted anywhere in a description."""
    if isinstance(described, dict):
        if described.get("is") == "Emit":
            yield described["journey"]
        described = list(described.values())
    if isinstance(described, list):
        for one in described:
            yield from _emitted(one)


# Laws and attributes.


def _word(word, **arguments):
    return {"is": word, **arguments}


def _attribute(name):
    return _word("Attribute", name=name)


def _constant(value):
    return _word("Constant", value=value)


def _time(luck, *, zero=True, attribute=True):
    """Draw a law of time, or the attribute that is one; without `zero` it is later than now."""
    kind = luck.below(30)
    if kind < 22:
        return _constant(luck.of(*(TIMES_S if zero else _LATER_S)))
    if kind < 27:
        return _smooth_time(luck)
    if kind < 29 and attribute:
        return _attribute("time")
    return _word("hyperexponential", mean=0.5, scv=4.0)


def _smooth_time(luck):
    """Draw a law of time that does not always, or never, tie."""
    return luck.of(
        _constant(0.1),
        _constant(0.3),
        _word("Exponential", mean=0.3),
        _word("Exponential", mean=1.0),
        _word("Lognormal", mean=0.5, scv=4.0),
        _word("QuantileTable", probabilities=[0.0, 0.5, 1.0], values=[0.0, 0.0, 1.0]),
        _word("gamma", mean=0.5, scv=0.5, points=9),
    )


def _count_law(luck):
    kind = luck.below(4)
    if kind == 2:
        return _word("CountTable", counts=[0, 1, 3], cumulated=[0.25, 0.5, 1.0])
    if kind == 3:
        return _word("binomial", n=4, p=0.5)
    return _word("ConstantCount", count=luck.of(2, 0, 1, 3, 4))


def _count(luck):
    return _attribute("count") if luck.one_in(5) else _count_law(luck)


def _key_law(luck):
    return luck.of(
        _word("zipf", size=3, exponent=1.0),
        _word("zipf", size=6, exponent=0.0),
        _word("ConstantCount", count=2),
        _word("CountTable", counts=[0, 1, 4], cumulated=[0.25, 0.5, 1.0]),
    )


# Parts.

_LATE = "noticed_after_s", "failover_s"
_BALANCINGS = "random", "round_robin", "least_outstanding", "power_of_two"
_WEIGHTS = {
    1: ([1.0],),
    2: ([0.25, 0.75], [0.0, 1.0], [1.0, 0.0]),
    3: ([0.2, 0.3, 0.5], [0.5, 0.0, 0.5], [0.1, 0.9, 0.0]),
    4: ([0.25, 0.25, 0.25, 0.25], [0.0, 0.7, 0.1, 0.2]),
}


def _station(luck, name, hosts, *, plain):
    """Draw a station; it is plain, if nothing happens to it either."""
    station = {"name": name} | luck.some(
        2,
        servers=lambda: luck.of(2, 3, 9),
        members=lambda: luck.of(2, 3, 4),
        replicas=lambda: luck.of(2, 3),
    )
    balancings = _BALANCINGS[:2] if plain else _BALANCINGS
    weights = _WEIGHTS[station.get("members", 1)]
    station |= luck.some(2, balancing=lambda: luck.of(*balancings, *weights))
    late = luck.some(3, **dict.fromkeys(_LATE, lambda: luck.of(0.5, 0.25, 1.0, 2.0, 0.0)))
    station |= late
    if plain:
        return station
    if hosts:
        station |= luck.some(2, host=lambda: luck.of(*hosts))
    batches = luck.one_in(3)
    if batches:
        station["batching"] = _batching(luck)
    station |= luck.some(2, queue=lambda: _queue(luck, may_preempt=not batches))
    return station | {"on_crash": luck.of("lost", "restart", "resume")}


def _zones(luck, count):
    zones = {"count": count} | luck.some(3, of_request=lambda: _attribute("zone"))
    apart_s = [[luck.of(1.0, 0.0, 2.0) for _ in range(count)] for _ in range(count)]
    return zones | luck.some(2, apart_s=lambda: apart_s)


def _batching(luck):
    return _word("Batching", limit=1 + luck.below(4)) | luck.some(
        2,
        overhead=lambda: _time(luck, attribute=False),
        poll_s=lambda: luck.of(0.25, 0.5, 1.0, 1.5, 2.0, 0.3),
    )


def _queue(luck, *, may_preempt):
    order = luck.of("fifo", "lifo", "priority", *["preemptive"] * may_preempt)
    queue = _word("Queue", order=order)
    if order == "lifo":
        queue |= luck.some(2, lifo_above=lambda: 1 + luck.below(3))
    return (
        queue | luck.some(3, limit=lambda: luck.below(4)) | luck.some(2, drop_expired=lambda: True)
    )


def _link(luck, name, lossy):
    link = {"name": name, "rtt": luck.of(0.0, 0.5, 1.0, _time(luck, attribute=False))}
    link |= luck.some(2, bytes_per_s=lambda: luck.of(1.0, 3.0))
    return link | ({"loss": luck.of(0.0, 0.3, 0.7, 1.0)} if lossy else {})


def _cache(luck, name, key_sets):
    keys = luck.of(*key_sets)
    return {"name": name, "keys": keys, "capacity": 1 + luck.below(3)} | luck.some(
        2,
        ttl_s=lambda: luck.of(*_LATER_S),
        members=lambda: luck.of(2, 3),
        single_flight=lambda: True,
    )


# Steps.


def _steps(plan, around):
    most = 1 if around.times > 4 or plan.cost >= _VISITS_MAX else 3
    return [_step(plan, around) for _ in range(1 + plan.luck.below(most))]


def _step(plan, around):
    """Draw one step, with others inside as long as there is room for them."""
    plan.steps += 1
    kind = plan.luck.of(*_visiting, *_emitting(plan, around), *_nesting(plan, around))
    plan.cost += around.times * (3 if kind is _write else 1)
    return kind(plan, replace(around, depth=around.depth + 1))


def _emitting(plan, around):
    dearest = max(plan.emittable.values(), default=0)
    may = plan.emittable and plan.cost + around.times * dearest < _VISITS_MAX
    return [_emit, _emit] if may else []


def _nesting(plan, around):
    """Return the kinds of step, with others inside, that there is room for."""
    if plan.steps >= _STEPS_MAX or around.depth >= _DEPTH_MAX or plan.cost >= _VISITS_MAX:
        return []
    kinds = [_all_of, _maybe]
    if not plan.calm and any(map(_can_be_held, plan.stations.values())):
        kinds += [_hold]
    if plan.caches:
        kinds += [_cached] * (9 if around.legs else 3)
    if around.times * 8 <= _TIMES_MAX:
        kinds += [_call, _call, _call]
    if around.times * 2 <= _TIMES_MAX and _copied(plan):
        kinds += [_hedged, _hedged]
    if around.forks < 3 and around.times * 4 <= _TIMES_MAX:
        kinds += [_for_each, _for_each, _visit_each, _visit_all]
    return kinds


def _key(plan, around, key_sets, *, by_leg=1):
    beside = [_word("Beside", key=key) for key in ("own", _attribute("zone"))]
    of_legs = ("lane", "lane", *beside) * by_leg if around.legs else ()
    return plan.luck.of("own", "other", "leg", *of_legs, _attribute("zone"), *key_sets)


def _can_be_held(station):
    batches = station.get("batching", {}).get("limit", 1) > 1
    return not batches and station.get("queue", {}).get("order") != "preemptive"


def _at_station(plan, around, names):
    """Draw what all steps at a station have: which, and which member."""
    luck, name = plan.luck, plan.luck.of(*names)
    copies = plan.stations[name].get("replicas", 1)
    step = {"station": name} | luck.some(2, key=lambda: _key(plan, around, plan.key_sets))
    if copies > 1:
        words = "any", "nearest", "primary", copies - 1
        step |= luck.some(2, replica=lambda: luck.of(*words))
    return step | luck.some(2, priority=lambda: luck.of(1, 2, 7))


def _visit(plan, around):
    return _word("Visit", **_at_station(plan, around, plan.stations), work=_time(plan.luck))


def _batch(plan, around):
    luck = plan.luck
    return _word(
        "Batch",
        **_at_station(plan, around, plan.stations),
        base=_time(luck, attribute=False),
        per_item=_time(luck),
        count=_count(luck),
    )


def _write(plan, around):
    step = _word("Write", **_at_station(plan, around, plan.stations), work=_time(plan.luck))
    step.pop("replica", None)
    station = plan.stations[step["station"]]
    if station.get("members", 1) > 1 and "key" not in step:
        step["key"] = _key(plan, around, plan.key_sets)
    return step | {"acks": 1 + plan.luck.below(station.get("replicas", 1))}


def _delay(plan, around):
    return _word("Delay", time=_time(plan.luck))


def _link_step(plan, around):
    names = [name for name, lossy in plan.links.items() if around.deadline or not lossy]
    step = _word("Link", link=plan.luck.of(*names[::-1]))
    return step | plan.luck.some(2, size=lambda: _time(plan.luck))


_visiting = [_visit, _visit, _visit, _visit, _batch, _write, _delay, _link_step]


def _emit(plan, around):
    journey = plan.luck.of(*plan.emittable)
    plan.cost += around.times * plan.emittable[journey]
    return _word("Emit", journey=journey)


def _hold(plan, around):
    names = [name for name, station in plan.stations.items() if _can_be_held(station)]
    return _word("Hold", **_at_station(plan, around, names), steps=_steps(plan, around))


def _all_of(plan, around):
    inside = replace(around, forks=around.forks + 1)
    branches = [_steps(plan, inside) for _ in range(1 + plan.luck.below(3))]
    step = _word("AllOf", branches=branches)
    return step | plan.luck.some(2, need=lambda: plan.luck.below(4))


def _for_each(plan, around):
    luck, inside = (
        plan.luck,
        replace(around, forks=around.forks + 1, times=around.times * 4, legs=True),
    )
    turns = luck.some(2, at_once=lambda: 1 + luck.below(3), need=lambda: luck.below(4))
    if "at_once" not in turns or luck.one_in(3):
        return _word("ForEach", **turns, count=_count(luck), body=_steps(plan, inside))
    body = _steps_of_lane(plan, inside)
    return _word("ForEach", **turns, in_lanes=True, count=_count(luck), body=body)


def _steps_of_lane(plan, around):
    """Draw what is done in each leg of a lane, often by a cache: members go by lane too."""
    asks = plan.caches and not plan.luck.one_in(3)
    first = [_cached(plan, replace(around, depth=_DEPTH_MAX))] if asks else []
    return [*first, *_steps(plan, around)]


def _visit_each(plan, around):
    """Draw a fork of visits only, all of them needed: the compiled engine may take it as one."""
    return _word(
        "ForEach", count=_count(plan.luck), body=[_visit(plan, replace(around, legs=True))]
    )


def _visit_all(plan, around):
    visits = [_visit(plan, around) for _ in range(2 + plan.luck.below(2))]
    same = {"work": visits[0]["work"]} if plan.luck.one_in(2) else {}
    return _word("AllOf", branches=[[visit | same] for visit in visits])


def _maybe(plan, around):
    p = plan.luck.of(0.5, 0.0, 0.8, 1.0, _attribute("p"))
    return _word("WithProbability", p=p, then=_steps(plan, around))


def _cached(plan, around):
    chosen = plan.luck.of(*plan.caches)
    member = plan.luck.some(2, member=lambda: _key(plan, around, [chosen["keys"]], by_leg=8))
    return _word("Cached", cache=chosen["name"], **member, miss=_steps(plan, around))


def _call(plan, around):
    luck, terms = plan.luck, _terms(plan.luck, cancels=not plan.calm)
    attempts = (1 + terms.get("retries", 0)) * (1 + ("hedge_after" in terms))
    inside = replace(
        around,
        times=around.times * attempts,
        deadline=around.deadline or "deadline" in terms,
    )
    call = _word("Call", **terms, **_saving(luck), steps=_steps(plan, inside))
    return call | luck.some(3, otherwise=lambda: _steps(plan, around))


def _hedged(plan, around):
    """Draw a read of one copy that is asked of another one too."""
    luck, words = plan.luck, ("any", "nearest")
    read = _at_station(plan, around, _copied(plan)) | {"replica": luck.of(*words)}
    call = _word("Call", hedge_after=_constant(luck.of(*TIMES_S)), name="hedge")
    return call | {"steps": [_word("Visit", **read, work=_time(luck))]}


def _copied(plan):
    return [name for name, station in plan.stations.items() if "replicas" in station]


def _terms(luck, *, cancels):
    """Draw how the attempts of a call are repeated."""
    terms = {} if luck.one_in(5) else {"deadline": _time(luck, zero=luck.one_in(5))}
    terms |= luck.some(
        2,
        retries=lambda: 1 + luck.below(3),
        hedge_after=lambda: _time(luck, attribute=False),
        **({"cancels": lambda: True} if cancels else {}),
    )
    return terms | (luck.some(2, backoff=lambda: _backoff(luck)) if "retries" in terms else {})


def _backoff(luck):
    return _word("Backoff", base_s=luck.of(*TIMES_S)) | luck.some(
        2,
        factor=lambda: luck.of(1.0, 3.0),
        cap_s=lambda: luck.of(0.5, 2.0),
        jitter=lambda: True,
    )


def _saving(luck):
    """Draw what calls of a step have in common."""
    return luck.some(
        3,
        budget=lambda: _word("Budget", ratio=luck.of(0.5, 0.1, 1.0), burst=luck.of(1.0, 0.5, 9.0)),
        breaker=lambda: _word("Breaker", failures=1 + luck.below(3), open_s=luck.of(*TIMES_S)),
    )


# Arrivals.


def _source(luck, journey, until_s):
    """Draw the method of Network that lets requests arrive, and its arguments."""
    method = luck.of("recorded", "recorded", "closed", "arrivals", "sessions")
    source = {"journey": journey}
    if method == "recorded":
        source["at_s"] = sorted(luck.of(*_INSTANTS_S) for _ in range(luck.of(1, 10, 20, 40)))
    elif method == "closed":
        # Not always nothing to think of: nobody must send for ever at one instant.
        think = luck.of(_constant(luck.of(*_LATER_S)), _smooth_time(luck))
        source |= {"users": 1 + luck.below(4), "think": think}
    elif method == "arrivals":
        source |= _rates(luck, _ARRIVALS_MAX / until_s)
        source |= luck.some(2, batch=lambda: _count_law(luck))
    else:
        source |= _rates(luck, _ARRIVALS_MAX / until_s / 3)
        source |= {"length": _length_law(luck), "think": _time(luck, attribute=False)}
    rows = len(source["at_s"]) if method == "recorded" else 1 + luck.below(3)
    return [method, source | {"attributes": _attributes(luck, rows)}]


def _attributes(luck, rows):
    return {
        "time": [luck.of(*TIMES_S, 0.3) for _ in range(rows)],
        "count": [luck.of(2.0, 0.0, 1.0, 3.0, 1.5) for _ in range(rows)],
        "zone": [luck.of(0.0, 1.0, 2.0, 5.0) for _ in range(rows)],
        "p": [luck.of(0.5, 0.0, 1.0, 0.3, 2.0) for _ in range(rows)],
    }


def _length_law(luck):
    kind = luck.below(4)
    if kind == 2:
        return _word("Geometric", mean=1.5)
    if kind == 3:
        return _word("poisson", mean=2.0)
    return _word("ConstantCount", count=luck.of(2, 0, 1, 3, 4))


def _rates(luck, most):
    rate, shape = most * luck.of(0.1, 0.5, 1.0, 1.0), luck.below(4)
    if shape == 0:
        return {"rate_per_s": rate}
    if shape == 1:
        return {"rate_per_s": rate, "start_s": luck.of(*TIMES_S)}
    pieces = [[0.0, rate], [1.0, 0.0], [2.5, rate]][luck.below(2) :]
    return {"rate_per_s": pieces} | ({"period_s": luck.of(3.0, 4.0)} if shape == 3 else {})


# Failures.


def _failure(plan):
    luck = plan.luck
    changing = ["CacheWipe"] * bool(plan.caches) + ["Spread"] * bool(_to_spread(plan))
    kind = luck.of(
        "Crash", "Crash", "Crash", "SlowDown", "Resize", "ZoneLoss", "MessageLag", "MessageLoss",
        *["HostSlowDown"] * bool(plan.hosts), *changing,
    )  # fmt: skip
    if plan.calm:
        kind = luck.of("MessageLag", "MessageLoss", *changing)
    match kind:
        case "ZoneLoss":
            return _word(kind, zone=luck.below(plan.zones), when=_once(luck))
        case "MessageLag":
            link, extra_s = luck.of(*plan.links), luck.of(0.5, 1.0)
            return _word(kind, link=link, extra_s=extra_s, when=_once(luck))
        case "MessageLoss":
            return _word(kind, link="lossy", probability=luck.of(0.5, 1.0), when=_once(luck))
        case "HostSlowDown":
            host, factor = luck.of(*plan.hosts), luck.of(0.5, 0.0, 2.0)
            return _word(kind, host=host, factor=factor, when=_when(luck))
        case "CacheWipe" | "Spread":
            return _word(kind, **_resized(plan, kind), at_s=luck.of(*_INSTANTS_S))
        case _:
            return _word(kind, **_of_members(plan, kind))


def _to_spread(plan):
    """Return the stations of several shards that are not chosen by weights."""
    by_weights = [one for one in plan.stations.values() if isinstance(one.get("balancing"), list)]
    return [one for one in plan.stations.values() if "members" in one and one not in by_weights]


def _resized(plan, kind):
    if kind == "CacheWipe":
        return {"cache": plan.luck.of(*plan.caches)["name"]}
    station = plan.luck.of(*_to_spread(plan))
    return {"station": station["name"], "shards": 1 + plan.luck.below(station["members"])}


def _autoscales(plan):
    """Draw which stations follow their load, and how."""
    return [_autoscale(plan, name) for name in _to_scale(plan) if not plan.luck.one_in(9)]


def _to_scale(plan):
    """Return the stations of one shard and several copies, if anything may happen to them."""
    return [
        name
        for name, station in plan.stations.items()
        if "replicas" in station and "members" not in station and not plan.calm
    ]


def _autoscale(plan, name):
    luck, replicas = plan.luck, plan.stations[name]["replicas"]
    copies_max = luck.of(replicas, replicas, replicas - 1)
    return _word(
        "Autoscale",
        station=name,
        every_s=luck.of(0.5, 0.5, 1.0, 0.3),
        busy_target=luck.of(0.5, 0.3, 0.8, 0.1),
        start_up_s=luck.of(0.5, 0.0, 0.0, 1.0, 2.0),
        copies_min=luck.of(1, 1, copies_max),
        copies_max=copies_max,
    ) | luck.some(5, shrinks=lambda: False)


def _of_members(plan, kind):
    luck, name = plan.luck, plan.luck.of(*plan.stations)
    station = plan.stations[name]
    failure: Described = {"station": name}
    count = station.get("members", 1) * station.get("replicas", 1)
    if count > 1:
        failure |= luck.some(2, members=lambda: [luck.below(count)])
    if kind == "Resize":
        return failure | {"servers": luck.of(1, 0, 2, 3), "at_s": luck.of(*_INSTANTS_S)}
    if kind == "SlowDown":
        failure["factor"] = luck.of(0.5, 0.0, 2.0, 0.3)
    return failure | {"when": _when(luck)}


def _once(luck):
    when = _word("Once", at_s=luck.of(*_INSTANTS_S))
    return when if luck.one_in(4) else when | {"for_s": luck.of(0.5, 1.0, 1.5, 2.5)}


def _when(luck):
    if not luck.one_in(3):
        return _once(luck)
    every = _time(luck, zero=False, attribute=False)
    return _word("Again", every=every, lasting=_constant(luck.of(*TIMES_S)))
