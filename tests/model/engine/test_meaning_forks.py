"""When forks of which not all legs are needed, or some fail, are over."""

import pytest

from model.engine.codes import Outcome
from model.engine.network import Network
from model.engine.parts import Queue
from model.world.counts import ConstantCount
from model.world.journeys import AllOf, Call, Delay, Emit, ForEach, Journey, Visit, Write
from model.world.laws import Constant

REFUSED, DONE, EXPIRED = Outcome.REFUSED, Outcome.DONE, Outcome.EXPIRED


def visit(station, work_s, **more):
    return Visit(station=station, work=Constant(value=work_s), **more)


def pause(time_s):
    return Delay(time=Constant(value=time_s))


def each(count, body, **more):
    return ForEach(count=ConstantCount(count=count), body=body, **more)


def marks():
    """A journey whose requests count how often it was emitted."""
    return Network().journey(Journey(name="mark", steps=pause(0.0)))


def emitted(run):
    return len(run.latencies_s("mark"))


MARK = Emit(journey="mark")


def no_room():
    """A station that serves one visit and refuses all others."""
    return Network().station("a", queue=Queue(limit=0))


@pytest.mark.parametrize(("need", "latency_s"), [(None, 3.0), (3, 3.0), (2, 2.0), (1, 1.0)])
def test_a_fork_goes_on_when_enough_branches_have_succeeded(walk, need, latency_s):
    branches = (pause(3.0), pause(1.0), pause(2.0))
    run = walk(AllOf(branches=branches, need=need))
    assert run.latencies_s("walk").tolist() == [latency_s]


def test_branches_that_are_not_needed_any_more_go_on_unheeded(walk, ends):
    branches = (pause(1.0), (pause(2.0), MARK, visit("a", 3.0)))
    run = walk(AllOf(branches=branches, need=1), network=marks().station("a"))
    assert ends(run) == [(DONE, 1.0)]
    assert run.visits.done_s.tolist() == [5.0]
    assert emitted(run) == 1


def test_if_there_are_fewer_legs_than_needed_all_are(walk):
    run = walk((each(2, pause(1.0), need=5, at_once=1), each(0, pause(1.0), need=1)))
    assert run.latencies_s("walk").tolist() == [2.0]


def test_a_fork_that_needs_nobody_goes_on_once_all_that_may_begin_have_begun(walk):
    steps = (each(10, (MARK, pause(1.0)), need=0, at_once=3), visit("a", 0.5))
    run = walk(steps, network=marks().station("a"))
    assert run.latencies_s("walk").tolist() == [0.5]
    assert emitted(run) == 3


def test_a_fork_that_needs_nobody_begins_all_legs_that_take_no_time(walk):
    run = walk(each(10, MARK, need=0, at_once=1), network=marks())
    assert emitted(run) == 10


def test_legs_that_may_begin_together_do_though_one_of_them_decides_the_fork(walk):
    assert emitted(walk(each(10, MARK, need=4), network=marks())) == 10


def test_of_legs_in_turns_no_more_begin_once_the_fork_is_decided(walk):
    assert emitted(walk(each(10, MARK, need=4, at_once=3), network=marks())) == 4


def test_legs_that_have_not_begun_when_enough_have_succeeded_never_do(walk):
    run = walk((each(10, (pause(1.0), MARK), need=2, at_once=1), pause(9.0)), network=marks())
    assert run.latencies_s("walk").tolist() == [11.0]
    assert emitted(run) == 2


def test_a_fork_fails_as_soon_as_too_few_legs_are_left(walk, ends):
    # The first leg is served, the others are refused: three may not fail, and all have begun.
    run = walk((each(5, visit("a", 1.0), need=3), pause(1.0)), network=no_room())
    assert ends(run) == [(REFUSED, 0.0)]
    assert run.members.arrived.tolist() == [5]
    assert run.members.done.tolist() == [1]


def test_a_fork_of_which_some_fail_succeeds_with_those_it_needs(walk, ends):
    run = walk(each(5, visit("a", 1.0), need=1), network=no_room())
    assert ends(run) == [(DONE, 1.0)]


def test_legs_in_turns_begin_no_more_after_the_first_failure(walk, ends):
    run = walk(each(5, visit("a", 1.0), at_once=2), network=no_room())
    assert ends(run) == [(REFUSED, 0.0)]
    assert run.members.arrived.tolist() == [2]


def test_a_fork_fails_like_the_leg_that_failed_last(walk, ends):
    late = Call(steps=pause(9.0), deadline=Constant(value=1.0))
    refused = AllOf(branches=(visit("a", 5.0), visit("a", 5.0)))
    run = walk(AllOf(branches=(late, refused), need=1), network=no_room())
    assert ends(run) == [(EXPIRED, 1.0)]


@pytest.mark.parametrize(("acks", "latency_s"), [(1, 1.0), (2, 2.0), (3, 2.0)])
def test_a_write_is_told_of_the_primary_first_and_then_of_as_many_copies(walk, acks, latency_s):
    write = Write(station="a", work=Constant(value=1.0), acks=acks)
    run = walk(write, network=Network().station("a", replicas=3))
    assert run.latencies_s("walk").tolist() == [latency_s]
    assert run.visits.member.tolist() == [0, 1, 2]
    assert run.visits.done_s.tolist() == [1.0, 2.0, 2.0]


def test_what_is_emitted_takes_its_first_steps_before_the_emitters_next(walk):
    network = Network().station("a").journey(Journey(name="other", steps=visit("a", 1.0)))
    run = walk((Emit(journey="other"), visit("a", 1.0)), network=network)
    assert run.latencies_s("other").tolist() == [1.0]
    assert run.latencies_s("walk").tolist() == [2.0]
