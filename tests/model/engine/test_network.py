import numpy as np
import pytest

from model.engine import building
from model.engine.codes import Kind
from model.engine.network import Network
from model.engine.refusals import NetworkError
from model.engine.stations import LEGS_MAX
from model.world.attributes import Attribute
from model.world.counts import ConstantCount
from model.world.journeys import AllOf, Call, Delay, Emit, ForEach, Journey, Visit, WithProbability
from model.world.laws import Constant

SECOND = Constant(value=1.0)
PAUSE = Delay(time=SECOND)


class Negative:
    """A law that no time or count can have."""

    mean = -1.0
    scv = 0.0

    def quantile(self, u):
        return -1


def wrong(value):
    """A value whose type says already that it means nothing."""
    return value


def network_of(steps, name="walk"):
    return Network().station("a").journey(Journey(name=name, steps=steps))


def arriving(steps):
    return network_of(steps).arrivals("walk", rate_per_s=1)


def each(count, body, **more):
    return ForEach(count=ConstantCount(count=count), body=body, **more)


def deep(forks):
    return each(1, deep(forks - 1)) if forks else PAUSE


@pytest.mark.parametrize(
    ("network", "complaint"),
    [
        (lambda: Network().host("h", cores=0), "host h: cores must be positive, got 0"),
        (lambda: Network().host("h", cores=1).host("h", cores=1), "host h: is there already"),
        (lambda: Network().station("a").station("a"), "station a: is there already"),
        (lambda: Network().station("a", servers=0), "station a: servers must be 1 or more, got 0"),
        (lambda: Network().station("a", members=0), "station a: members must be 1 or more, got 0"),
        (lambda: arriving(PAUSE).station("b", host="h"), "station b: there is no host h"),
        (lambda: arriving(PAUSE).journey(Journey(name="walk", steps=PAUSE)), "walk: is there al"),
        (lambda: Network().arrivals("walk", rate_per_s=1), "arrivals: there is no journey walk"),
        (lambda: network_of(PAUSE).arrivals("walk", rate_per_s=-1), "walk: rate must be 0 or more"),
        (lambda: network_of(PAUSE).arrivals("walk", rate_per_s=np.inf), "walk: rate must be 0 or"),
        (
            lambda: network_of(PAUSE).arrivals("walk", rate_per_s=1, start_s=-2.0),
            "walk: start must be 0 or more, got -2.0",
        ),
        (lambda: network_of(PAUSE), "walk: nothing arrives there, and none emits it"),
        (lambda: arriving(()), "walk: has no steps"),
        (lambda: arriving(Visit(station="b", work=SECOND)), "walk/b: visits unknown station b"),
        (lambda: arriving(Emit(journey="b")), "walk/emit_b: emits unknown journey b"),
        (lambda: arriving(Emit(journey="walk")), "emits in a circle: walk → walk"),
        (lambda: arriving(AllOf(branches=())), "walk/all: has no branches"),
        (lambda: arriving(AllOf(branches=(PAUSE, ()))), "walk/all/2: has no steps"),
        (lambda: arriving(each(1, ())), "walk/each: has no steps"),
        (lambda: arriving(each(1, PAUSE, at_once=-1)), "walk/each: at_once must be 0 or more"),
        (lambda: arriving(each(LEGS_MAX + 1, PAUSE)), "walk/each: count must be 1048575 at most"),
        (lambda: arriving(ForEach(count=Negative(), body=PAUSE)), "walk/each: count must be 0 or"),
        (lambda: arriving(deep(4)), "walk/each/each/each/each: more than 3 forks in one another"),
        (lambda: arriving(Delay(time=Negative())), "walk/delay: time must be 0 or more"),
        (lambda: arriving(Visit(station="a", work=Negative())), "walk/a: time must be 0 or more"),
        (
            lambda: arriving(WithProbability(p=1.5, then=PAUSE)),
            "walk/maybe: probability must be in 0..1, got 1.5",
        ),
        (
            lambda: arriving(tuple(each(1, PAUSE, name=name) for name in ("x-2", "x", "x"))),
            "walk/x-2: 2 steps have this path",
        ),
        (
            lambda: arriving(ForEach(count=Attribute(name="friends"), body=PAUSE)),
            "walk: arrivals bring no attribute friends",
        ),
    ],
)  # fmt: skip
def test_a_network_that_means_nothing_is_refused_by_name(network, complaint):
    with pytest.raises(NetworkError) as refusal:
        network().build()
    assert complaint in str(refusal.value)


@pytest.mark.parametrize(
    ("at_s", "attributes", "complaint"),
    [
        ([1.0, 0.5], None, "walk: recorded arrivals must rise from 0"),
        ([-1.0], None, "walk: recorded arrivals must rise from 0"),
        ([0.0, np.nan], None, "walk: recorded arrivals must rise from 0"),
        ([0.0], {"friends": [1, 2]}, "walk: 2 values of friends for 1 arrivals"),
        ([0.0], {"friends": []}, "walk: friends needs values"),
        ([0.0], {"friends": [-1]}, "walk: friends must be 0 or more, got -1.0"),
        ([0.0], {"friends": [np.nan]}, "walk: friends must be 0 or more, got nan"),
        ([0.0], {"friends": [LEGS_MAX + 1]}, "walk: friends must be 1048575 at most"),
        ([0.0], {"friends": [1], "work": [1, 2]}, "walk: work has 2 values, another attribute"),
    ],
)
def test_recorded_arrivals_that_mean_nothing_are_refused_by_name(at_s, attributes, complaint):
    network = network_of(ForEach(count=Attribute(name="friends"), body=PAUSE))
    with pytest.raises(NetworkError) as refusal:
        network.recorded("walk", at_s=at_s, attributes=attributes).build()
    assert complaint in str(refusal.value)


