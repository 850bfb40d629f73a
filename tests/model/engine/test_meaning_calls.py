"""Deadlines, retries, budgets and hedges, on times that can be worked out by hand."""

import numpy as np
import pytest

from model.engine.codes import Outcome
from model.engine.network import Network
from model.engine.parts import Queue
from model.world.attributes import Attribute
from model.world.counts import ConstantCount
from model.world.journeys import (
    AllOf,
    Backoff,
    Budget,
    Call,
    Delay,
    Emit,
    ForEach,
    Hold,
    Journey,
    Visit,
)
from model.world.laws import Constant, Exponential

DONE, REFUSED, EXPIRED = Outcome.DONE, Outcome.REFUSED, Outcome.EXPIRED


def law(value):
    return Constant(value=value)


def pause(time_s):
    return Delay(time=law(time_s))


def visit(station, work_s=1.0, **more):
    return Visit(station=station, work=law(work_s), **more)


MARK = Emit(journey="mark")


def test_an_attempt_is_given_up_at_its_deadline_and_its_work_goes_on(walk, ends):
    run = walk(Call(steps=visit("a", 3.0), deadline=law(1.0)), network=Network().station("a"))
    assert ends(run) == [(EXPIRED, 1.0)]
    assert run.visits.done_s.tolist() == [3.0]
    assert run.requests.attempts.tolist() == [1]


def test_a_service_that_ends_exactly_at_the_deadline_is_in_time(walk, ends):
    run = walk(Call(steps=visit("a", 1.0), deadline=law(1.0)), network=Network().station("a"))
    assert ends(run) == [(DONE, 1.0)]
    run = walk(Call(steps=pause(1.0), deadline=law(1.0)))
    assert ends(run) == [(DONE, 1.0)]


def test_the_deadline_may_be_an_attribute(walk, ends):
    call = Call(steps=pause(2.0), deadline=Attribute(name="limit"))
    run = walk(call, at_s=(0.0, 0.0), attributes={"limit": [1.0, 3.0]})
    assert ends(run) == [(EXPIRED, 1.0), (DONE, 2.0)]


def test_without_a_deadline_a_call_waits(walk, ends):
    assert ends(walk(Call(steps=pause(50.0)))) == [(DONE, 50.0)]


def test_a_call_that_cancels_takes_no_further_step_after_its_deadline(walk, ends, marks, began_s):
    for cancels, marked in ((False, [3.0]), (True, [])):
        call = Call(steps=(pause(3.0), MARK), deadline=law(1.0), cancels=cancels)
        run = walk(call, network=marks())
        assert ends(run) == [(EXPIRED, 1.0)]
        assert began_s(run) == marked


def test_a_step_that_begins_exactly_at_the_deadline_is_taken(walk, marks, began_s):
    inside = Call(steps=(pause(1.0), MARK, pause(1.0), MARK), deadline=law(1.0), cancels=True)
    assert began_s(walk(inside, network=marks())) == [1.0]


def test_what_was_served_too_late_for_a_call_that_cancels_fails_at_its_end(walk, marks, began_s):
    # The fork inside goes on after its deadline, and its walk ends there: the outer hears nothing.
    inside = AllOf(branches=(pause(2.0), pause(0.5)), need=2)
    call = Call(steps=(inside, MARK), deadline=law(1.0), cancels=True)
    assert began_s(walk(call, network=marks())) == []


def test_deadlines_of_calls_that_cancel_travel_through_those_that_do_not(
    walk, ends, marks, began_s
):
    inner = Call(steps=(pause(3.0), MARK), deadline=law(9.0))
    outer = Call(steps=inner, deadline=law(1.0), cancels=True)
    run = walk(outer, network=marks())
    assert ends(run) == [(EXPIRED, 1.0)]
    assert began_s(run) == []


@pytest.mark.parametrize("cancels", [False, True])
def test_of_deadlines_inside_one_another_the_earliest_counts(walk, ends, cancels, marks, began_s):
    network = marks().station("a", queue=Queue(drop_expired=True))
    inner = Call(steps=(visit("a", 2.0), MARK), deadline=law(5.0), cancels=cancels)
    outer = Call(steps=inner, deadline=law(1.0), cancels=cancels)
    run = walk(outer, at_s=(0.0, 0.5), network=network)
    assert ends(run) == [(EXPIRED, 1.0), (EXPIRED, 1.5)]
    assert (run.members.done[0], run.members.dropped[0]) == (1, 1)
    assert began_s(run) == ([] if cancels else [2.0])


