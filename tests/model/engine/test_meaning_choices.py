"""Which shard, and which copy of it, a visit goes to."""

import numpy as np
import pytest
from scipy.stats import chisquare

from model.engine.codes import Outcome
from model.engine.network import Network
from model.world.attributes import Attribute
from model.world.counts import zipf
from model.world.failures import Crash, Once
from model.world.journeys import Visit
from model.world.laws import Constant

REFUSED = Outcome.REFUSED


def visit(station, work_s=0.0, **more):
    return Visit(station=station, work=Constant(value=work_s), **more)


def members(run, station="a"):
    first = run.program.stations.first_member[run.program.stations.names.index(station)]
    return (run.visits.member[run.visits_of(station)] - first).tolist()


def down(station, *numbers, at_s=0.0, for_s=1e9):
    return Crash(station=station, members=numbers, when=Once(at_s=at_s, for_s=for_s))


def balanced(balancing, count=4, **how):
    return Network().station("a", members=count, balancing=balancing, **how)


def test_members_take_turns(walk):
    run = walk(visit("a"), at_s=np.arange(6.0), network=balanced("round_robin"))
    assert members(run) == [0, 1, 2, 3, 0, 1]


def test_who_is_down_has_no_turn(walk):
    network = balanced("round_robin").failure(down("a", 1, at_s=1.5, for_s=5.0))
    run = walk(visit("a"), at_s=np.arange(10.0), network=network)
    assert members(run) == [0, 1, 2, 3, 0, 2, 3, 0, 1, 2]


@pytest.mark.parametrize("balancing", ["random", "least_outstanding", "power_of_two"])
def test_only_members_that_are_up_are_chosen(walk, balancing):
    network = balanced(balancing).failure(down("a", 0, 3))
    run = walk(visit("a"), at_s=np.arange(1.0, 101.0), network=network)
    assert set(members(run)) == {1, 2}


@pytest.mark.parametrize("balancing", ["random", "least_outstanding", "power_of_two"])
def test_if_all_are_down_any_may_be_chosen(walk, balancing):
    network = balanced(balancing, count=2).failure(down("a"))
    run = walk(visit("a"), at_s=np.arange(1.0, 101.0), network=network)
    assert set(members(run)) == {0, 1}
    assert run.failures("walk")[REFUSED] == 100


def test_the_member_with_the_fewest_present_is_chosen(walk):
    network = balanced("least_outstanding", count=3)
    run = walk(visit("a", 10.0), at_s=np.arange(6) / 10, network=network)
    assert sorted(members(run)[:3]) == sorted(members(run)[3:]) == [0, 1, 2]


def test_among_equally_busy_members_all_are_equally_likely(walk):
    network = balanced("least_outstanding")
    run = walk(visit("a"), at_s=np.arange(1.0, 2_001.0), network=network)
    assert chisquare(np.bincount(members(run), minlength=4)).pvalue > 0.001


def test_of_two_members_the_less_busy_is_chosen(walk):
    network = balanced("power_of_two", count=2)
    run = walk(visit("a", 10.0), at_s=np.arange(6) / 10, network=network)
    chosen = members(run)
    assert [sorted(chosen[i : i + 2]) for i in (0, 2, 4)] == [[0, 1]] * 3


def test_the_better_of_two_is_not_always_the_best(walk):
    network = balanced("power_of_two", count=20)
    run = walk(visit("a", 1e6), at_s=np.arange(200.0), network=network)
    most = np.bincount(members(run), minlength=20).max()
    assert 11 <= most <= 16  # the best would give 10 to each; at random some get 17 and more


def test_shards_are_chosen_by_their_weights(walk):
    network = balanced([0.5, 0.0, 0.3, 0.2])
    run = walk(visit("a"), at_s=np.arange(4_000.0) / 8, network=network)
    counts = np.bincount(members(run), minlength=4)
    assert counts[1] == 0
    assert chisquare(counts[[0, 2, 3]], [2_000, 1_200, 800]).pvalue > 0.001


def test_an_attribute_is_the_number_of_the_shard(walk):
    network = Network().station("a", members=4)
    step = visit("a", key=Attribute(name="shard"))
    run = walk(step, at_s=np.arange(5.0), attributes={"shard": [0, 3, 4, 9, 2]}, network=network)
    assert members(run) == [0, 3, 0, 1, 2]


def test_a_key_is_at_the_same_shard_for_all_requests(walk):
    network = Network().keys("post", law=zipf(size=3, exponent=0.0))
    network.station("a", members=1_000).station("b", members=1_000)
    steps = (visit("a", key="post"), visit("b", key="post"))
    run = walk(steps, at_s=np.arange(100.0), network=network)
    assert members(run, "a") == members(run, "b")
    assert len(set(members(run, "a"))) == 3


def copies(count=3, balancing="random", **how):
    return Network().station("a", members=2, replicas=count, balancing=balancing, **how)