def test_a_circle_of_emits_is_named_step_by_step():
    network = arriving(Emit(journey="b"))
    network.journey(Journey(name="b", steps=Emit(journey="c")))
    network.journey(Journey(name="c", steps=Emit(journey="b")))
    with pytest.raises(NetworkError, match="walk → b → c → b"):
        network.build()


def test_attributes_are_needed_by_what_is_emitted_too():
    network = arriving(Emit(journey="fanout"))
    each_friend = ForEach(count=Attribute(name="friends"), body=PAUSE)
    network.journey(Journey(name="fanout", steps=each_friend))
    with pytest.raises(NetworkError, match="walk: arrivals bring no attribute friends"):
        network.build()


def test_a_journey_that_is_only_emitted_needs_no_arrivals():
    network = arriving(Emit(journey="b")).journey(Journey(name="b", steps=PAUSE))
    assert network.build().journeys == ("walk", "b")


def test_steps_are_in_the_order_of_a_reader_and_each_knows_where_it_ends():
    visit = Visit(station="a", work=SECOND)
    steps = (visit, AllOf(branches=(PAUSE, (visit, visit))), each(2, visit), visit)
    rows = arriving(steps).build().steps
    assert list(zip(rows.paths, rows.end.tolist(), strict=True)) == [
        ("walk/a", 1),
        ("walk/all", 7),
        ("walk/all/1", 4),
        ("walk/all/1/delay", 4),
        ("walk/all/2", 7),
        ("walk/all/2/a", 6),
        ("walk/all/2/a-2", 7),
        ("walk/each", 9),
        ("walk/each/a", 9),
        ("walk/a-2", 10),
    ]
    assert [Kind(kind) for kind in rows.kind[:3]] == [Kind.VISIT, Kind.ALL_OF, Kind.BRANCH]


def test_members_are_numbered_through_all_stations():
    network = arriving(PAUSE).station("b", members=3).station("c", members=2, servers=4)
    stations = network.build().stations
    assert stations.first_member.tolist() == [0, 1, 4]
    assert stations.of_member.tolist() == [0, 1, 1, 1, 2, 2]


def test_journeys_and_sources_are_not_more_than_records_can_tell_apart(monkeypatch):
    monkeypatch.setattr(building, "NAMED_MAX", 2)
    network = arriving(PAUSE)
    for _ in range(2):
        network.arrivals("walk", rate_per_s=1)
    with pytest.raises(NetworkError, match="sources: must be 2 at most, got 3"):
        network.build()


@pytest.mark.parametrize(
    ("network", "complaint"),
    [
        (
            lambda: arriving(Visit(station="a", work=wrong(0.1))),
            "walk/a: needs a law (as Constant)",
        ),
        (lambda: arriving(Delay(time=wrong(None))), "walk/delay: needs a law (as Constant)"),
        (
            lambda: arriving(ForEach(count=wrong(3), body=PAUSE)),
            "walk/each: needs a law (as Constant)",
        ),
        (
            lambda: arriving(Call(steps=PAUSE, deadline=wrong(0.5))),
            "walk/call: needs a law (as Constant)",
        ),
        (
            lambda: arriving(Visit(station="a", work=SECOND, key=wrong(3))),
            "walk/a: key must be a name, an Attribute or Beside, got 3",
        ),
        (lambda: arriving(each(2, PAUSE, need=1.5)), "walk/each: need must be a whole number"),
        (lambda: arriving(each(2, PAUSE, need=2**40)), "walk/each: need must be 1048575 at most"),
        (lambda: arriving(each(2, PAUSE, at_once=0.5)), "walk/each: at_once must be a whole"),
        (
            lambda: arriving(Visit(station="a", work=SECOND, priority=wrong(1.5))),
            "walk/a: priority must be a whole number, got 1.5",
        ),
        (
            lambda: arriving(Visit(station="a", work=SECOND, replica=wrong(0.5))),
            "walk/a: replica must be a whole number, got 0.5",
        ),
        (
            lambda: Network().station("b", members=10**4, replicas=10**4),
            "station b: members times replicas must be 1000000 at most, got 100000000",
        ),
        (
            lambda: Network().station("b", members=10**4, servers=10**4),
            "station b: servers of all members must be 10000000 at most, got 100000000",
        ),
        (lambda: Network().keys("leg", law=ConstantCount(count=1)), "keys 'leg': the name means"),
        (lambda: Network().zones(wrong(2.5)), "zones: must be a whole number, got 2.5"),
        (
            lambda: arriving(PAUSE).arrivals("walk", rate_per_s=1, attributes={"id": [1.5e19]}),
            "walk: id must be 2**53 at most, got 1.5e+19",
        ),
    ],
)
def test_what_only_looks_like_a_part_is_refused_by_name(network, complaint):
    with pytest.raises(NetworkError) as refusal:
        network().build()
    assert complaint in str(refusal.value)
