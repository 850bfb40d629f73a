"""When a second attempt begins beside the first, and that it goes to another copy."""

import numpy as np
import pytest

from model.engine.codes import Outcome
from model.engine.network import Network
from model.engine.parts import Queue
from model.world.attributes import Attribute
from model.world.counts import ConstantCount
from model.world.failures import Crash, Once, SlowDown
from model.world.journeys import Call, Delay, ForEach, Hold, Link, Visit, WithProbability, Write
from model.world.laws import Constant

DONE, REFUSED, LOST = Outcome.DONE, Outcome.REFUSED, Outcome.LOST
MANY = np.arange(1.0, 101.0)


def law(value):
    return Constant(value=value)


def read(work_s=0.1, **more):
    """A read of any copy; all reads of a request by this name meet the same one, but hedges."""
    return Visit(station="a", work=law(work_s), **({"key": "own", "replica": "any"} | more))


def hedged(*steps, after_s=0.2, **more):
    return Call(steps=steps or (read(),), hedge_after=law(after_s), **more)


def copies(count=2, **how):
    return Network().station("a", replicas=count, **how)


def crash(*members, at_s=0.0):
    return Crash(station="a", members=members, when=Once(at_s=at_s))


def standing_still(*members):
    return SlowDown(station="a", factor=0.0, members=members, when=Once(at_s=0.0))


def unnoticed(count=2, **how):
    """A shard whose first copy is lost, which nobody notices, and that takes turns."""
    how = {"balancing": "round_robin", "noticed_after_s": 1e6} | how
    return copies(count, **how).failure(crash(0))


def chosen(run):
    """The copies of each request, in the order of its attempts."""
    visits = run.visits
    return [
        visits.member[visits.request == request].tolist()
        for request in range(len(run.requests.uid))
    ]


@pytest.mark.parametrize(
    "balancing", ["random", "round_robin", "least_outstanding", "power_of_two"]
)
def test_a_hedge_goes_to_another_copy(walk, balancing):
    network = copies(3, balancing=balancing)
    pairs = chosen(walk(hedged(read(1.0)), at_s=MANY * 5, network=network))
    assert {first for first, _ in pairs} == {other for _, other in pairs} == {0, 1, 2}
    assert not [pair for pair in pairs if pair[0] == pair[1]]


def test_every_copy_has_as_many_hedges_as_any_other(walk):
    at_s = np.arange(1.0, 3_001.0)
    pairs = chosen(walk(hedged(read(1.0)), at_s=at_s, network=copies(3), until_s=4_000.0))
    often = np.bincount([other for _, other in pairs], minlength=3)
    assert (np.abs(often - 1_000) < 4.5 * np.sqrt(1_000)).all()


def test_a_slow_copy_costs_a_hedged_read_the_wait_for_its_hedge(walk):
    run = walk(hedged(), at_s=MANY, network=copies().failure(standing_still(0)))
    assert set(run.latencies_s("walk").round(9)) == {0.1, 0.3}


def test_a_hedge_of_the_only_copy_that_is_up_goes_there_too(walk):
    network = copies().failure(crash(1)).failure(standing_still(0))
    assert chosen(walk(hedged(), at_s=(1.0,), network=network)) == [[0, 0]]


def test_where_no_copy_is_up_a_hedge_goes_to_any(walk):
    run = walk(hedged(), at_s=MANY, network=copies().failure(crash(0, 1)))
    pairs = chosen(run)
    assert {len(pair) for pair in pairs} == {2}
    assert {first == other for first, other in pairs} == {False}  # each attempt the next


def test_a_read_that_finds_its_copy_lost_is_answered_by_another_at_once(walk, ends):
    run = walk(hedged(), at_s=(1.0,), network=unnoticed())
    assert chosen(run) == [[0, 1]]
    assert ends(run) == [(DONE, 1.1)]
    assert run.requests.attempts.tolist() == [2]


def test_a_read_that_is_under_way_when_its_copy_is_lost_is_answered_by_another(walk, ends):
    network = copies(balancing="round_robin").failure(crash(0, at_s=1.5))
    run = walk(hedged(read(1.0), after_s=9.0), at_s=(1.0,), network=network)
    assert ends(run) == [(DONE, 2.5)]