def test_a_copy_may_be_named_by_its_number(walk):
    key = Attribute(name="shard")
    steps = (visit("a", key=key), visit("a", key=key, replica=2))
    run = walk(steps, at_s=(0.0, 1.0), attributes={"shard": [0, 1]}, network=copies())
    assert members(run) == [0, 2, 3, 5]


def test_the_copies_of_each_shard_take_turns(walk):
    step = visit("a", key=Attribute(name="shard"), replica="any")
    shards = [0, 0, 1, 0, 0, 1]
    run = walk(
        step, at_s=np.arange(6.0), attributes={"shard": shards}, network=copies(2, "round_robin")
    )
    assert members(run) == [0, 1, 2, 0, 1, 3]


def test_any_copy_is_one_that_is_up(walk):
    network = copies().failure(down("a", 1))
    step = visit("a", key=Attribute(name="shard"), replica="any")
    run = walk(step, at_s=np.arange(1.0, 101.0), attributes={"shard": [0] * 100}, network=network)
    assert set(members(run)) == {0, 2}


def test_the_nearest_copy_is_in_the_zone_of_the_request(walk):
    network = copies().zones(3, of_request=Attribute(name="zone"))
    step = visit("a", key=Attribute(name="shard"), replica="nearest")
    attributes = {"shard": [0, 0, 0, 1, 1, 1], "zone": [0, 1, 5, 0, 1, 2]}
    run = walk(step, at_s=np.arange(6.0), attributes=attributes, network=network)
    # Copy r of shard 1 stands in zone 1 + r.
    assert members(run) == [0, 1, 2, 3 + 2, 3 + 0, 3 + 1]


def test_if_no_copy_near_is_up_any_other_will_do(walk):
    network = copies().zones(3, of_request=Attribute(name="zone")).failure(down("a", 1))
    step = visit("a", key=Attribute(name="shard"), replica="nearest")
    attributes = {"shard": [0] * 100, "zone": [1] * 100}
    run = walk(step, at_s=np.arange(1.0, 101.0), attributes=attributes, network=network)
    assert set(members(run)) == {0, 2}


# Two regions of two zones each: 0 and 2 are near to one another, as are 1 and 3.
APART_S = np.array([[0, 80, 1, 80], [80, 0, 80, 1], [1, 80, 0, 80], [80, 1, 80, 0]]) / 1000


def from_zone(walk, zone, *failures, shard=0, apart_s=APART_S, count=3, **how):
    """The copies that a hundred requests meet; copy r of shard s is number 3 s + r."""
    network = copies(count, **how).zones(4, of_request=Attribute(name="zone"), apart_s=apart_s)
    for failure in failures:
        network.failure(failure)
    step = visit("a", key=Attribute(name="shard"), replica="nearest")
    attributes = {"shard": [shard] * 100, "zone": [zone] * 100}
    return set(members(walk(step, at_s=np.arange(1.0, 101.0), attributes=attributes,
                            network=network)))  # fmt: skip


@pytest.mark.parametrize(("zone", "copy"), [(0, 0), (1, 1), (2, 2), (3, 1)])
def test_without_a_copy_in_its_own_zone_a_request_asks_the_nearest(walk, zone, copy):
    assert from_zone(walk, zone) == {copy}


@pytest.mark.parametrize("balancing", ["round_robin", "least_outstanding", "power_of_two"])
def test_whatever_the_balancing_only_the_nearest_copies_are_asked(walk, balancing):
    assert from_zone(walk, 3, shard=1, balancing=balancing) == {3 + 2}


def test_when_the_nearest_copy_is_lost_the_next_is_asked(walk):
    assert from_zone(walk, 0, down("a", 0)) == {2}
    assert from_zone(walk, 0, down("a", 0, 2)) == {1}


def test_equally_far_copies_share_the_requests(walk):
    assert from_zone(walk, 0, down("a", 0), apart_s=np.ones((4, 4))) == {1, 2}


def test_the_own_zone_is_nearest_even_if_another_is_no_way_off(walk):
    assert from_zone(walk, 0, apart_s=np.zeros((4, 4))) == {0}


def test_when_all_copies_are_lost_any_is_asked(walk):
    assert from_zone(walk, 0, down("a")) == {0, 1, 2}


def test_distances_need_not_be_the_same_both_ways(walk):
    apart_s = np.ones((4, 4))
    apart_s[3, 1], apart_s[0, 3] = 0.5, 0.5
    assert from_zone(walk, 3, apart_s=apart_s) == {1}


def test_a_request_is_in_one_zone_for_all_its_visits(walk):
    network = Network().zones(3).station("b", replicas=3)
    steps = (visit("b", replica="nearest"), visit("b", replica="nearest"))
    run = walk(steps, at_s=np.arange(300.0), network=network)
    first, second = members(run, "b")[::2], members(run, "b")[1::2]
    assert first == second
    assert chisquare(np.bincount(first, minlength=3)).pvalue > 0.001
