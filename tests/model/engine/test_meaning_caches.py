"""Caches: what is a hit, what has to go, and who waits for whose fetch."""

import numpy as np
import pytest

from model.engine.codes import Outcome
from model.engine.network import Network
from model.engine.parts import Queue
from model.world.counts import ConstantCount, zipf
from model.world.journeys import Cached, Call, Delay, Emit, ForEach, Journey, Visit
from model.world.laws import Constant

DONE, REFUSED, EXPIRED = Outcome.DONE, Outcome.REFUSED, Outcome.EXPIRED


def pause(time_s):
    return Delay(time=Constant(value=time_s))


def visit(station, work_s, **more):
    return Visit(station=station, work=Constant(value=work_s), **more)


def one_key(**how):
    """A cache of which all ask for the same key."""
    network = Network().keys("page", law=ConstantCount(count=0))
    return network.cache("cache", keys="page", **({"capacity": 1} | how))


def cached(*steps, **more):
    return Cached(cache="cache", miss=steps, **more)


def counted(run):
    return run.hits.tolist(), run.misses.tolist()


def test_a_key_is_fetched_once_and_then_there(walk, ends):
    run = walk((cached(pause(2.0)), pause(1.0)), at_s=(0.0, 3.0), network=one_key())
    assert run.latencies_s("walk").tolist() == [3.0, 1.0]
    assert counted(run) == ([1], [1])


def test_a_key_is_stored_when_it_has_been_fetched_and_not_before(walk):
    run = walk(cached(pause(2.0)), at_s=(0.0, 1.0, 2.5), network=one_key())
    assert run.latencies_s("walk").tolist() == [2.0, 2.0, 0.0]
    assert counted(run) == ([1], [2])


@pytest.mark.parametrize(("asked_s", "latency_s"), [(5.9, 0.0), (6.0, 2.0)])
def test_a_key_is_good_until_just_before_its_time(walk, asked_s, latency_s):
    run = walk(cached(pause(2.0)), at_s=(0.0, asked_s), network=one_key(ttl_s=4.0))
    assert run.latencies_s("walk").tolist() == [2.0, latency_s]


def test_storing_a_key_again_makes_it_good_for_longer(walk):
    # Both miss; the second stores it again at 3, so that it is good until 7.
    run = walk(cached(pause(2.0)), at_s=(0.0, 1.0, 6.5), network=one_key(ttl_s=4.0))
    assert counted(run) == ([1], [2])


def test_what_failed_is_not_stored(walk, ends):
    network = one_key().station("db", queue=Queue(limit=0))
    network.journey(Journey(name="blocker", steps=visit("db", 1.0))).recorded("blocker", at_s=[0.0])
    run = walk(cached(visit("db", 1.0)), at_s=(0.5, 2.0), network=network)
    assert ends(run) == [(REFUSED, 0.5), (DONE, 3.0)]
    assert counted(run) == ([0], [2])


def test_who_misses_what_another_fetches_waits_for_it_if_there_is_single_flight(walk):
    network = one_key(single_flight=True)
    network.journey(Journey(name="fetch", steps=pause(0.0)))
    run = walk(
        (cached(Emit(journey="fetch"), pause(2.0)), pause(1.0)), at_s=(0.0, 1.0), network=network
    )
    assert run.latencies_s("walk").tolist() == [3.0, 2.0]
    assert len(run.latencies_s("fetch")) == 1
    assert counted(run) == ([0], [2])


def test_who_waits_for_a_fetch_fails_with_it(walk, ends):
    network = one_key(single_flight=True)
    call = Call(steps=pause(9.0), deadline=Constant(value=2.0))
    run = walk(cached(call), at_s=(0.0, 1.0, 3.0), network=network)
    assert ends(run) == [(EXPIRED, 2.0), (EXPIRED, 2.0), (EXPIRED, 5.0)]


def test_who_waits_goes_on_after_the_fetcher_in_order_of_coming(walk):
    network = one_key(single_flight=True).station("a")
    run = walk((cached(pause(2.0)), visit("a", 1.0)), at_s=(0.0, 0.5, 0.75), network=network)
    assert run.requests.done_s.tolist() == [3.0, 4.0, 5.0]


def test_a_fetch_that_its_fetcher_gave_up_still_answers_who_waits(walk, ends):
    network = one_key(single_flight=True)
    network.journey(Journey(name="patient", steps=cached(pause(5.0))))
    network.recorded("patient", at_s=[1.0])
    call = Call(steps=cached(pause(4.0)), deadline=Constant(value=2.0))
    run = walk(call, network=network)
    assert ends(run) == [(EXPIRED, 2.0)]
    assert ends(run, "patient") == [(DONE, 4.0)]


def test_twenty_thousand_wait_for_one_fetch(walk):
    run = walk(cached(pause(2.0)), at_s=np.ones(20_000), network=one_key(single_flight=True))
    assert np.unique(run.requests.done_s).tolist() == [3.0]


def keys_asked(run):
    """The shard of each visit to a station with one for every key tells them apart."""
    return run.visits.member[run.visits_of("db")].tolist()


@pytest.mark.parametrize("capacity", [1, 3, 7, 20])
def test_the_least_recently_used_key_has_to_go(walk, capacity):
    network = Network().keys("page", law=zipf(size=20, exponent=0.5))
    network.cache("cache", keys="page", capacity=capacity).station("db", members=4_096)
    network.journey(Journey(name="miss", steps=pause(0.0)))
    steps = (visit("db", 0.0, key="page"), cached(Emit(journey="miss")))
    run = walk(steps, at_s=np.arange(2_000.0) / 4, network=network)
    kept: list[int] = []
    hits = 0
    for key in keys_asked(run):
        hits += key in kept
        kept = [other for other in kept if other != key][-capacity + 1 :] if capacity > 1 else []
        kept.append(key)
    assert run.hits.tolist() == [hits]
    assert hits > 0
    assert run.hits[0] + run.misses[0] == 2_000


def test_members_of_a_cache_have_keys_of_their_own(walk):
    network = one_key(members=2)
    run = walk(cached(pause(1.0)), at_s=np.arange(40.0) * 2, network=network)
    assert counted(run) == ([38], [2])


def test_a_key_is_always_at_the_same_member_if_the_member_is_chosen_by_it(walk):
    network = one_key(members=50)
    run = walk(cached(pause(1.0), member="page"), at_s=np.arange(40.0) * 2, network=network)
    assert counted(run) == ([39], [1])


def test_every_leg_asks_for_a_key_of_its_own(walk):
    network = Network().keys("page", law=zipf(size=1_000, exponent=0.0))
    network.cache("cache", keys="page", capacity=1_000)
    body = (cached(pause(0.0)), Cached(cache="cache", miss=pause(0.0), name="again"))
    steps = ForEach(count=ConstantCount(count=50), body=body)
    run = walk(steps, network=network)
    # The second step of a leg asks for what the first has stored.
    assert run.hits[0] >= 50
    assert run.misses[0] > 40
