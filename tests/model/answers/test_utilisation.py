"""How busy stations are, held to networks whose every time is known."""

import numpy as np
import pytest

from model.answers.utilisation import (
    busiest_of_stations,
    in_world,
    left_out,
    of_members,
    of_stations,
)
from model.engine.network import Network
from model.engine.simpy_engine import simulate
from model.world.attributes import Attribute
from model.world.failures import Crash, Once, SlowDown
from model.world.hot_shards import Hot
from model.world.journeys import Call, Delay, Hold, Journey, Visit
from model.world.laws import Constant
from model.world.slices import Slice

SPAN_S = 100.0
SERVED = Visit(station="counter", work=Constant(value=2.0))


def delay(seconds):
    return Delay(time=Constant(value=seconds))


def run_of(network, steps, *at_s):
    network.journey(Journey(name="ask", steps=steps)).recorded("ask", at_s=np.asarray(at_s))
    return simulate(network.build(), seed=1, until_s=SPAN_S)


def busy_of(network, steps=SERVED, *at_s):
    return of_stations(run_of(network, steps, *(at_s or (0.0,))), SPAN_S)["counter"]


def test_a_server_is_taken_while_it_works():
    assert busy_of(Network().station("counter"), SERVED, 0.0, 1.0) == pytest.approx(0.04)


def test_of_several_servers_it_is_the_share_of_all_their_time():
    assert busy_of(Network().station("counter", servers=4)) == pytest.approx(0.02 / 4)


def test_a_slow_one_is_taken_for_as_long_as_its_work_takes():
    slow = SlowDown(station="counter", factor=0.1, when=Once(at_s=0.0))
    assert busy_of(Network().station("counter").failure(slow)) == pytest.approx(0.2)


def test_work_for_nobody_any_more_is_work():
    given_up = Call(steps=SERVED, deadline=Constant(value=0.5))
    assert busy_of(Network().station("counter"), given_up) == pytest.approx(0.02)


def test_work_that_a_crash_undoes_was_work_and_who_is_down_has_none():
    crash = Crash(station="counter", when=Once(at_s=1.5, for_s=50.0))
    assert busy_of(Network().station("counter").failure(crash)) == pytest.approx(0.015)


def test_one_that_hangs_is_taken_meanwhile():
    hang = SlowDown(station="counter", factor=0.0, when=Once(at_s=1.5, for_s=50.0))
    assert busy_of(Network().station("counter").failure(hang)) == pytest.approx(0.52)


def test_what_is_held_is_taken_while_others_work():
    held = Hold(station="counter", steps=delay(30.0))
    assert busy_of(Network().station("counter"), held) == pytest.approx(0.3)


def test_what_is_under_way_at_the_end_counts_until_then():
    assert busy_of(Network().station("counter"), SERVED, 99.0) == pytest.approx(0.01)


def test_who_shares_cores_is_busy_with_its_work_and_not_while_it_waits_for_a_core():
    network = Network().host("box", cores=1).station("counter", host="box")
    network.station("other", host="box")
    network.journey(Journey(name="beside", steps=Visit(station="other", work=Constant(value=9.0))))
    network.recorded("beside", at_s=[0.0])
    assert busy_of(network) == pytest.approx(0.02)


@pytest.fixture
def uneven():
    """Four members, the first of which has 40 s of work, and each other 10 s."""
    shard = Visit(station="db", work=Constant(value=10.0), key=Attribute(name="shard"))
    network = Network().station("db", members=4)
    network.journey(Journey(name="ask", steps=shard))
    shards = np.asarray([0, 0, 0, 0, 1, 2, 3], dtype=float)
    network.recorded("ask", at_s=np.zeros(7), attributes={"shard": shards})
    return simulate(network.build(), seed=1, until_s=SPAN_S)


def test_the_busiest_member_is_busier_than_all_are(uneven):
    assert of_members(uneven, SPAN_S) == pytest.approx([0.4, 0.1, 0.1, 0.1])
    assert of_stations(uneven, SPAN_S)["db"] == pytest.approx(0.7 / 4)
    assert busiest_of_stations(uneven, SPAN_S)["db"] == pytest.approx(0.4)


def test_a_hot_shard_is_one_of_all_in_the_world_and_not_one_of_a_slice(uneven):
    hot = Hot(station="db", shards=31, copies=1, share=0.5)
    cut = Slice(of=10, journeys=(), hot=hot)
    busy = in_world(of_stations(uneven, SPAN_S), uneven, cut)
    assert busy["db"] == pytest.approx((0.4 + 30 * 0.1) / 31)


def test_without_a_hot_shard_a_slice_is_as_busy_as_the_world(uneven):
    assert in_world({"db": 0.5}, uneven, Slice(of=10, journeys=())) == {"db": 0.5}


def test_a_store_with_a_hot_shard_that_nobody_asks_is_not_busy():
    network = Network().station("db", members=2).station("counter")
    run = run_of(network, SERVED, 0.0)
    cut = Slice(of=2, journeys=(), hot=Hot(station="db", shards=3, copies=1, share=0.5))
    assert in_world(of_stations(run, SPAN_S), run, cut)["db"] == 0.0


def test_in_a_slice_nothing_is_said_of_places_that_are_held_for_legs_elsewhere():
    stations = ("admission", "db", "clock")
    assert left_out(stations, Slice(of=1, journeys=())) == {"clock"}
    assert {"admission", "clock"} <= left_out(stations, Slice(of=2, journeys=()))
    assert "db" not in left_out(stations, Slice(of=2, journeys=()))
