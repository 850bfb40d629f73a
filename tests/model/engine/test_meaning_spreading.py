"""Forks whose legs meet no two at one shard: by lane, and beside the shard of another key."""

import numpy as np
import pytest

from model.engine.network import Network
from model.world.attributes import Attribute
from model.world.counts import ConstantCount
from model.world.journeys import Call, ForEach, Journey, Visit
from model.world.keys import LANE, Beside
from model.world.laws import Constant

SECOND = Constant(value=1.0)
REQUESTS = 400


def visit(key):
    return Visit(station="a", work=SECOND, key=key)


def each(count, body):
    return ForEach(count=ConstantCount(count=count), body=body)


@pytest.fixture
def asked(simulate):
    """How often each request met each of so many shards: an array of requests by shards."""

    def of(steps, shards, **more):
        network = Network().station("a", members=shards, servers=REQUESTS, **more)
        journey = Journey(name="ask", steps=steps)
        network.journey(journey).recorded("ask", at_s=np.arange(REQUESTS) * 0.001)
        run = simulate(network.build(), seed=5, until_s=100.0)
        met = np.zeros((REQUESTS, shards), dtype=int)
        np.add.at(met, (run.visits.request, run.visits.member), 1)
        return met

    return of


def test_as_many_legs_as_shards_meet_each_once(asked):
    assert (asked(each(7, visit(LANE)), shards=7) == 1).all()


def test_twice_as_many_meet_each_twice(asked):
    assert (asked(each(14, visit(LANE)), shards=7) == 2).all()


@pytest.mark.parametrize(("legs", "shards"), [(3, 9), (5, 20), (5, 8), (16, 17)])
def test_fewer_legs_meet_no_shard_twice_and_all_as_often(asked, legs, shards):
    met = asked(each(legs, visit(LANE)), shards=shards)
    assert met.max() == 1
    often = met.sum(axis=0)
    expected = REQUESTS * legs / shards
    assert (np.abs(often - expected) < 4.5 * np.sqrt(expected)).all()


def test_legs_of_forks_inside_one_another_meet_no_shard_twice_either(asked):
    assert asked(each(3, each(2, visit(LANE))), shards=7).max() == 1


def test_any_shards_are_asked_together(asked):
    met = asked(each(2, visit(LANE)), shards=5)
    together = {tuple(np.flatnonzero(row).tolist()) for row in met}
    assert together == {(one, other) for other in range(5) for one in range(other)}


def test_those_beside_a_shard_are_all_others(asked):
    met = asked((visit("own"), each(6, visit(Beside(key="own")))), shards=7)
    assert (met == 1).all()


def test_the_shard_that_others_are_beside_is_any(asked):
    met = asked(each(6, visit(Beside(key="own"))), shards=7)
    own = np.argmin(met, axis=1)
    assert set(met.sum(axis=1)) == {6}
    often = np.bincount(own, minlength=7)
    assert (np.abs(often - REQUESTS / 7) < 4.5 * np.sqrt(REQUESTS / 7)).all()


def test_those_beside_a_shard_that_the_request_names_are_all_others(simulate):
    named = Attribute(name="shard")
    network = Network().station("a", members=7, servers=REQUESTS)
    journey = Journey(name="ask", steps=each(6, visit(Beside(key=named))))
    rows = {"shard": np.arange(7.0)}
    network.journey(journey).recorded("ask", at_s=np.arange(7) * 0.001, attributes=rows)
    run = simulate(network.build(), seed=5, until_s=100.0)
    met = set(zip(run.visits.request.tolist(), run.visits.member.tolist(), strict=True))
    assert len(met) == len(run.visits.request) == 42
    left = {(request, shard) for request in range(7) for shard in range(7)} - met
    assert {shard for _, shard in left} == set(range(7))


def test_beside_the_only_shard_there_is_itself(asked):
    assert (asked(each(2, visit(Beside(key="own"))), shards=1) == 2).all()


def test_calls_inside_a_leg_keep_its_shard(asked):
    leg = (visit(LANE), Call(steps=visit(LANE)))
    met = asked(each(4, leg), shards=4)
    assert (met == 2).all()
