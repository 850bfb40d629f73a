"""Which members are taken to be up, and what a primary, its followers and a name's copy are."""

import numpy as np
import pytest
from scipy.stats import binomtest, chisquare

from model.engine.codes import Outcome
from model.engine.network import Network
from model.world.attributes import Attribute
from model.world.counts import ConstantCount
from model.world.failures import CacheWipe, Crash, Once, Spread
from model.world.journeys import Cached, Delay, ForEach, Visit, WithProbability, Write
from model.world.laws import Constant

DONE, REFUSED = Outcome.DONE, Outcome.REFUSED
ZONE = Attribute(name="zone")


def visit(station="a", work_s=0.0, **more):
    return Visit(station=station, work=Constant(value=work_s), **more)


def pause(time_s):
    return Delay(time=Constant(value=time_s))


def members(run, station="a"):
    first = run.program.stations.first_member[run.program.stations.names.index(station)]
    return (run.visits.member[run.visits_of(station)] - first).tolist()


def down(*numbers, at_s=0.0, for_s=1e9):
    return Crash(station="a", members=numbers, when=Once(at_s=at_s, for_s=for_s))


def test_a_request_brings_the_probability_of_what_it_does(walk):
    step = WithProbability(p=Attribute(name="p"), then=pause(2.0))
    run = walk(step, at_s=(0.0, 1.0, 2.0), attributes={"p": [0.0, 1.0, 7.0]})
    assert run.latencies_s("walk").tolist() == [0.0, 2.0, 2.0]


def test_what_a_request_brings_a_probability_for_happens_so_often(walk):
    step = WithProbability(p=Attribute(name="p"), then=pause(1.0))
    p = np.tile([0.2, 0.7], 3_000)
    run = walk(step, at_s=np.arange(6_000) / 100, attributes={"p": p}, until_s=1e4)
    taken = run.latencies_s("walk") > 0
    assert binomtest(int(taken[::2].sum()), 3_000, 0.2).pvalue > 0.001
    assert binomtest(int(taken[1::2].sum()), 3_000, 0.7).pvalue > 0.001


def service(**how):
    """A service of one shard and many copies, in three zones."""
    return Network().station("a", replicas=12, **how).zones(3)


@pytest.mark.parametrize("replica", ["any", "nearest"])
def test_all_visits_of_a_request_by_one_name_meet_the_same_copy(walk, replica):
    by_name = visit(key="gateway", replica=replica)
    legs = ForEach(count=ConstantCount(count=3), body=by_name)
    run = walk((by_name, legs, by_name), at_s=np.arange(100.0), network=service())
    for request in range(100):
        assert len(set(run.visits.member[run.visits.request == request])) == 1
    assert len(set(members(run))) == 12


def test_other_names_meet_other_copies(walk):
    steps = (visit(key="gateway", replica="any"), visit(key="web", replica="any"))
    run = walk(steps, at_s=np.arange(400.0), network=service())
    chosen = np.array(members(run)).reshape(-1, 2)
    assert binomtest(int((chosen[:, 0] == chosen[:, 1]).sum()), 400, 1 / 12).pvalue > 0.001


def test_the_copies_of_a_name_are_equally_likely(walk):
    run = walk(visit(key="gateway", replica="any"), at_s=np.arange(3_000.0), network=service(),
               until_s=1e4)  # fmt: skip
    assert chisquare(np.bincount(members(run), minlength=12)).pvalue > 0.001


def test_a_service_by_name_answers_from_the_zone_of_the_request(walk):
    network = Network().station("a", replicas=6).zones(3, of_request=ZONE)
    step = visit(key="gateway", replica="nearest")
    run = walk(step, at_s=np.arange(90.0), network=network, attributes={"zone": [0, 1, 2] * 30})
    assert [member % 3 for member in members(run)] == [0, 1, 2] * 30


def noticed(after_s, **how):
    return Network().station("a", noticed_after_s=after_s, **how)


