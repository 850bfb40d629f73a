"""Breakers, on times that can be worked out by hand."""

from model.engine.codes import Outcome
from model.world.journeys import Breaker, Call, Delay, Emit, Journey, Visit
from model.world.laws import Constant

REFUSED = Outcome.REFUSED


def visit(station, work_s=1.0):
    return Visit(station=station, work=Constant(value=work_s))


MARK = Emit(journey="mark")


BREAKER = Breaker(failures=2, open_s=5.0)


def test_a_breaker_opens_after_so_many_failures_and_tries_one_call_later(
    walk, ends, blocked, began_s
):
    call = Call(steps=(MARK, visit("a")), breaker=BREAKER)
    run = walk(call, at_s=(1.0, 2.0, 3.0, 6.9, 7.0, 8.0, 12.0), network=blocked())
    # Open from 2 to 7; the call at 7 fails, so open again until 12.
    assert began_s(run) == [1.0, 2.0, 7.0, 12.0]
    assert {outcome for outcome, _ in ends(run)} == {REFUSED}


def test_a_success_closes_the_breaker_and_forgets_the_failures(walk, blocked, began_s):
    call = Call(steps=(MARK, visit("a", 0.25)), breaker=BREAKER)
    network = blocked(until_s=6.5)
    again = Journey(name="again", steps=visit("a", 99.0))
    network.journey(again).recorded("again", at_s=[8.5])
    at_s = (1.0, 2.0, 3.0, 7.0, 8.0, 9.0, 10.0, 11.0)
    assert began_s(walk(call, at_s=at_s, network=network)) == [1.0, 2.0, 7.0, 8.0, 9.0, 10.0]


def test_a_half_open_breaker_refuses_all_but_the_one_on_trial(walk, ends, blocked, began_s):
    pause = Delay(time=Constant(value=1.0))
    call = Call(steps=(MARK, pause, visit("a")), breaker=Breaker(failures=1, open_s=2.0))
    run = walk(call, at_s=(0.0, 3.0, 3.5, 4.5), network=blocked(), until_s=5.0)
    # Fails at 1, open until 3; the trial fails at 4, so 3.5 and 4.5 are refused at once.
    assert began_s(run) == [0.0, 3.0]
    assert ends(run) == [(REFUSED, 1.0), (REFUSED, 4.0), (REFUSED, 3.5), (REFUSED, 4.5)]


def test_a_breaker_refuses_retries_too(walk, blocked, began_s):
    call = Call(steps=(MARK, visit("a")), retries=9, breaker=Breaker(failures=3, open_s=5.0))
    assert began_s(walk(call, at_s=(1.0,), network=blocked())) == [1.0] * 3
