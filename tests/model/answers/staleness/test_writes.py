"""When writes are acknowledged and when copies have them, in runs whose every time is known."""

from math import inf, nan

import numpy as np
import pytest

from model.answers.staleness import writes_of
from model.engine.network import Network
from model.engine.simpy_engine import simulate
from model.world.counts import ConstantCount
from model.world.journeys import Call, Delay, ForEach, Journey, Write
from model.world.keys import LEG
from model.world.laws import Constant, Exponential

SECOND = Constant(value=1.0)


def same(found, expected):
    return np.array_equal(found, expected, equal_nan=True)


def test_the_primary_has_a_write_first_and_acknowledges_it_alone(acknowledged):
    writes = acknowledged(0.0, 10.0)
    assert writes.acked_s.tolist() == [1.0, 11.0]
    assert writes.first.tolist() == [0, 0]
    assert same(writes.has_s, [[1.0, 2.0, 2.0], [11.0, 12.0, 12.0]])


def test_a_write_is_on_its_way_to_other_zones(acknowledged):
    assert same(acknowledged(0.0, way_s=0.25).has_s, [[1.0, 2.25, 2.25]])


@pytest.mark.parametrize("acks", [2, 3])
def test_acknowledgements_of_other_copies_are_on_their_way_back(acknowledged, acks):
    assert acknowledged(0.0, acks=acks, way_s=0.25).acked_s.tolist() == [2.5]


def test_the_nearest_copies_acknowledge_first(written):
    ways_s = np.asarray([[0.0, 5.0, 0.5], [5.0, 0.0, 9.0], [0.5, 9.0, 0.0]])
    acked_s = [writes_of(written(0.0, acks=acks), "db", ways_s).acked_s[0] for acks in (1, 2, 3)]
    assert acked_s == [1.0, 3.0, 12.0]


def test_copies_of_the_next_shard_stand_one_zone_further(written):
    ways_s = np.asarray([[0.0, 1.0, 2.0], [1.0, 0.0, 4.0], [2.0, 4.0, 0.0]])
    writes = writes_of(written(*range(40), members=3), "db", ways_s)
    lags_s = writes.has_s - writes.acked_s[:, None] - 1.0
    for shard, expected in enumerate([[-1.0, 1.0, 2.0], [-1.0, 4.0, 1.0], [-1.0, 2.0, 4.0]]):
        assert (lags_s[writes.shard == shard] == expected).all()
    assert set(writes.shard) == {0, 1, 2}


def test_a_copy_that_is_known_to_be_down_is_not_told(acknowledged, down):
    writes = acknowledged(10.0, acks=3, failures=[down(1, at_s=5.0)])
    assert writes.acked_s.tolist() == [12.0]
    assert same(writes.has_s, [[11.0, nan, 12.0]])


def test_a_copy_whose_crash_nobody_has_noticed_is_told_in_vain(acknowledged, down):
    writes = acknowledged(10.0, failures=[down(1, at_s=5.0)], noticed_after_s=50.0)
    assert same(writes.has_s, [[11.0, inf, 12.0]])


def test_another_copy_takes_the_writes_after_failover(acknowledged, down):
    writes = acknowledged(10.0, 20.0, failures=[down(0, at_s=5.0)], noticed_after_s=10.0)
    assert writes.first.tolist() == [1]  # what came before failover was refused
    assert same(writes.has_s, [[nan, 21.0, 22.0]])


def test_what_is_not_acknowledged_by_the_end_is_left_out(acknowledged):
    assert acknowledged(0.0, 8.5, acks=2, until_s=10.0).acked_s.tolist() == [2.0]
    writes = acknowledged(0.0, 8.5, until_s=10.0)
    assert same(writes.has_s, [[1.0, 2.0, 2.0], [9.5, inf, inf]])


def test_writes_of_several_legs_and_attempts_are_told_apart(acknowledged):
    # Two legs of 2 s each and a second more are longer than the deadline, and are tried again.
    body = Write(station="db", work=SECOND, acks=2, key=LEG)
    legs = ForEach(count=ConstantCount(count=2), body=body, at_once=1)
    steps = Call(steps=(legs, Delay(time=SECOND)), deadline=Constant(value=4.5), retries=1)
    writes = acknowledged(0.0, steps=steps)
    assert writes.acked_s.tolist() == [2.0, 4.0, 6.5, 8.5]
    assert (writes.has_s - writes.acked_s[:, None] == [-1.0, 0.0, 0.0]).all()


def test_writes_are_in_the_order_of_their_acknowledgements(acknowledged):
    steps = Write(station="db", work=Exponential(mean=3.0), acks=2, key="own")
    acked_s = acknowledged(*range(50), steps=steps).acked_s
    assert len(acked_s) == 50
    assert (np.diff(acked_s) > 0).all()


def test_a_run_without_visits_does_not_show_its_writes():
    step = Write(station="db", work=SECOND, acks=1, key="own")
    network = Network().station("db", replicas=2).journey(Journey(name="write", steps=step))
    program = network.recorded("write", at_s=np.zeros(1)).build()
    run = simulate(program, seed=1, until_s=9.0, keep_visits=False)
    with pytest.raises(ValueError, match="this run kept no visits"):
        writes_of(run, "db", np.zeros((1, 1)))
