"""Forks whose legs go in lanes: who waits for whom, and which shards are a lane's."""

import numpy as np
import pytest

from model.engine.codes import Outcome
from model.engine.network import Network
from model.engine.parts import Queue
from model.engine.stations import LEGS_MAX
from model.world.counts import ConstantCount
from model.world.failures import Once, SlowDown, Spread
from model.world.journeys import (
    AllOf,
    Cached,
    Call,
    Delay,
    Emit,
    ForEach,
    Hold,
    Visit,
    Write,
)
from model.world.keys import LANE
from model.world.laws import Constant, Exponential

SECOND = Constant(value=1.0)
ASK = Visit(station="a", work=SECOND, key=LANE)
PAUSE = Delay(time=SECOND)
MARK = Emit(journey="mark")


def each(count, body, **more):
    return ForEach(count=ConstantCount(count=count), body=body, **more)


def lanes(count, body, at_once, **more):
    return each(count, body, at_once=at_once, in_lanes=True, **more)


def shards(count, **more):
    return Network().station("a", members=count, **more)


def with_a_slow_first():
    """Three shards, of which the first works at a third of its speed."""
    slow = SlowDown(station="a", members=(0,), factor=1 / 3, when=Once(at_s=0.0))
    return shards(3).failure(slow)


def members_by_lane(run, at_once):
    """The members that the legs of each lane met."""
    leg = run.visits.leg
    while (leg > LEGS_MAX).any():
        leg = np.where(leg > LEGS_MAX, leg // (LEGS_MAX + 1), leg)
    lane = (leg - 1) % at_once
    return [sorted(set(run.visits.member[lane == one].tolist())) for one in range(at_once)]


def begun_s(run):
    """When each leg began, in order of its number."""
    return run.visits.arrived_s[np.argsort(run.visits.leg)].tolist()


def test_a_leg_begins_when_the_one_before_it_in_its_lane_has_ended(walk):
    run = walk(lanes(9, ASK, at_once=3), network=with_a_slow_first())
    assert begun_s(run) == [0.0, 0.0, 0.0, 3.0, 1.0, 1.0, 6.0, 2.0, 2.0]
    assert run.latencies_s("walk").tolist() == [9.0]


def test_without_lanes_it_begins_when_any_has(walk):
    run = walk(each(9, PAUSE, at_once=3))
    assert run.latencies_s("walk").tolist() == [3.0]
    run = walk(each(9, Visit(station="a", work=SECOND, key="own"), at_once=3), network=shards(1))
    assert begun_s(run) == [0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


@pytest.mark.parametrize(
    ("shards_there", "at_once", "expected"),
    [
        (1, 3, [[0], [0], [0]]),
        (2, 4, [[0], [0], [1], [1]]),
        (4, 4, [[0], [1], [2], [3]]),
        (2, 3, [[0], [0, 1], [1]]),  # the second lane has a half of each
        (8, 2, [[0, 1, 2, 3], [4, 5, 6, 7]]),
    ],
)
def test_a_lane_has_its_part_of_the_shards_in_order(walk, shards_there, at_once, expected):
    run = walk(lanes(300, ASK, at_once=at_once), network=shards(shards_there))
    assert members_by_lane(run, at_once) == expected


def test_all_shards_of_a_lane_are_as_likely(walk):
    run = walk(lanes(8_000, ASK, at_once=2), network=shards(8), until_s=5_000.0)
    asked = np.bincount(run.visits.member, minlength=8)
    assert len(run.visits.member) == 8_000
    assert (np.abs(asked - 1_000) < 4.5 * np.sqrt(1_000 * 0.75)).all()


def test_legs_of_a_fork_inside_a_lane_are_spread_over_its_part(walk):
    chunk = each(4, ASK)
    run = walk(lanes(6, chunk, at_once=2), network=shards(8))
    assert np.bincount(run.visits.member).tolist() == [3] * 8
    assert run.latencies_s("walk").tolist() == [3.0]
    assert members_by_lane(run, 2) == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_lanes_inside_a_lane_have_parts_of_its_part(walk):
    run = walk(lanes(2, lanes(6, ASK, at_once=2), at_once=2), network=shards(4))
    outer, inner = np.divmod(run.visits.leg, LEGS_MAX + 1)
    lane = 2 * (outer - 1) + (inner - 1) % 2
    assert (run.visits.member == lane).all()
    assert set(lane) == {0, 1, 2, 3}


def test_of_fewer_legs_than_lanes_each_has_a_lane_of_its_own(walk):
    run = walk(lanes(4, ASK, at_once=8), network=shards(4))
    assert sorted(run.visits.member.tolist()) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "inside",
    [
        Call(steps=ASK, retries=1),
        Hold(station="door", steps=ASK),
        AllOf(branches=(ASK, ASK)),
        each(2, (ASK, PAUSE)),
        each(2, ASK),
        Call(steps=Delay(time=SECOND), deadline=Constant(value=0.5), otherwise=ASK),
        Cached(cache="pages", miss=ASK),
    ],
    ids=lambda step: type(step).__name__,
)
def test_the_lane_is_the_same_at_any_depth(walk, inside):
    network = shards(4).station("door", servers=9).keys("keys", law=ConstantCount(count=1))
    network.cache("pages", keys="keys", capacity=1, ttl_s=1e-9)
    run = walk(lanes(12, inside, at_once=4), network=network)
    mine = run.visits_of("a")
    lane = (np.where(run.visits.leg > LEGS_MAX, run.visits.leg >> 20, run.visits.leg) - 1) % 4
    assert set(lane[mine]) == {0, 1, 2, 3}
    assert (run.visits.member[mine] == lane[mine]).all()


def test_a_write_goes_by_lane_to_all_copies_of_a_shard(walk):
    write = Write(station="a", work=SECOND, acks=2, key=LANE)
    run = walk(lanes(4, write, at_once=2), network=shards(2, replicas=2))
    assert members_by_lane(run, 2) == [[0, 1], [2, 3]]


def test_a_cache_may_go_by_lane(walk):
    network = Network().keys("keys", law=ConstantCount(count=1))
    network.cache("pages", keys="keys", capacity=1, members=2)
    ask = Cached(cache="pages", miss=PAUSE, member=LANE)
    run = walk(lanes(6, ask, at_once=2), network=network)
    assert (run.misses.sum(), run.hits.sum()) == (2, 4)  # one of each member


def test_a_lane_has_its_part_of_the_shards_in_use(walk):
    network = shards(4).failure(Spread(station="a", shards=2, at_s=0.0))
    run = walk(lanes(8, ASK, at_once=4), at_s=(1.0,), network=network)
    assert members_by_lane(run, 4) == [[0], [0], [1], [1]]


def test_the_first_of_all_lanes_begin_though_one_of_them_decides_the_fork(walk, marks, began_s):
    assert len(began_s(walk(lanes(9, MARK, at_once=3, need=1), network=marks()))) == 3


def test_no_leg_of_a_lane_begins_once_the_fork_is_decided(walk, marks, began_s):
    run = walk((lanes(12, (MARK, PAUSE), at_once=3, need=4), PAUSE, PAUSE), network=marks())
    assert run.latencies_s("walk").tolist() == [4.0]
    assert len(began_s(run)) == 6


def test_no_leg_of_a_lane_begins_after_the_first_failure(walk, ends):
    network = Network().station("a", queue=Queue(limit=0))
    run = walk((lanes(8, ASK, at_once=2), PAUSE), network=network)
    assert ends(run) == [(Outcome.REFUSED, 0.0)]
    assert run.members.arrived.tolist() == [2]


def test_a_lane_goes_on_without_legs_that_may_fail(walk, ends):
    network = Network().station("a", queue=Queue(limit=0))
    run = walk(lanes(6, ASK, at_once=2, need=3), network=network)
    # The second lane is refused as often as may be, the first is served.
    assert ends(run) == [(Outcome.DONE, 3.0)]
    assert run.members.done.tolist() == [3]


def test_many_legs_in_lanes_that_take_no_time_end_at_once(walk):
    never = Delay(time=Constant(value=0.0))
    run = walk((lanes(20_000, never, at_once=3), PAUSE))
    assert run.latencies_s("walk").tolist() == [1.0]


def test_lanes_of_no_legs_are_passed_at_once(walk):
    assert walk((lanes(0, ASK, at_once=3), PAUSE), network=shards(2)).latencies_s("walk") == [1.0]


def test_lanes_of_many_requests_do_not_wait_for_one_another(walk):
    work = Exponential(mean=0.1)
    ask = Visit(station="a", work=work, key=LANE)
    run = walk(lanes(40, ask, at_once=4), at_s=np.arange(20.0), network=shards(4, servers=20))
    visits = run.visits
    order = np.lexsort((visits.leg, visits.request))
    begun, ended = (column[order].reshape(20, 40) for column in (visits.arrived_s, visits.done_s))
    assert (begun[:, 4:] == ended[:, :-4]).all()
