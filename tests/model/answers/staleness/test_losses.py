"""Writes that one copy alone has, and what is lost with it, where both are known exactly."""

from math import inf, nan

import numpy as np
import pytest

from model.answers.staleness.losses import Outage, lost_with, unreplicated
from model.answers.staleness.writes import Writes


def writes(*rows, shards=None, firsts=None):
    """Acknowledged writes of one shard: when, and when each copy had it."""
    has_s = np.asarray([row[1:] for row in rows], dtype=float)
    return Writes(
        acked_s=np.asarray([row[0] for row in rows], dtype=float),
        shard=np.asarray(shards or [0] * len(rows)),
        first=np.asarray(firsts or [0] * len(rows)),
        has_s=has_s,
        is_coming=np.zeros(has_s.shape, dtype=np.bool_),
    )


def outage(*copies, at_s, for_s=inf, shard=0, **more):
    return [
        Outage(shard=shard, copy=copy, since_s=at_s, until_s=at_s + for_s, **more)
        for copy in copies
    ]


def alone(written, outages=(), since_s=0.0, until_s=10.0, stand_for=(1.0,)):
    weights = np.asarray(stand_for)
    return unreplicated(written, outages, stand_for=weights, since_s=since_s, until_s=until_s)


def test_a_write_is_alone_from_its_acknowledgement_until_a_second_copy_has_it():
    assert alone(writes((1.0, 1.0, 3.0, 6.0))) == pytest.approx(0.2)


def test_what_is_acknowledged_by_two_is_never_alone():
    assert alone(writes((3.0, 1.0, 3.0, 6.0), (5.0, 1.0, 4.0, 6.0))) == 0.0


def test_only_what_is_in_the_window_counts():
    assert alone(writes((1.0, 1.0, 4.0), (9.0, 9.0, 12.0)), since_s=2.0) == pytest.approx(3 / 8)


def test_a_write_that_no_other_copy_gets_is_alone_to_the_end():
    assert alone(writes((4.0, 4.0, inf, nan))) == pytest.approx(0.6)


def test_a_copy_that_was_down_has_all_it_missed_when_it_is_back():
    away = outage(1, at_s=2.0, for_s=5.0)
    assert alone(writes((4.0, 4.0, inf), (5.0, 5.0, nan)), away) == pytest.approx(0.5)
    other_shard = outage(1, at_s=2.0, for_s=5.0, shard=1)
    assert alone(writes((4.0, 4.0, inf)), other_shard) == pytest.approx(0.6)
    over = outage(1, at_s=1.0, for_s=2.0)
    assert alone(writes((4.0, 4.0, inf)), over) == pytest.approx(0.6)


def test_the_copy_that_took_a_write_is_no_second_one_when_it_is_back():
    assert alone(writes((1.0, 1.0, inf)), outage(0, at_s=2.0, for_s=1.0)) == pytest.approx(0.9)


def test_what_is_alone_is_shared_by_the_shards():
    both = writes((1.0, 1.0, 3.0), (1.0, 1.0, 3.0), shards=[0, 1])
    assert alone(both, stand_for=(1.0, 1.0)) == pytest.approx(0.2)


def test_a_shard_that_stands_for_three_counts_three_times():
    first = writes((1.0, 1.0, 5.0), shards=[0])
    second = writes((1.0, 1.0, 5.0), shards=[1])
    assert alone(first, stand_for=(1.0, 3.0)) == pytest.approx(0.4 / 4)
    assert alone(second, stand_for=(1.0, 3.0)) == pytest.approx(3 * 0.4 / 4)


ONE = ((1.0, 1.0, 3.0, 4.0),)  # acknowledged at 1 s, on a second copy at 3 s, on all at 4 s


@pytest.mark.parametrize(("at_s", "lost"), [(0.5, 0), (1.0, 1), (2.9, 1), (3.0, 0), (5.0, 0)])
def test_a_write_is_lost_with_its_primary_until_a_second_copy_has_it(at_s, lost):
    assert lost_with(writes(*ONE), outage(0, at_s=at_s), failover_s=0.0) == lost


def test_a_write_is_not_lost_with_copies_that_did_not_take_it():
    assert lost_with(writes(*ONE), outage(1, 2, at_s=2.0), failover_s=0.0) == 0
    assert lost_with(writes(*ONE), outage(0, at_s=2.0, shard=1), failover_s=0.0) == 0


@pytest.mark.parametrize(("copies", "lost"), [((0,), 0), ((1,), 0), ((0, 1), 1), ((0, 2), 0)])
def test_what_two_have_acknowledged_is_lost_only_with_both(copies, lost):
    synchronous = writes((3.0, 1.0, 3.0, 4.0))
    assert lost_with(synchronous, outage(*copies, at_s=3.5), failover_s=0.0) == lost


def test_a_server_that_is_back_before_failover_still_has_what_it_took():
    short = outage(0, at_s=2.0, for_s=5.0)
    assert lost_with(writes(*ONE), short, failover_s=5.0) == 0
    assert lost_with(writes(*ONE), short, failover_s=4.9) == 1


def test_where_no_copy_is_left_nothing_takes_over_and_nothing_is_lost():
    assert lost_with(writes(*ONE), outage(0, 1, 2, at_s=2.0), failover_s=0.0) == 0


def test_outages_that_meet_lose_what_no_one_of_them_would():
    first, second = outage(0, at_s=3.2), outage(1, at_s=3.5)
    assert lost_with(writes(*ONE), [*first, *second], failover_s=0.0) == 1
    over = outage(0, at_s=3.2, for_s=0.1)
    assert lost_with(writes(*ONE), [*over, *second], failover_s=0.0) == 0


def test_a_write_is_lost_once():
    twice = [*outage(0, at_s=1.5, for_s=0.2), *outage(0, at_s=2.0)]
    assert lost_with(writes(*ONE), twice, failover_s=0.0) == 1


def test_what_a_copy_missed_it_has_when_it_is_back_and_can_save_it():
    missed = writes((5.0, nan, 5.0, nan), firsts=[1])
    away = outage(0, 2, at_s=2.0, for_s=5.0)
    for at_s, lost in ((6.0, 0), (8.0, 0)):  # at 6 s it is the last copy: all wait for it
        assert lost_with(missed, [*away, *outage(1, at_s=at_s)], failover_s=0.0) == lost
    only_one = outage(2, at_s=2.0, for_s=5.0)
    assert lost_with(missed, [*only_one, *outage(1, at_s=6.0)], failover_s=0.0) == 1


def test_a_crash_in_a_slice_stands_for_those_in_the_world():
    many = outage(0, at_s=2.0, stands_for=8.0)
    assert lost_with(writes(*ONE, *ONE), many, failover_s=0.0) == 16