@pytest.mark.parametrize("how", [{"replicas": 2}, {"members": 2}])
def test_a_crash_is_noticed_later_and_a_repair_at_once(walk, ends, how):
    # Member 0 is down from 2 to 8, and chosen until just before 5.
    network = noticed(3.0, balancing="round_robin", **how).failure(down(0, at_s=2.0, for_s=6.0))
    run = walk(visit(replica="any"), at_s=np.arange(10.0), network=network)
    assert members(run) == [0, 1, 0, 1, 0, 1, 1, 1, 0, 1]
    refused = [at_s for at_s, (outcome, _) in enumerate(ends(run)) if outcome == REFUSED]
    assert refused == [2, 4]


def test_who_comes_before_a_crash_is_noticed_waits_for_the_repair_if_work_is_kept(walk, ends):
    network = noticed(1.0, replicas=2, on_crash="resume").failure(down(0, at_s=2.0, for_s=6.0))
    run = walk(visit(), at_s=(2.5, 3.0), network=network)
    assert ends(run) == [(DONE, 8.0), (DONE, 3.0)]
    assert members(run) == [0, 1]


def test_the_nearest_copy_is_near_until_its_crash_is_noticed(walk):
    network = noticed(2.0, replicas=2).zones(2, of_request=ZONE).failure(down(1))
    step = visit(replica="nearest")
    run = walk(step, at_s=(1.0, 2.0), network=network, attributes={"zone": [1, 1]})
    assert members(run) == [1, 0]


def test_the_primary_is_the_first_copy_that_is_up(walk):
    network = Network().station("a", replicas=3)
    network.failure(down(0, at_s=1.5, for_s=4.0)).failure(down(1, at_s=2.5, for_s=1.0))
    run = walk(visit(), at_s=np.arange(7.0), network=network)
    assert members(run) == [0, 0, 1, 2, 1, 1, 0]


def test_if_no_copy_is_up_the_primary_is_the_first(walk, ends):
    network = Network().station("a", replicas=3).failure(down())
    run = walk(visit(), at_s=(1.0,), network=network)
    assert members(run) == [0]
    assert ends(run) == [(REFUSED, 1.0)]


def test_a_copy_named_by_its_number_is_that_one_even_if_it_is_down(walk):
    network = Network().station("a", replicas=3).failure(down(0))
    run = walk(visit(replica=0), at_s=(1.0,), network=network)
    assert members(run) == [0]


def write(acks):
    return Write(station="a", work=Constant(value=1.0), acks=acks)


@pytest.mark.parametrize(("acks", "done_s"), [(1, 11.0), (2, 12.0), (3, 12.0)])
def test_a_write_leaves_out_copies_that_are_down(walk, ends, acks, done_s):
    network = Network().station("a", replicas=3).failure(down(0))
    run = walk(write(acks), at_s=(10.0,), network=network)
    assert members(run) == [1, 2]
    assert ends(run) == [(DONE, done_s)]


def test_a_write_is_done_by_the_only_copy_that_is_up(walk, ends):
    network = Network().station("a", replicas=3).failure(down(0, 2))
    run = walk(write(3), at_s=(10.0,), network=network)
    assert members(run) == [1]
    assert ends(run) == [(DONE, 11.0)]


def test_a_write_fails_with_a_copy_whose_crash_is_not_noticed(walk, ends):
    network = noticed(5.0, replicas=3).failure(down(2, at_s=1.0))
    run = walk(write(3), at_s=(2.0,), network=network)
    assert ends(run) == [(REFUSED, 3.0)]


def test_the_copies_after_the_primary_are_written_to_although_the_first_is_back(walk):
    network = Network().station("a", replicas=3).failure(down(0, at_s=0.0, for_s=10.5))
    run = walk(write(3), at_s=(10.0,), network=network)
    assert members(run) == [1, 2, 0]


def asked(at_s, **how):
    network = Network().keys("page", law=ConstantCount(count=0))
    network.cache("cache", keys="page", capacity=1, **how)
    return network.failure(CacheWipe(cache="cache", at_s=at_s))


def test_a_cache_that_is_wiped_has_forgotten_its_keys(walk):
    run = walk(Cached(cache="cache", miss=pause(1.0)), at_s=(0.0, 2.0, 4.0, 6.0),
               network=asked(4.0))  # fmt: skip
    assert run.latencies_s("walk").tolist() == [1.0, 0.0, 1.0, 0.0]


