"""What a call does when its last attempt has failed, on times that can be worked out by hand."""

import pytest

from model.engine.codes import Outcome
from model.engine.network import Network
from model.engine.parts import Queue
from model.engine.refusals import NetworkError
from model.world.counts import ConstantCount
from model.world.journeys import (
    AllOf,
    Backoff,
    Breaker,
    Budget,
    Call,
    Delay,
    Emit,
    ForEach,
    Hold,
    Journey,
    Link,
    Visit,
)
from model.world.laws import Constant

DONE, REFUSED, EXPIRED = Outcome.DONE, Outcome.REFUSED, Outcome.EXPIRED


def law(value):
    return Constant(value=value)


def pause(time_s):
    return Delay(time=law(time_s))


def visit(station, work_s=1.0, **more):
    return Visit(station=station, work=law(work_s), **more)


MARK = Emit(journey="mark")


def test_who_is_refused_does_something_else_and_goes_on(walk, ends, blocked, began_s):
    call = Call(steps=(visit("a"), pause(9.0)), otherwise=(MARK, pause(2.0)))
    run = walk((call, pause(1.0)), at_s=(1.0,), network=blocked())
    assert ends(run) == [(DONE, 4.0)]
    assert began_s(run) == [1.0]


def test_nothing_is_done_otherwise_where_the_call_succeeds(walk, ends, marks, began_s):
    call = Call(steps=visit("a"), deadline=law(5.0), otherwise=(MARK, pause(2.0)))
    run = walk((call, pause(1.0)), network=marks().station("a"))
    assert ends(run) == [(DONE, 2.0)]
    assert began_s(run) == []


def test_what_is_done_otherwise_begins_at_the_deadline_which_does_not_count_for_it(walk, ends):
    call = Call(steps=pause(9.0), deadline=law(1.0), cancels=True, otherwise=pause(5.0))
    assert ends(walk(call)) == [(DONE, 6.0)]


def test_an_attempt_that_ends_too_late_does_not_matter_any_more(walk, ends, marks, began_s):
    call = Call(steps=visit("a", 2.0), deadline=law(1.0), otherwise=(MARK, pause(5.0)))
    run = walk(call, network=marks().station("a"))
    assert ends(run) == [(DONE, 6.0)]
    assert run.visits.done_s.tolist() == [2.0]
    assert began_s(run) == [1.0]


def test_all_retries_come_first_and_it_is_none_of_the_attempts(walk, ends, blocked, began_s):
    call = Call(
        steps=(MARK, visit("a")), retries=2, backoff=Backoff(base_s=1.0), otherwise=(MARK, MARK)
    )
    run = walk(call, at_s=(1.0,), network=blocked())
    assert began_s(run) == [1.0, 2.0, 4.0, 4.0, 4.0]
    assert ends(run) == [(DONE, 4.0)]
    assert run.requests.attempts[run.requests.journey == 2].tolist() == [3]


def test_it_is_done_where_no_retry_is_left_in_the_budget(walk, ends, blocked):
    call = Call(steps=visit("a"), retries=9, budget=Budget(ratio=0.5), otherwise=pause(1.0))
    assert ends(walk(call, at_s=(1.0,), network=blocked(network=Network()))) == [(DONE, 2.0)]


def test_it_is_done_where_no_retry_would_be_in_time(walk, ends, blocked, began_s):
    call = Call(
        steps=visit("a"), retries=9, backoff=Backoff(base_s=5.0), otherwise=(MARK, pause(1.0))
    )
    run = walk(Call(steps=call, deadline=law(3.0)), at_s=(1.0,), network=blocked())
    assert began_s(run) == [1.0]
    assert ends(run) == [(DONE, 2.0)]


def test_it_is_done_while_the_breaker_is_open_and_tells_the_breaker_nothing(
    walk, ends, blocked, began_s
):
    breaker = Breaker(failures=1, open_s=5.0)
    call = Call(steps=(MARK, visit("a", 0.25)), breaker=breaker, otherwise=pause(0.5))
    run = walk(call, at_s=(1.0, 2.0, 5.9, 6.0, 7.0), network=blocked(until_s=3.0))
    # Open from 1 to 6, however well the rest went; the trial at 6 closes it.
    assert began_s(run) == [1.0, 6.0, 7.0]
    assert ends(run) == [(DONE, 1.5), (DONE, 2.5), (DONE, 6.4), (DONE, 6.25), (DONE, 7.25)]


