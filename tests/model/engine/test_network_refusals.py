"""What no network can mean is refused, with the name of the part and the value that is wrong."""

import re
from dataclasses import dataclass
from math import inf, nan
from typing import Any

import numpy as np
import pytest

from model.engine.network import Network
from model.engine.parts import ALL_SERVERS_MAX, KEYS_MAX, MEMBERS_MAX, SERVERS_MAX, Batching, Queue
from model.engine.refusals import NetworkError
from model.engine.stations import LEGS_MAX
from model.world.attributes import Attribute
from model.world.counts import ConstantCount, zipf
from model.world.failures import (
    Again,
    Autoscale,
    CacheWipe,
    Crash,
    HostSlowDown,
    MessageLag,
    MessageLoss,
    Once,
    Resize,
    SlowDown,
    Spread,
    ZoneLoss,
)
from model.world.journeys import (
    AllOf,
    Backoff,
    Batch,
    Breaker,
    Budget,
    Cached,
    Call,
    Delay,
    Emit,
    ForEach,
    Hold,
    Journey,
    Link,
    Visit,
    WithProbability,
    Write,
)
from model.world.keys import Beside
from model.world.laws import Constant

INT_MAX = 2**31 - 1
HALF: Any = 0.5  # where only a whole number has a meaning
SECOND = Constant(value=1.0)
NO_TIME = Constant(value=0.0)
TWO = ConstantCount(count=2)
PAUSE = Delay(time=SECOND)
BALANCINGS = "random, round_robin, least_outstanding, power_of_two"
BACKWARDS = "time must be 0 or more, the law has -1"
FOR_EVER = "time must be finite, the law has inf"
FEWER_THAN_NONE = "count must be 0 or more, the law has -1"
SPREAD = "spread of shards: shards"
PAGES = zipf(size=100, exponent=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """A law that nothing can have: half of its values are one, half the other."""

    low: float
    high: float = 1.0
    mean: float = 1.0
    scv: float = 0.0

    def quantile(self, u):
        return self.low if u < 0.5 else self.high


NEGATIVE, ENDLESS, SENSELESS, BROKEN = (
    Odd(low=-1),
    Odd(low=1, high=inf),
    Odd(low=1, high=nan),
    Odd(low=1, high=2.5),
)


def network():
    """One of everything that steps can name."""
    return (
        Network()
        .host("box", cores=2)
        .station("a")
        .station("shards", members=2, replicas=3)
        .station("urgent", queue=Queue(order="preemptive"))
        .station("bulk", batching=Batching(limit=2))
        .link("cable", rtt=0.1)
        .link("radio", rtt=0.1, loss=0.1)
        .keys("pages", law=PAGES)
        .keys("users", law=PAGES)
        .cache("edge", keys="pages", capacity=10)
        .zones(3)
    )


def walking(steps):
    return network().journey(Journey(name="walk", steps=steps)).arrivals("walk", rate_per_s=1)


def refused(complaint):
    """Expect just this complaint."""
    return pytest.raises(NetworkError, match=f"^{re.escape(complaint)}$")


@pytest.mark.parametrize(
    ("how", "complaint"),
    [
        ({"servers": 0}, "servers must be 1 or more, got 0"),
        ({"servers": SERVERS_MAX + 1}, "servers must be 1000000 at most, got 1000001"),
        ({"servers": 1.5}, "servers must be a whole number, got 1.5"),
        ({"servers": nan}, "servers must be a whole number, got nan"),
        ({"servers": True}, "servers must be a whole number, got True"),
        ({"members": 0}, "members must be 1 or more, got 0"),
        ({"members": MEMBERS_MAX + 1}, "members must be 1000000 at most, got 1000001"),
        ({"replicas": 0}, "replicas must be 1 or more, got 0"),
        ({"replicas": MEMBERS_MAX + 1}, "replicas must be 1000000 at most, got 1000001"),
        ({"batching": Batching(limit=0)}, "batching limit must be 1 or more, got 0"),
        (
            {"batching": Batching(limit=MEMBERS_MAX + 1)},
            "batching limit must be 1000000 at most, got 1000001",
        ),
        ({"batching": Batching(limit=1, poll_s=-0.5)}, "poll_s must be 0 or more, got -0.5"),
        ({"batching": Batching(limit=1, poll_s=inf)}, "poll_s must be 0 or more, got inf"),
        ({"batching": Batching(limit=1, poll_s=nan)}, "poll_s must be 0 or more, got nan"),
        ({"noticed_after_s": -0.5}, "noticed_after_s must be 0 or more, got -0.5"),
        ({"noticed_after_s": inf}, "noticed_after_s must be 0 or more, got inf"),
        ({"noticed_after_s": nan}, "noticed_after_s must be 0 or more, got nan"),
        ({"failover_s": -0.5}, "failover_s must be 0 or more, got -0.5"),
        ({"failover_s": inf}, "failover_s must be 0 or more, got inf"),
        ({"batching": Batching(limit=2, overhead=NEGATIVE)}, f"overhead: {BACKWARDS}"),
        ({"queue": Queue(limit=-1)}, "queue limit must be 0 or more, got -1"),
        ({"queue": Queue(limit=2**31)}, "queue limit must be 2147483647 at most, got 2147483648"),
        ({"queue": Queue(limit=HALF)}, "queue limit must be a whole number, got 0.5"),
        ({"queue": Queue(lifo_above=-1)}, "lifo_above must be 0 or more, got -1"),
        (
            {"queue": Queue(lifo_above=2**31)},
            "lifo_above must be 2147483647 at most, got 2147483648",
        ),
        (
            {"queue": Queue(order="FIFO")},
            "queue order must be one of fifo, lifo, priority, preemptive, got 'FIFO'",
        ),
        ({"on_crash": "wait"}, "on_crash must be one of lost, restart, resume, got 'wait'"),
        ({"balancing": "hash"}, f"balancing must be one of {BALANCINGS}, got 'hash'"),
        ({"members": 2, "balancing": [1.0]}, "1 weights for 2 members"),
        ({"members": 2, "balancing": [1.5, -0.5]}, "weights must be 0 or more, got -0.5"),
        ({"members": 2, "balancing": [0.5, 0.25]}, "weights must add up to 1, got 0.75"),
        ({"members": 2, "balancing": [0.5, nan]}, "weights must add up to 1, got nan"),
        (
            {"queue": Queue(order="preemptive"), "batching": Batching(limit=2)},
            "a preemptive queue cannot be served in batches",
        ),
    ],
)
def test_a_station_that_no_one_could_build_is_refused(how, complaint):
    with refused(f"station b: {complaint}"):
        Network().station("b", **how)


@pytest.mark.parametrize(
    "how",
    [
        {"servers": SERVERS_MAX, "members": ALL_SERVERS_MAX // SERVERS_MAX},
        {"servers": 10, "members": MEMBERS_MAX},
        {"servers": np.int64(2), "replicas": MEMBERS_MAX, "batching": Batching(limit=MEMBERS_MAX)},
        {"queue": Queue(limit=0, lifo_above=INT_MAX, order="lifo")},
        {"queue": Queue(limit=INT_MAX, order="priority"), "on_crash": "resume"},
        {"members": 3, "balancing": (0.1, 0.2, 0.7)},
        {"members": 2, "balancing": (0.0, 1.0)},
    ],
)
def test_a_station_at_its_limits_is_not_refused(how):
    Network().station("b", **how)


@pytest.mark.parametrize(
    ("part", "how", "complaint"),
    [
        ("station", {"name": ""}, "station: needs a name, got ''"),
        ("host", {"name": "h", "cores": -1}, "host h: cores must be positive, got -1"),
        ("host", {"name": "h", "cores": nan}, "host h: cores must be positive, got nan"),
        ("link", {"name": "cable", "rtt": 1}, "link cable: is there already"),
        ("link", {"name": "l", "rtt": -1}, "link l: rtt must be 0 or more, got -1"),
        ("link", {"name": "l", "rtt": inf}, "link l: rtt must be 0 or more, got inf"),
        ("link", {"name": "l", "rtt": nan}, "link l: rtt must be 0 or more, got nan"),
        ("link", {"name": "l", "rtt": NEGATIVE}, f"link l: {BACKWARDS}"),
        ("link", {"name": "l", "rtt": ENDLESS}, f"link l: {FOR_EVER}"),
        (
            "link",
            {"name": "l", "rtt": 1, "bytes_per_s": 0},
            "link l: bytes_per_s must be positive, got 0",
        ),
        ("link", {"name": "l", "rtt": 1, "loss": -0.1}, "link l: loss must be in 0..1, got -0.1"),
        ("link", {"name": "l", "rtt": 1, "loss": 1.1}, "link l: loss must be in 0..1, got 1.1"),
        ("link", {"name": "l", "rtt": 1, "loss": nan}, "link l: loss must be in 0..1, got nan"),
        ("keys", {"name": "pages", "law": PAGES}, "keys pages: are there already"),
        ("keys", {"name": "k", "law": NEGATIVE}, f"keys k: {FEWER_THAN_NONE}"),
        ("keys", {"name": "k", "law": BROKEN}, "keys k: count must be whole, the law has 2.5"),
        (
            "keys",
            {"name": "k", "law": ConstantCount(count=KEYS_MAX)},
            "keys k: count must be 9999999 at most, the law has 10000000",
        ),
        ("cache", {"name": "edge", "keys": "pages", "capacity": 1}, "cache edge: is there already"),
        (
            "cache",
            {"name": "c", "keys": "pages", "capacity": 0},
            "cache c: capacity must be 1 or more, got 0",
        ),
        (
            "cache",
            {"name": "c", "keys": "pages", "capacity": KEYS_MAX + 1},
            "cache c: capacity must be 10000000 at most, got 10000001",
        ),
        (
            "cache",
            {"name": "c", "keys": "pages", "capacity": 1, "members": 0},
            "cache c: members must be 1 or more, got 0",
        ),
        (
            "cache",
            {"name": "c", "keys": "pages", "capacity": 1, "members": MEMBERS_MAX + 1},
            "cache c: members must be 1000000 at most, got 1000001",
        ),
        (
            "cache",
            {"name": "c", "keys": "pages", "capacity": 1, "ttl_s": 0.0},
            "cache c: ttl_s must be positive, got 0.0",
        ),
        (
            "cache",
            {"name": "c", "keys": "pages", "capacity": 1, "ttl_s": nan},
            "cache c: ttl_s must be positive, got nan",
        ),
        (
            "cache",
            {"name": "c", "keys": "books", "capacity": 1},
            "cache c: there are no keys books",
        ),
        ("zones", {"count": 0}, "zones: must be 1 or more, got 0"),
        ("zones", {"count": 2, "apart_s": [[0, 1]]}, "zones: apart_s must be (2, 2), got (1, 2)"),
        ("zones", {"count": 1, "apart_s": [[-1]]}, "zones: apart_s must be 0 or more, got -1.0"),
        ("zones", {"count": 1, "apart_s": [[inf]]}, "zones: apart_s must be 0 or more, got inf"),
        ("zones", {"count": 1, "apart_s": [[nan]]}, "zones: apart_s must be 0 or more, got nan"),
    ],
)
def test_a_part_that_no_one_could_build_is_refused(part, how, complaint):
    parts = walking(PAUSE)
    with refused(complaint):
        getattr(parts, part)(**how).build()


def test_a_cache_with_more_entries_than_fit_is_refused():
    parts = walking(PAUSE).keys("many", law=ConstantCount(count=999))
    parts.cache("c", keys="many", capacity=1, members=100_001)
    with refused("cache c: keys times members must be 100000000 at most, got 100001000"):
        parts.build()


def calls_in_one_another(depth):
    return Call(steps=calls_in_one_another(depth - 1)) if depth else PAUSE


@pytest.mark.parametrize(
    ("step", "complaint"),
    [
        (Visit(station="a", work=SECOND, priority=-1), "a: priority must be in 0..7, got -1"),
        (Hold(station="a", steps=PAUSE, priority=8), "hold: priority must be in 0..7, got 8"),
        (
            Visit(station="shards", work=SECOND, replica="first"),
            "shards: replica must be primary, any, nearest or in 0..2, got first",
        ),
        (
            Visit(station="shards", work=SECOND, replica=3),
            "shards: replica must be primary, any, nearest or in 0..2, got 3",
        ),
        (
            Hold(station="shards", steps=PAUSE, replica=-1),
            "hold: replica must be primary, any, nearest or in 0..2, got -1",
        ),
        (Batch(station="a", base=NEGATIVE, per_item=SECOND, count=TWO), f"a: {BACKWARDS}"),
        (Batch(station="a", base=SECOND, per_item=ENDLESS, count=TWO), f"a: {FOR_EVER}"),
        (Batch(station="a", base=SECOND, per_item=SECOND, count=NEGATIVE), f"a: {FEWER_THAN_NONE}"),
        (Delay(time=SENSELESS), "delay: time must be finite, the law has nan"),
        (ForEach(count=BROKEN, body=PAUSE), "each: count must be whole, the law has 2.5"),
        (
            ForEach(count=SENSELESS, body=PAUSE),
            f"each: count must be {LEGS_MAX} at most, the law has nan",
        ),
        (
            Write(station="shards", work=SECOND, acks=0, key="own"),
            "shards: acks must be in 1..3, got 0",
        ),
        (
            Write(station="shards", work=SECOND, acks=4, key="own"),
            "shards: acks must be in 1..3, got 4",
        ),
        (
            Write(station="shards", work=SECOND, acks=1),
            "shards: needs a key, for all copies to be of one shard",
        ),
        (Link(link="string"), "string: there is no link string"),
        (Link(link="cable", size=NEGATIVE), f"cable: {BACKWARDS}"),
        (
            Link(link="radio"),
            "radio: messages can be lost here, and no call around it has a deadline",
        ),
        (
            Call(steps=Link(link="radio")),
            "call/radio: messages can be lost here, and no call around it has a deadline",
        ),
        (AllOf(branches=(PAUSE,), need=-1), "all: need must be 0 or more, got -1"),
        (ForEach(count=TWO, body=PAUSE, need=-1), "each: need must be 0 or more, got -1"),
        (ForEach(count=TWO, body=PAUSE, at_once=-2), "each: at_once must be 0 or more, got -2"),
        (
            ForEach(count=TWO, body=PAUSE, in_lanes=True),
            "each: at_once must say how many lanes there are, got 0",
        ),
        (
            Visit(station="a", work=SECOND, key="lane"),
            "a: key 'lane' is in no fork",
        ),
        (
            Cached(cache="edge", miss=PAUSE, member=Beside(key="own")),
            "edge: key Beside(key='own') is in no fork",
        ),
        (WithProbability(p=nan, then=PAUSE), "maybe: probability must be in 0..1, got nan"),
        (WithProbability(p=-0.1, then=PAUSE), "maybe: probability must be in 0..1, got -0.1"),
        (Cached(cache="attic", miss=PAUSE), "attic: there is no cache attic"),
        (Cached(cache="edge", miss=()), "edge: has no steps"),
        (
            Cached(cache="edge", miss=PAUSE, member="users"),
            "edge: member must go by the cache's own keys, got users",
        ),
        (calls_in_one_another(8), "call" + "/call" * 7 + ": more than 7 calls in one another"),
    ],
)
def test_a_step_that_nobody_could_take_is_refused(step, complaint):
    with refused(f"walk/{complaint}"):
        walking(step).build()


@pytest.mark.parametrize(
    "step",
    [
        Visit(station="shards", work=SECOND, priority=7, replica=2),
        Write(station="shards", work=SECOND, acks=3, key="own"),
        Write(station="a", work=SECOND, acks=1),
        Call(steps=AllOf(branches=(Link(link="radio"),), need=0), deadline=SECOND, retries=126),
        Cached(cache="edge", miss=PAUSE, member="pages"),
        calls_in_one_another(7),
        ForEach(count=ConstantCount(count=LEGS_MAX), body=PAUSE),
        (WithProbability(p=0, then=PAUSE), WithProbability(p=1, then=PAUSE)),
    ],
)
def test_a_step_at_its_limits_is_not_refused(step):
    walking(step).build()


def test_a_link_that_loses_messages_only_in_a_failure_needs_a_deadline_too():
    lossy = MessageLoss(link="cable", probability=0.5, when=Once(at_s=5.0))
    with refused("walk/cable: messages can be lost here, and no call around it has a deadline"):
        walking(Link(link="cable")).failure(lossy).build()
    walking(Call(steps=Link(link="cable"), deadline=SECOND)).failure(lossy).build()


@pytest.mark.parametrize("station", ["urgent", "bulk"])
def test_what_preempts_or_serves_in_batches_cannot_be_held(station):
    with refused(f"station {station}: cannot be held: it serves in batches, or preempts"):
        walking(Hold(station=station, steps=PAUSE)).build()


@pytest.mark.parametrize(
    ("how", "complaint"),
    [
        ({"deadline": NEGATIVE}, BACKWARDS),
        ({"deadline": ENDLESS}, FOR_EVER),
        ({"hedge_after": NEGATIVE}, BACKWARDS),
        ({"retries": -1}, "retries must be 0 or more, got -1"),
        ({"retries": 127}, "retries must be 126 at most, got 127"),
        ({"retries": 0.5}, "retries must be a whole number, got 0.5"),
        ({"backoff": Backoff(base_s=-1.0)}, "backoff base_s must be 0 or more, got -1.0"),
        ({"backoff": Backoff(base_s=inf)}, "backoff base_s must be 0 or more, got inf"),
        ({"backoff": Backoff(cap_s=-1.0)}, "backoff cap_s must be 0 or more, got -1.0"),
        ({"backoff": Backoff(cap_s=nan)}, "backoff cap_s must be 0 or more, got nan"),
        ({"backoff": Backoff(factor=0.5)}, "backoff factor must be 1 or more, got 0.5"),
        ({"backoff": Backoff(factor=inf)}, "backoff factor must be 1 or more, got inf"),
        ({"budget": Budget(ratio=-0.1)}, "budget ratio must be 0 or more, got -0.1"),
        ({"budget": Budget(ratio=0.1, burst=-1.0)}, "budget burst must be 0 or more, got -1.0"),
        (
            {"breaker": Breaker(failures=0, open_s=1.0)},
            "breaker failures must be 1 or more, got 0",
        ),
        (
            {"breaker": Breaker(failures=2**31, open_s=1.0)},
            "breaker failures must be 2147483647 at most, got 2147483648",
        ),
        (
            {"breaker": Breaker(failures=3, open_s=-1.0)},
            "breaker open_s must be 0 or more, got -1.0",
        ),
    ],
)
def test_a_call_that_repeats_as_nobody_can_is_refused(how, complaint):
    with refused(f"walk/call: {complaint}"):
        walking(Call(steps=PAUSE, **how)).build()


@pytest.mark.parametrize(
    ("verb", "how", "complaint"),
    [
        ("arrivals", {"rate_per_s": nan}, "rate must be 0 or more, got nan"),
        ("arrivals", {"rate_per_s": [(0, 1), (5, -2)]}, "rate must be 0 or more, got -2.0"),
        ("arrivals", {"rate_per_s": []}, "needs a rate"),
        ("arrivals", {"rate_per_s": 1, "start_s": nan}, "start must be 0 or more, got nan"),
        ("arrivals", {"rate_per_s": 1, "start_s": inf}, "start must be 0 or more, got inf"),
        (
            "arrivals",
            {"rate_per_s": [(0, 1), (5, 2)], "start_s": 3.0},
            "the first of the rates says when they start, not 3.0",
        ),
        (
            "arrivals",
            {"rate_per_s": [(-1, 1), (5, 2)]},
            "rates must begin one after another, from 0 on, got [-1.0, 5.0]",
        ),
        (
            "arrivals",
            {"rate_per_s": [(0, 1), (5, 2), (5, 3)]},
            "rates must begin one after another, from 0 on, got [0.0, 5.0, 5.0]",
        ),
        (
            "arrivals",
            {"rate_per_s": [(0, 1), (nan, 2)]},
            "rates must begin one after another, from 0 on, got [0.0, nan]",
        ),
        (
            "arrivals",
            {"rate_per_s": [(0, 1), (inf, 2)]},
            "rates must begin one after another, from 0 on, got [0.0, inf]",
        ),
        (
            "arrivals",
            {"rate_per_s": [(0, 1), (5, 2)], "period_s": 5.0},
            "period_s must be beyond 5, got 5.0",
        ),
        ("arrivals", {"rate_per_s": 1, "period_s": nan}, "period_s must be beyond 0, got nan"),
        (
            "arrivals",
            {"rate_per_s": 1, "batch": NEGATIVE},
            FEWER_THAN_NONE,
        ),
        (
            "arrivals",
            {"rate_per_s": 1, "batch": ConstantCount(count=LEGS_MAX + 1)},
            "count must be 1048575 at most, the law has 1048576",
        ),
        (
            "arrivals",
            {"rate_per_s": 1, "attributes": {"age": [[1, 2]]}},
            "age needs values",
        ),
        (
            "arrivals",
            {"rate_per_s": 1, "attributes": {"age": [1, inf]}},
            "age must be finite, got inf",
        ),
        (
            "arrivals",
            {"rate_per_s": 1, "attributes": {"age": [1, nan]}},
            "age must be 0 or more, got nan",
        ),
        (
            "arrivals",
            {"rate_per_s": 1, "attributes": {"age": [1], "size": [1, 2]}},
            "size has 2 values, another attribute has not",
        ),
        (
            "recorded",
            {"at_s": [[0.0, 1.0]]},
            "recorded arrivals must be in one row, got the shape (1, 2)",
        ),
        ("recorded", {"at_s": 1.0}, "recorded arrivals must be in one row, got the shape ()"),
        ("recorded", {"at_s": [0.0, inf]}, "recorded arrivals must rise from 0"),
        ("closed", {"users": -1, "think": SECOND}, "users must be 0 or more, got -1"),
        (
            "closed",
            {"users": LEGS_MAX + 1, "think": SECOND},
            "users must be 1048575 at most, got 1048576",
        ),
        ("closed", {"users": 1.5, "think": SECOND}, "users must be a whole number, got 1.5"),
        ("closed", {"users": True, "think": SECOND}, "users must be a whole number, got True"),
        ("closed", {"users": 1, "think": NEGATIVE}, BACKWARDS),
        (
            "sessions",
            {"rate_per_s": 1, "length": NEGATIVE, "think": SECOND},
            FEWER_THAN_NONE,
        ),
        (
            "sessions",
            {"rate_per_s": 1, "length": TWO, "think": ENDLESS},
            FOR_EVER,
        ),
        (
            "sessions",
            {"rate_per_s": [], "length": TWO, "think": SECOND},
            "needs a rate",
        ),
    ],
)
def test_requests_that_nobody_could_send_are_refused(verb, how, complaint):
    parts = network().journey(Journey(name="walk", steps=PAUSE))
    with refused(f"walk: {complaint}"):
        getattr(parts, verb)("walk", **how)


def test_requests_of_an_unknown_zone_are_refused():
    parts = walking(PAUSE).zones(3, of_request=Attribute(name="home"))
    with refused("walk: arrivals bring no attribute home"):
        parts.build()


@pytest.mark.parametrize(
    "step",
    [
        Visit(station="a", work=Attribute(name="n")),
        Visit(station="shards", work=SECOND, key=Attribute(name="n")),
        Batch(station="a", base=SECOND, per_item=SECOND, count=Attribute(name="n")),
        Link(link="cable", size=Attribute(name="n")),
        Call(steps=PAUSE, deadline=Attribute(name="n")),
        WithProbability(p=Attribute(name="n"), then=PAUSE),
        Cached(cache="edge", miss=PAUSE, member=Attribute(name="n")),
    ],
)
def test_whatever_goes_by_an_attribute_needs_arrivals_that_bring_it(step):
    with refused("walk: arrivals bring no attribute n"):
        walking(step).build()


def test_a_request_cannot_bring_more_legs_than_a_fork_has():
    parts = network().journey(
        Journey(name="walk", steps=ForEach(count=Attribute(name="n"), body=PAUSE))
    )
    parts.arrivals("walk", rate_per_s=1, attributes={"n": [1, LEGS_MAX + 1]})
    with refused("walk: n must be 1048575 at most, got 1.04858e+06"):
        parts.build()


def test_rates_and_instants_may_be_any_numbers_of_numpy():
    times = np.linspace(0, 7, 8)
    parts = network().journey(Journey(name="walk", steps=PAUSE))
    parts.arrivals("walk", rate_per_s=np.int64(3)).recorded("walk", at_s=times[::2])
    times[:] = nan  # what has been recorded does not change with the caller's array
    steady, recorded = parts.build().streams
    assert steady.rates_per_s.tolist() == [3.0]
    assert recorded.at_s.tolist() == [0.0, 2.0, 4.0, 6.0]


def test_attributes_do_not_change_with_the_callers_array():
    ages = np.array([1.0, 9.0, 2.0, 9.0])
    parts = network().journey(Journey(name="walk", steps=Delay(time=Attribute(name="age"))))
    parts.recorded("walk", at_s=[0.0, 1.0], attributes={"age": ages[::2]})
    ages[:] = nan
    assert parts.build().streams[0].attributes.tolist() == [[1.0], [2.0]]


ONCE = Once(at_s=1.0)


@pytest.mark.parametrize(
    ("failure", "complaint"),
    [
        (Crash(station="b", when=ONCE), "failure: there is no station b"),
        (SlowDown(station="b", factor=0.5, when=ONCE), "failure: there is no station b"),
        (Resize(station="b", servers=1, at_s=1.0), "failure: there is no station b"),
        (HostSlowDown(host="a", factor=0.5, when=ONCE), "failure: there is no host a"),
        (MessageLoss(link="a", probability=0.5, when=ONCE), "failure: there is no link a"),
        (MessageLag(link="a", extra_s=0.5, when=ONCE), "failure: there is no link a"),
        (
            Crash(station="shards", when=ONCE, members=(0, 6)),
            "failure of shards: member must be 5 at most, got 6",
        ),
        (
            SlowDown(station="shards", factor=0.5, when=ONCE, members=(-1,)),
            "failure of shards: member must be 0 or more, got -1",
        ),
        (
            Resize(station="shards", servers=1, at_s=1.0, members=(HALF,)),
            "failure of shards: member must be a whole number, got 0.5",
        ),
        (
            SlowDown(station="shards", factor=0.5, when=ONCE, members=(2, 4, 2)),
            "failure of shards: member 2 is named twice",
        ),
        (ZoneLoss(zone=3, when=ONCE), "failure: zone must be 2 at most, got 3"),
        (ZoneLoss(zone=-1, when=ONCE), "failure: zone must be 0 or more, got -1"),
        (
            ZoneLoss(zone=HALF, when=ONCE),
            "failure: zone must be a whole number, got 0.5",
        ),
        (
            SlowDown(station="a", factor=-0.5, when=ONCE),
            "slow-down of a: factor must be 0 or more, got -0.5",
        ),
        (
            SlowDown(station="a", factor=inf, when=ONCE),
            "slow-down of a: factor must be 0 or more, got inf",
        ),
        (
            HostSlowDown(host="box", factor=nan, when=ONCE),
            "slow-down of box: factor must be 0 or more, got nan",
        ),
        (
            MessageLoss(link="cable", probability=-0.1, when=ONCE),
            "loss of cable: probability must be in 0..1, got -0.1",
        ),
        (
            MessageLoss(link="cable", probability=1.1, when=ONCE),
            "loss of cable: probability must be in 0..1, got 1.1",
        ),
        (
            MessageLag(link="cable", extra_s=-0.1, when=ONCE),
            "lag of cable: extra_s must be 0 or more, got -0.1",
        ),
        (
            Resize(station="a", servers=-1, at_s=1.0),
            "resize of a: servers must be 0 or more, got -1",
        ),
        (
            Resize(station="a", servers=SERVERS_MAX + 1, at_s=1.0),
            "resize of a: servers must be 1000000 at most, got 1000001",
        ),
        (
            Resize(station="a", servers=1, at_s=-1.0),
            "failure of a: at_s must be 0 or more, got -1.0",
        ),
        (
            Crash(station="a", when=Once(at_s=-1.0)),
            "failure of a: at_s must be 0 or more, got -1.0",
        ),
        (Crash(station="a", when=Once(at_s=inf)), "failure of a: at_s must be 0 or more, got inf"),
        (
            ZoneLoss(zone=1, when=Once(at_s=nan)),
            "failure of zone 1: at_s must be 0 or more, got nan",
        ),
        (
            HostSlowDown(host="box", factor=0.5, when=Once(at_s=1.0, for_s=0.0)),
            "failure of box: for_s must be positive, got 0.0",
        ),
        (
            MessageLoss(link="cable", probability=0.5, when=Once(at_s=1.0, for_s=-2.0)),
            "failure of cable: for_s must be positive, got -2.0",
        ),
        (
            MessageLag(link="cable", extra_s=0.5, when=Once(at_s=1.0, for_s=nan)),
            "failure of cable: for_s must be positive, got nan",
        ),
        (
            Crash(station="a", when=Again(every=NO_TIME, lasting=SECOND)),
            "failure of a: comes again after no time at all, got 0.0",
        ),
        (
            Crash(station="a", when=Again(every=NEGATIVE, lasting=SECOND)),
            f"failure of a, every: {BACKWARDS}",
        ),
        (
            Crash(station="a", when=Again(every=SECOND, lasting=ENDLESS)),
            f"failure of a, lasting: {FOR_EVER}",
        ),
        (CacheWipe(cache="a", at_s=1.0), "failure: there is no cache a"),
        (CacheWipe(cache="edge", at_s=-1.0), "failure of edge: at_s must be 0 or more, got -1.0"),
        (Spread(station="b", shards=1, at_s=1.0), "failure: there is no station b"),
        (Spread(station="shards", shards=0, at_s=1.0), f"{SPREAD} must be 1 or more, got 0"),
        (Spread(station="shards", shards=3, at_s=1.0), f"{SPREAD} must be 2 at most, got 3"),
        (
            Spread(station="shards", shards=HALF, at_s=1.0),
            f"{SPREAD} must be a whole number, got 0.5",
        ),
        (
            Spread(station="shards", shards=1, at_s=nan),
            "failure of shards: at_s must be 0 or more, got nan",
        ),
    ],
)
def test_a_failure_that_cannot_happen_is_refused(failure, complaint):
    with refused(complaint):
        walking(PAUSE).failure(failure).build()


def test_shards_that_are_chosen_by_weights_cannot_be_spread():
    parts = walking(PAUSE).station("weighed", members=2, balancing=[0.5, 0.5])
    with refused("spread of weighed: its shards are chosen by weights"):
        parts.failure(Spread(station="weighed", shards=1, at_s=1.0)).build()


def autoscale(**how):
    usual: dict[str, Any] = {
        "station": "copies", "every_s": 10.0, "busy_target": 0.5, "start_up_s": 1.0,
        "copies_min": 1, "copies_max": 3,
    }  # fmt: skip
    return Autoscale(**(usual | how))


@pytest.mark.parametrize(
    ("how", "complaint"),
    [
        ({"station": "shards"}, "autoscale of shards: must have 1 shard, got 2"),
        ({"station": "b"}, "failure: there is no station b"),
        ({"every_s": 0.0}, "autoscale of copies: every_s must be positive, got 0.0"),
        ({"every_s": inf}, "autoscale of copies: every_s must be positive, got inf"),
        (
            {"busy_target": 0.0},
            "autoscale of copies: busy_target must be above 0 and 1 at most, got 0.0",
        ),
        (
            {"busy_target": 1.5},
            "autoscale of copies: busy_target must be above 0 and 1 at most, got 1.5",
        ),
        ({"start_up_s": -1.0}, "autoscale of copies: start_up_s must be 0 or more, got -1.0"),
        ({"copies_max": 4}, "autoscale of copies: copies_max must be 3 at most, got 4"),
        ({"copies_max": 0}, "autoscale of copies: copies_max must be 1 or more, got 0"),
        ({"copies_min": 0}, "autoscale of copies: copies_min must be 1 or more, got 0"),
        (
            {"copies_min": 3, "copies_max": 2},
            "autoscale of copies: copies_min must be 2 at most, got 3",
        ),
    ],
)
def test_a_station_that_cannot_be_scaled_so_is_refused(how, complaint):
    with refused(complaint):
        walking(PAUSE).station("copies", replicas=3).failure(autoscale(**how)).build()


def test_a_station_is_scaled_in_one_way_only():
    parts = walking(PAUSE).station("copies", replicas=3)
    with refused("autoscale of copies: is there already"):
        parts.failure(autoscale()).failure(autoscale(every_s=5.0)).build()


@pytest.mark.timeout(20)
def test_journeys_that_branch_and_meet_again_are_read_once_each():
    twice = [(Emit(journey=f"{n + 1}"), Emit(journey=f"{n + 1}")) for n in range(40)]
    parts = network().journey(Journey(name="40", steps=PAUSE)).arrivals("0", rate_per_s=1)
    for number, steps in enumerate(twice):
        parts.journey(Journey(name=f"{number}", steps=steps))
    assert len(parts.build().journeys) == 41  # of which there are 2**40 ways