def test_a_failed_attempt_is_tried_again_so_many_times(walk, ends, blocked, began_s):
    run = walk(Call(steps=(MARK, visit("a")), retries=3), at_s=(1.0,), network=blocked())
    assert ends(run) == [(REFUSED, 1.0)]
    assert began_s(run) == [1.0] * 4
    assert run.requests.attempts[run.requests.journey == run.requests.journey[1]].tolist() == [4]


def test_the_waits_before_retries_grow_up_to_a_cap(walk, ends, blocked, began_s):
    backoff = Backoff(base_s=1.0, factor=3.0, cap_s=5.0)
    call = Call(steps=(MARK, visit("a")), retries=4, backoff=backoff)
    run = walk(call, at_s=(1.0,), network=blocked())
    assert began_s(run) == [1.0, 2.0, 5.0, 10.0, 15.0]
    assert ends(run) == [(REFUSED, 15.0)]


def test_the_first_attempt_that_succeeds_is_the_answer(walk, ends, blocked):
    call = Call(steps=visit("a"), retries=9, backoff=Backoff(base_s=1.0, factor=1.0))
    run = walk((call, pause(1.0)), at_s=(0.5,), network=blocked(3.0, Network()))
    assert ends(run) == [(DONE, 5.5)]


def test_jitter_takes_a_part_of_the_wait_that_is_its_own_each_time(walk, blocked, began_s):
    call = Call(
        steps=(MARK, visit("a")),
        retries=126,
        backoff=Backoff(base_s=1.0, factor=1.0, jitter=True),
    )
    waits_s = np.diff(began_s(walk(call, at_s=(1.0,), network=blocked())))
    assert len(np.unique(waits_s)) == 126
    assert 0 < waits_s.min() < 0.1
    assert 0.9 < waits_s.max() < 1


def test_every_attempt_has_luck_of_its_own(walk):
    work = Visit(station="a", work=Exponential(mean=100.0))
    call = Call(steps=work, deadline=law(1e-6), retries=50)
    run = walk(call, network=Network().station("a", servers=100))
    assert len(np.unique(run.visits.work_s)) == len(np.unique(run.visits.attempt)) == 51


def test_a_timeout_begins_the_next_attempt_beside_the_old_one(walk, ends, sojourns):
    call = Call(steps=visit("a", 1.5), deadline=law(1.0), retries=1)
    run = walk(call, network=Network().station("a", servers=2))
    assert sojourns(run, "a") == [(0.0, 0.0, 1.5), (1.0, 1.0, 2.5)]
    assert ends(run) == [(EXPIRED, 2.0)]


@pytest.mark.parametrize(("deadline_s", "attempts"), [(2.0, 2), (2.5, 3)])
def test_no_retry_begins_at_or_after_the_deadline_of_the_calls_around(
    walk, ends, deadline_s, attempts, blocked, began_s
):
    inner = Call(steps=(MARK, visit("a")), retries=9, backoff=Backoff(base_s=1.0, factor=1.0))
    outer = Call(steps=inner, deadline=law(deadline_s))
    run = walk(outer, at_s=(1.0,), network=blocked())
    assert began_s(run) == [1.0, 2.0, 3.0][:attempts]
    assert ends(run) == [(REFUSED, float(attempts))]  # the inner call does not wait in vain


def test_a_budget_allows_retries_for_a_part_of_first_attempts(walk, blocked, began_s):
    call = Call(steps=(MARK, visit("a")), retries=5, budget=Budget(ratio=0.5))
    run = walk(call, at_s=np.arange(1.0, 11.0), network=blocked())
    # Every second first attempt brings the whole token that its own retry takes.
    assert began_s(run) == sorted([*range(1, 11), 2, 4, 6, 8, 10])


def test_a_budget_saves_so_much_and_no_more(walk, ends, marks, began_s):
    call = Call(steps=(MARK, visit("a")), retries=9, budget=Budget(ratio=1.0, burst=3.0))
    network = marks().station("a", queue=Queue(limit=0))
    network.journey(Journey(name="blocker", steps=visit("a", 99.0)))
    network.recorded("blocker", at_s=[50.0])
    run = walk(call, at_s=[*np.arange(10) * 2.0, 60.0], network=network)
    assert began_s(run)[10:] == [60.0] * 4