def test_the_call_fails_as_that_fails_and_is_not_tried_again(walk, ends, blocked, began_s):
    inner = Call(steps=pause(9.0), deadline=law(1.0))
    call = Call(steps=visit("a"), retries=1, otherwise=(MARK, inner, MARK))
    run = walk(call, at_s=(1.0,), network=blocked())
    assert ends(run) == [(EXPIRED, 2.0)]
    assert began_s(run) == [1.0]


def test_its_failure_is_that_of_an_attempt_of_the_call_around_it(walk, ends, blocked, began_s):
    inner = Call(steps=pause(9.0), deadline=law(1.0), otherwise=(MARK, visit("a")))
    run = walk(Call(steps=inner, retries=2), network=blocked())
    assert began_s(run) == [1.0, 2.0, 3.0]
    assert ends(run) == [(REFUSED, 3.0)]


@pytest.mark.parametrize("cancels", [False, True])
def test_the_deadline_of_a_call_around_it_cuts_it_off(walk, ends, cancels, blocked, began_s):
    inner = Call(steps=visit("a"), otherwise=(pause(3.0), MARK))
    outer = Call(steps=inner, deadline=law(2.0), cancels=cancels)
    run = walk(outer, at_s=(1.0,), network=blocked())
    assert ends(run) == [(EXPIRED, 3.0)]
    assert began_s(run) == ([] if cancels else [4.0])


def test_it_drops_out_of_queues_by_the_deadline_of_the_call_around_only(walk):
    queue = Queue(drop_expired=True)
    inner = Call(steps=pause(9.0), deadline=law(1.0), otherwise=visit("b", 2.0))
    outer = Call(steps=inner, deadline=law(2.5))
    run = walk(outer, at_s=(0.0, 0.0), network=Network().station("b", queue=queue))
    # Both come to b at 1.0, and the second could begin at 3.0: too late for the outer call.
    assert (run.members.done[0], run.members.dropped[0]) == (1, 1)


def test_of_a_call_that_is_hedged_both_attempts_have_failed_before(walk, ends, blocked, began_s):
    call = Call(steps=(MARK, pause(1.0), visit("a")), hedge_after=law(0.5), otherwise=MARK)
    run = walk(call, at_s=(1.0,), network=blocked())
    assert began_s(run) == [1.0, 1.5, 2.5]
    assert ends(run) == [(DONE, 2.5)]


def test_of_the_legs_of_a_fork_each_does_it_for_itself(walk, ends):
    call = Call(steps=visit("a", 2.0), otherwise=visit("b"))
    fork = ForEach(count=ConstantCount(count=3), body=(call, pause(1.0)))
    network = Network().station("a", queue=Queue(limit=0)).station("b")
    run = walk(fork, network=network)
    # One leg is served at a until 2.0, the others at b until 1.0 and 2.0.
    assert ends(run) == [(DONE, 3.0)]
    assert sorted(run.visits.leg[run.visits_of("b")].tolist()) == [2, 3]


def test_it_may_fork_hold_and_call_like_any_other_steps(walk, ends, blocked):
    held = Hold(station="pool", steps=Call(steps=pause(1.0), deadline=law(3.0)))
    call = Call(steps=visit("a"), otherwise=(AllOf(branches=(held, held)), pause(1.0)))
    run = walk(call, at_s=(1.0,), network=blocked(network=Network()).station("pool"))
    assert ends(run) == [(DONE, 4.0)]


def test_calls_inside_it_are_as_many_inside_one_another_as_without_it(walk, ends, blocked):
    steps = pause(1.0)
    for depth in range(7):
        steps = Call(steps=steps, name=f"call{depth}")
    call = Call(steps=visit("a"), otherwise=steps)
    assert ends(walk(call, at_s=(1.0,), network=blocked(network=Network()))) == [(DONE, 2.0)]


def test_messages_may_be_lost_in_it_only_within_a_deadline_around_the_call():
    call = Call(steps=pause(9.0), deadline=law(1.0), otherwise=Link(link="wan"))
    network = Network().link("wan", rtt=0.0, loss=0.5).journey(Journey(name="walk", steps=call))
    network.recorded("walk", at_s=[0.0])
    with pytest.raises(NetworkError, match="walk/call/otherwise/wan: messages can be lost here"):
        network.build()
