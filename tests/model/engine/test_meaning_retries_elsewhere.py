"""Which copy each attempt of a call meets: the first the one of its name, every other the next."""

import numpy as np
import pytest

from model.engine.network import Network
from model.engine.stations import attempt_of, tried_before
from model.world.attributes import Attribute
from model.world.failures import Crash, Once
from model.world.journeys import Call, Visit
from model.world.laws import Constant

MANY = np.arange(1.0, 101.0)
IN_ZONE_0 = {"zone": [0] * 100}


def read(replica="any", key="own"):
    return Visit(station="a", work=Constant(value=0.0), key=key, replica=replica)


def copies(count, *down, zones=0):
    """Copies of which some are down, which nobody notices."""
    network = Network().station("a", replicas=count, noticed_after_s=1e6)
    network.failure(Crash(station="a", members=down, when=Once(at_s=0.0)))
    return network.zones(zones, of_request=Attribute(name="zone")) if zones else network


def met(run):
    """The copies that each request met, in the order of its attempts."""
    visits = run.visits
    return [visits.member[visits.request == n].tolist() for n in range(len(run.requests.uid))]


def test_each_attempt_meets_the_next_copy_until_all_have_been_tried(walk):
    call = Call(steps=read(), retries=4)
    found = met(walk(call, at_s=MANY, network=copies(3, 0, 1, 2)))
    assert {first for first, *_ in found} == {0, 1, 2}
    assert found == [[(first + n) % 3 for n in range(5)] for first, *_ in found]


def test_an_attempt_meets_one_copy_however_often_it_asks(walk):
    inner = Call(steps=read())
    call = Call(steps=(read(), inner, read()), retries=1)
    found = met(walk(call, at_s=MANY, network=copies(2, 0)))
    assert {tuple(each) for each in found} == {(0, 1, 1, 1), (1, 1, 1)}


def test_attempts_of_calls_around_count_alike(walk):
    call = Call(steps=Call(steps=read(), retries=1), retries=1)
    found = met(walk(call, at_s=MANY, network=copies(4, 0, 1, 2, 3)))
    assert all(
        [(n - each[0]) % 4 for n in each] == [0, 1, 1, 2]  # inner attempts of the outer's two
        for each in found
    )


def test_without_a_name_each_attempt_draws_anew(walk):
    call = Call(steps=read(key=""), retries=1)
    found = met(walk(call, at_s=MANY, network=copies(3, 0, 1, 2)))
    assert {first == other for first, other in found} == {True, False}


def test_all_in_the_own_zone_are_tried_before_any_elsewhere(walk):
    # Copies 0 and 2 stand in zone 0, copies 1 and 3 in zone 1.
    call = Call(steps=read("nearest"), retries=3)
    network = copies(4, 0, 1, 2, 3, zones=2)
    found = met(walk(call, at_s=MANY, network=network, attributes=IN_ZONE_0))
    assert all(set(each[:2]) == {0, 2} for each in found)
    assert {n for each in found for n in each[2:]} == {0, 1, 2, 3}


def test_who_has_tried_the_only_one_near_is_answered_elsewhere(walk):
    call = Call(steps=read("nearest"), retries=1)
    network = copies(2, 0, zones=2)
    run = walk(call, at_s=MANY, network=network, attributes=IN_ZONE_0)
    assert {1} <= {each[-1] for each in met(run)}
    assert sum(each == [0, 1] for each in met(run)) > 30


@pytest.mark.parametrize(
    ("numbers", "tries"), [((), 0), ((1,), 0), ((3,), 2), ((1, 1), 0), ((2, 1), 1), ((2, 3), 3)]
)
def test_attempts_before_are_counted_in_every_call_around(numbers, tries):
    attempt = 0
    for number in numbers:
        attempt = attempt_of(attempt, number)
    assert tried_before(attempt) == tries