def test_a_hedge_begins_beside_an_attempt_that_does_not_answer(walk, ends, marks, began_s):
    work = Visit(station="a", work=law(2.0))
    call = Call(steps=(MARK, work), hedge_after=law(0.5))
    run = walk(call, network=marks().station("a", servers=2))
    assert began_s(run) == [0.0, 0.5]
    assert ends(run) == [(DONE, 2.0)]
    assert run.requests.attempts[0] == 2
    assert run.visits.done_s.tolist() == [2.0, 2.5]


def test_the_hedge_may_be_the_answer(walk, ends):
    # The first attempt waits behind a long queue, its hedge goes elsewhere.
    network = Network().station("a", members=2, balancing="round_robin")
    network.journey(Journey(name="blocker", steps=visit("a", 99.0))).recorded("blocker", at_s=[0.0])
    skip = Journey(name="skip", steps=visit("a", 0.0))
    network.journey(skip).recorded("skip", at_s=[0.5])
    run = walk(Call(steps=visit("a"), hedge_after=law(0.5)), at_s=(1.0,), network=network)
    assert ends(run) == [(DONE, 2.5)]


def test_no_hedge_begins_after_an_answer(walk, marks, began_s):
    call = Call(steps=(MARK, pause(1.0)), hedge_after=law(2.0))
    assert began_s(walk((call, pause(5.0)), network=marks())) == [0.0]


def test_a_round_fails_when_all_its_attempts_have(walk, ends, marks, began_s):
    # First and hedge end at their common deadline; the retry has a hedge of its own.
    call = Call(steps=(MARK, pause(9.0)), deadline=law(1.0), hedge_after=law(0.25), retries=1)
    run = walk(call, network=marks())
    assert began_s(run) == [0.0, 0.25, 1.0, 1.25]
    assert ends(run) == [(EXPIRED, 2.0)]


def test_a_hedge_that_fails_leaves_the_first_attempt_under_way(walk, ends, marks, began_s):
    network = marks().station("a", queue=Queue(limit=0))
    run = walk(Call(steps=(MARK, visit("a", 2.0)), hedge_after=law(0.5)), network=network)
    assert began_s(run) == [0.0, 0.5]
    assert ends(run) == [(DONE, 2.0)]


def test_many_retries_at_once_are_no_deeper_than_one(walk, ends, blocked):
    inner = Call(steps=visit("a"), retries=126)
    run = walk(Call(steps=inner, retries=20), at_s=(1.0,), network=blocked(network=Network()))
    assert ends(run) == [(REFUSED, 1.0)]
    assert run.requests.attempts[1] == 21 * (1 + 127)


def test_attempts_that_begin_after_the_request_ended_are_not_counted(walk):
    late = (pause(2.0), Call(steps=pause(1.0)))
    run = walk(AllOf(branches=(pause(1.0), late), need=1))
    assert run.requests.attempts.tolist() == [0]


def test_a_call_in_every_leg_is_a_call_of_its_own(walk, ends):
    call = Call(steps=visit("a", 1.0), deadline=law(2.5), retries=1)
    run = walk(
        ForEach(count=ConstantCount(count=3), body=call), network=Network().station("a"), until_s=9
    )
    # Served 0-1, 1-2, 2-3: the third is given up at 2.5, and tried again: 3-4.
    assert ends(run) == [(DONE, 4.0)]
    assert run.requests.attempts.tolist() == [4]


def test_a_hold_given_up_by_its_call_keeps_the_server_till_its_own_end(walk, sojourns):
    call = Call(steps=Hold(station="a", steps=pause(3.0)), deadline=law(1.0))
    run = walk(call, at_s=(0.0, 2.0), network=Network().station("a"))
    assert sojourns(run, "a") == [(0.0, 0.0, 3.0), (2.0, 3.0, 6.0)]


def test_what_attempts_emit_are_different_requests(walk, blocked):
    run = walk(Call(steps=(MARK, visit("a")), retries=3), at_s=(1.0,), network=blocked())
    assert len(np.unique(run.requests.uid)) == len(run.requests.uid)