def test_the_hedge_that_a_failure_has_begun_is_the_only_one(walk, ends):
    run = walk(hedged(read(5.0)), at_s=(1.0,), network=unnoticed())
    assert ends(run) == [(DONE, 6.0)]  # and not begun again 0.2 s after the first attempt
    assert run.requests.attempts.tolist() == [2]


def test_every_round_has_a_hedge(walk, ends):
    run = walk(hedged(retries=2), at_s=(1.0,), network=copies().failure(crash(0, 1)))
    assert run.requests.attempts.tolist() == [6]
    assert ends(run) == [(REFUSED, 1.0)]


def test_a_message_that_is_lost_until_the_deadline_is_not_hedged_then(walk, ends):
    network = Network().link("lossy", rtt=0.0, loss=1.0)
    call = hedged(Link(link="lossy"), after_s=9.0, deadline=law(1.0))
    run = walk(call, network=network)
    assert run.requests.attempts.tolist() == [1]
    assert ends(run) == [(LOST, 1.0)]


def test_of_several_zones_a_hedge_goes_to_the_nearest_that_has_another_copy(walk):
    network = copies(3).failure(standing_still(0))
    zone, apart_s = Attribute(name="zone"), [[0, 2, 1], [2, 0, 2], [1, 2, 0]]
    network.zones(3, of_request=zone, apart_s=apart_s)
    step, zones = hedged(read(replica="nearest")), {"zone": [0] * 100}
    assert chosen(walk(step, at_s=MANY, network=network, attributes=zones)) == [[0, 2]] * 100


def test_a_hedge_avoids_the_copy_of_a_server_that_is_held(walk):
    hold = Hold(station="a", steps=Delay(time=law(5.0)), replica="any")
    run = walk(hedged(hold), at_s=(1.0,), network=copies(balancing="round_robin"))
    assert chosen(run) == [[0, 1]]


def test_a_hedge_avoids_no_copy_where_the_first_attempt_is_somewhere_else(walk):
    network = copies(balancing="round_robin", servers=9)
    call = hedged(read(), Delay(time=law(5.0)))
    assert chosen(walk(call, at_s=(1.0,), network=network)) == [[0, 1]]  # by turns
    network = copies(balancing="round_robin", servers=9)
    call = hedged(read(), read(), Delay(time=law(5.0)), read(), after_s=0.3)
    assert chosen(walk(call, at_s=(1.0,), network=network)) == [[0, 1, 0, 1, 0, 1]]


def test_a_hedge_avoids_the_copy_on_all_of_its_own_way(walk):
    # The first attempt waits at copy 0; its hedge would by turns meet 1, 0, 1.
    network = copies(balancing="round_robin").failure(standing_still(0))
    some = WithProbability(p=1.0, then=read())
    run = walk(hedged(read(), read(), some), at_s=(1.0,), network=network)
    assert chosen(run) == [[0, 1, 1, 1]]


def test_what_a_hedge_begins_avoids_nothing(walk):
    for inside in (ForEach(count=ConstantCount(count=1), body=read()), Call(steps=read())):
        network = copies(balancing="round_robin").failure(standing_still(0))
        run = walk(hedged(read(), inside), at_s=(1.0,), network=network)
        assert chosen(run) == [[0, 1, 0]]


def test_a_copy_that_is_named_is_asked_again(walk):
    for replica in (0, "primary"):
        network = copies().failure(standing_still(0))
        run = walk(hedged(read(replica=replica)), at_s=(1.0,), network=network)
        assert chosen(run) == [[0, 0]]


def test_a_hedge_beside_a_write_that_waits_for_its_copies_avoids_the_primary(walk):
    network = copies(balancing="round_robin", servers=9).failure(standing_still(1))
    write = Write(station="a", work=law(0.1), acks=2)
    first = Attribute(name="is_first")
    steps = (WithProbability(p=first, then=write), read())
    run = walk(hedged(*steps), at_s=(1.0,), network=network, attributes={"is_first": [1.0]})
    assert chosen(run)[0][:4] == [0, 1, 0, 1]


def test_a_refused_hedge_leaves_the_first_attempt_under_way(walk, ends):
    network = copies(balancing="round_robin", queue=Queue(limit=0), noticed_after_s=1e6)
    run = walk(hedged(read(1.0)), at_s=(1.0,), network=network.failure(crash(1)))
    assert chosen(run) == [[0, 1]]
    assert ends(run) == [(DONE, 2.0)]