def test_every_wipe_counts(walk):
    network = asked(3.0).failure(CacheWipe(cache="cache", at_s=5.0))
    run = walk(Cached(cache="cache", miss=pause(0.5)), at_s=(0.0, 2.0, 4.0, 6.0), network=network)
    assert run.latencies_s("walk").tolist() == [0.5, 0.0, 0.5, 0.5]


@pytest.mark.parametrize("single_flight", [False, True])
def test_what_is_being_fetched_during_a_wipe_is_stored(walk, single_flight):
    network = asked(1.0, single_flight=single_flight)
    run = walk(Cached(cache="cache", miss=pause(2.0)), at_s=(0.0, 3.0), network=network)
    assert run.latencies_s("walk").tolist() == [2.0, 0.0]


def spread(*, balancing="random", **sizes):
    """Four shards, of which so many are in use from so many seconds on."""
    network = Network().station("a", members=4, balancing=balancing)
    for at_s, shards in sizes.items():
        network.failure(Spread(station="a", shards=shards, at_s=float(at_s.removeprefix("from_"))))
    return network


@pytest.mark.parametrize("key", ["", "own"])
def test_only_shards_in_use_are_chosen(walk, key):
    run = walk(visit(key=key), at_s=np.arange(600.0) / 10, network=spread(from_0=2, from_30=3))
    chosen = np.array(members(run))
    assert set(chosen[:300]) == {0, 1}
    assert set(chosen[300:]) == {0, 1, 2}


def test_before_the_first_spread_all_shards_are_in_use(walk):
    shard = Attribute(name="shard")
    run = walk(visit(key=shard), at_s=(0.0, 1.0, 2.0, 3.0), network=spread(from_2=3),
               attributes={"shard": [3, 5, 3, 5]})  # fmt: skip
    assert members(run) == [3, 1, 0, 2]


def test_shards_take_turns_as_far_as_they_are_in_use(walk):
    network = spread(balancing="round_robin", from_3=2, from_6=4)
    run = walk(visit(), at_s=np.arange(10.0), network=network)
    assert members(run) == [0, 1, 2, 0, 1, 0, 1, 2, 3, 0]


def test_visits_at_a_shard_that_is_in_use_no_more_end_there(walk, sojourns):
    steps = visit(work_s=2.0, key=Attribute(name="shard"))
    run = walk(steps, at_s=(0.0, 0.5), network=spread(from_1=1), attributes={"shard": [3, 3]})
    assert sojourns(run, "a") == [(0.0, 0.0, 2.0), (0.5, 2.0, 4.0)]


def late(**how):
    """A shard of three copies, the first of which goes down at 10 s for 90 s."""
    return Network().station("a", replicas=3, **how).failure(down(0, at_s=10.0, for_s=90.0))


def test_reads_avoid_a_lost_copy_as_soon_as_it_is_noticed(walk):
    network = late(noticed_after_s=5.0, failover_s=30.0)
    run = walk(visit(replica="any"), at_s=np.arange(0.5, 80.0), network=network)
    lost = run.requests.arrived_s[run.requests.outcome == REFUSED]
    assert len(lost) > 0
    assert lost.min() > 10.0
    assert lost.max() < 15.0


def test_the_primary_moves_at_the_failover_whenever_the_loss_is_noticed(walk):
    for noticed_after_s in (5.0, 60.0):
        network = late(noticed_after_s=noticed_after_s, failover_s=30.0)
        run = walk(visit(), at_s=(9.0, 16.0, 39.9, 40.0, 99.0, 101.0), network=network)
        assert members(run) == [0, 0, 0, 1, 1, 0]


def test_unless_it_is_said_the_primary_moves_when_the_loss_is_noticed(walk):
    run = walk(visit(), at_s=(14.9, 15.0), network=late(noticed_after_s=5.0))
    assert members(run) == [0, 1]


def test_a_write_fails_until_the_failover_though_its_other_copies_are_up(walk):
    write = Write(station="a", work=Constant(value=0.0), acks=1)
    network = late(noticed_after_s=5.0, failover_s=30.0)
    run = walk(write, at_s=(9.0, 16.0, 39.9, 40.0), network=network)
    assert run.requests.outcome.tolist() == [DONE, REFUSED, REFUSED, DONE]
