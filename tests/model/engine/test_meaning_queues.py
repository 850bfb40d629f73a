"""Who waits at a station, who is refused, who is next, and what is served together."""

import numpy as np
import pytest

from model.engine.codes import Outcome
from model.engine.network import Network
from model.engine.parts import Batching, Queue
from model.world.attributes import Attribute
from model.world.counts import ConstantCount
from model.world.journeys import Batch, Call, Delay, ForEach, Hold, Journey, Visit
from model.world.laws import Constant

DONE, REFUSED, EXPIRED = Outcome.DONE, Outcome.REFUSED, Outcome.EXPIRED


def second(value=1.0):
    return Constant(value=value)


def visit(station, work_s, **more):
    return Visit(station=station, work=second(work_s), **more)


def each(count, body, **more):
    return ForEach(count=ConstantCount(count=count), body=body, **more)


def station(**how):
    return Network().station("a", **how)


def done_s(run):
    return run.requests.done_s.tolist()


WORK = Visit(station="a", work=Attribute(name="work"))


def test_who_finds_the_queue_full_is_refused(walk, ends):
    network = station(queue=Queue(limit=1))
    run = walk(visit("a", 2.0), at_s=(0.0, 0.5, 1.0, 2.0), network=network)
    assert ends(run) == [(DONE, 2.0), (DONE, 4.0), (REFUSED, 1.0), (DONE, 6.0)]
    assert run.failures("walk") == {REFUSED: 1, EXPIRED: 0, Outcome.LOST: 0}


def test_a_refused_visit_is_counted_and_stays_no_time(walk):
    run = walk(visit("a", 2.0), at_s=(0.0, 0.5), network=station(queue=Queue(limit=0)))
    members = run.members
    assert (members.arrived[0], members.done[0], members.refused[0]) == (2, 1, 1)
    assert (members.stay_s[0], members.present_s[0], members.waited_s[0]) == (2.0, 2.0, 0.0)
    assert members.worked_s[0] == 2.0
    assert run.visits.outcome.tolist() == [DONE, REFUSED]
    assert np.isnan(run.visits.started_s).tolist() == [False, True]
    assert run.visits.done_s.tolist() == [2.0, 0.5]


def test_the_newest_is_served_first_while_more_than_so_many_wait(walk):
    network = station(queue=Queue(order="lifo", lifo_above=2))
    run = walk(visit("a", 2.0), at_s=(0.0, 0.1, 0.2, 0.3), network=network)
    # Three wait: the fourth goes first; two are not too many, so these go in order.
    assert done_s(run) == [2.0, 6.0, 8.0, 4.0]


def served_by(order, arrivals, simulate, work_s=2.0):
    """When (instant, priority) arrivals at one server end."""
    network = station(queue=Queue(order=order))
    for number, (at_s, priority) in enumerate(arrivals):
        step = visit("a", work_s, priority=priority)
        network.journey(Journey(name=str(number), steps=step)).recorded(str(number), at_s=[at_s])
    run = simulate(network.build(), seed=1, until_s=100)
    return run.requests.done_s[np.argsort(run.requests.journey)].tolist(), run


def test_the_most_urgent_is_served_first_but_interrupts_nobody(simulate):
    arrivals = [(0.0, 7), (0.1, 7), (0.2, 3), (0.3, 3), (0.4, 0)]
    ended_s, _ = served_by("priority", arrivals, simulate)
    assert ended_s == [2.0, 10.0, 6.0, 8.0, 4.0]


def test_who_is_less_urgent_gives_way_and_resumes_before_others_of_its_class(simulate):
    ended_s, run = served_by("preemptive", [(0.0, 7), (0.5, 7), (1.0, 3)], simulate)
    assert ended_s == [4.0, 6.0, 3.0]
    first = run.visits.request == 0
    assert run.visits.started_s[first].tolist() == [0.0]
    assert run.members.waited_s.tolist() == [0.0 + 3.5 + 0.0]


def test_who_is_as_urgent_does_not_give_way(simulate):
    ended_s, _ = served_by("preemptive", [(0.0, 3), (1.0, 3)], simulate)
    assert ended_s == [2.0, 4.0]


def test_the_last_begun_of_the_least_urgent_gives_way(simulate):
    network = Network().station("a", servers=3, queue=Queue(order="preemptive"))
    for number, (at_s, priority) in enumerate([(0.0, 5), (0.25, 5), (0.5, 4), (1.0, 0)]):
        step = visit("a", 2.0, priority=priority)
        network.journey(Journey(name=str(number), steps=step)).recorded(str(number), at_s=[at_s])
    run = simulate(network.build(), seed=1, until_s=100)
    # The second has 1.25 s left when a server is free at 2.0.
    assert done_s(run) == [2.0, 3.25, 2.5, 3.0]


def test_who_was_preempted_goes_back_to_a_full_queue(simulate):
    network = Network().station("a", queue=Queue(order="preemptive", limit=0))
    for name, at_s, priority in (("slow", 0.0, 7), ("fast", 1.0, 0)):
        step = visit("a", 2.0, priority=priority)
        network.journey(Journey(name=name, steps=step)).recorded(name, at_s=[at_s])
    run = simulate(network.build(), seed=1, until_s=100)
    assert done_s(run) == [4.0, 3.0]


def called(deadline_s, **more):
    return Call(steps=WORK, deadline=second(deadline_s), **more)


@pytest.mark.parametrize(("drops", "ended"), [(False, 2), (True, 1)])
def test_a_station_may_drop_who_waited_beyond_the_deadline(walk, ends, drops, ended):
    network = station(queue=Queue(drop_expired=drops))
    run = walk(called(1.5), at_s=(0.0, 0.25), attributes={"work": [2.0, 1.0]}, network=network)
    assert ends(run) == [(EXPIRED, 1.5), (EXPIRED, 1.75)]
    assert run.members.done.tolist() == [ended]
    assert run.members.dropped.tolist() == [2 - ended]


def test_who_is_taken_up_just_at_the_deadline_is_not_dropped(walk):
    network = station(queue=Queue(drop_expired=True))
    run = walk(called(2.0), at_s=(0.0, 0.0), attributes={"work": [2.0, 1.0]}, network=network)
    assert run.members.dropped.tolist() == [0]


def test_a_call_that_cancels_is_dropped_by_any_station(walk):
    network = station()
    call = called(1.5, cancels=True)
    run = walk(call, at_s=(0.0, 0.25), attributes={"work": [2.0, 1.0]}, network=network)
    assert run.members.done.tolist() == [1]
    assert run.members.dropped.tolist() == [1]
    assert run.visits.outcome.tolist() == [DONE, EXPIRED]
    assert run.visits.done_s.tolist() == [2.0, 2.0]


def test_a_server_takes_several_that_wait_at_once_and_they_end_together(walk, sojourns):
    network = station(batching=Batching(limit=3, overhead=second(0.5)))
    run = walk(visit("a", 1.0), at_s=(0.0, 0.1, 0.2, 0.3, 0.4), network=network)
    assert sojourns(run, "a") == [
        (0.0, 0.0, 1.5), (0.1, 1.5, 5.0), (0.2, 1.5, 5.0), (0.3, 1.5, 5.0), (0.4, 5.0, 6.5)
    ]  # fmt: skip
    assert run.members.worked_s.tolist() == [5.0]  # the overhead is nobody's


def test_a_batch_goes_on_in_the_order_in_which_it_was_taken(walk):
    network = station(batching=Batching(limit=9)).station("b")
    run = walk((visit("a", 1.0), visit("b", 1.0)), at_s=(0.0, 0.1, 0.2, 0.3), network=network)
    assert done_s(run) == [2.0, 5.0, 6.0, 7.0]


def test_the_work_of_items_is_a_base_and_so_much_for_each(walk):
    step = Batch(station="a", base=second(0.5), per_item=second(0.25), count=ConstantCount(count=6))
    run = walk(step, network=station())
    assert done_s(run) == [2.0]
    by_attribute = Batch(
        station="a", base=second(0.5), per_item=second(0.25), count=Attribute(name="items")
    )
    run = walk(by_attribute, network=station(), attributes={"items": [2]})
    assert done_s(run) == [1.0]


def test_a_polling_station_begins_services_at_multiples_only(walk, sojourns):
    network = station(servers=2, batching=Batching(limit=1, poll_s=1.0))
    run = walk(visit("a", 1.25), at_s=(0.5, 0.75, 0.8, 4.0), network=network)
    # Two begin at 1; who waits when they end at 2.25 begins at 3; who comes at 4, then.
    assert sojourns(run, "a") == [
        (0.5, 1.0, 2.25), (0.75, 1.0, 2.25), (0.8, 3.0, 4.25), (4.0, 4.0, 5.25)
    ]  # fmt: skip


def test_a_polling_station_takes_all_that_wait_in_one_batch(walk, sojourns):
    network = station(batching=Batching(limit=100, poll_s=1.0))
    run = walk(visit("a", 0.1), at_s=(0.25, 0.5, 0.75), network=network)
    assert [done for _, _, done in sojourns(run, "a")] == pytest.approx([1.3] * 3)


def test_a_polling_station_refuses_by_its_limit_even_if_a_server_is_free(walk, ends):
    network = station(queue=Queue(limit=1), batching=Batching(limit=1, poll_s=1.0))
    run = walk(visit("a", 0.5), at_s=(0.25, 0.5), network=network)
    assert ends(run) == [(DONE, 1.5), (REFUSED, 0.5)]


def test_a_hold_keeps_its_server_from_others_while_the_steps_inside_last(walk, sojourns):
    hold = Hold(station="a", steps=(visit("b", 1.0), Delay(time=second(1.0))))
    run = walk((hold, visit("b", 1.0)), at_s=(0.0, 0.5), network=station().station("b"))
    assert sojourns(run, "a") == [(0.0, 0.0, 2.0), (0.5, 2.0, 4.0)]
    # The second hold begins before the first walk goes on, and so does its visit.
    assert sojourns(run, "b") == [
        (0.0, 0.0, 1.0), (2.0, 2.0, 3.0), (2.0, 3.0, 4.0), (4.0, 4.0, 5.0)
    ]  # fmt: skip
    assert run.visits.work_s[run.visits_of("a")].tolist() == [0.0, 0.0]
    assert run.members.worked_s.tolist() == [0.0, 4.0]


def test_who_was_served_goes_on_after_the_next_has_begun(simulate):
    network = station().station("b")
    visitor = Journey(name="visitor", steps=(visit("a", 1.0), visit("b", 1.0)))
    holder = Journey(name="holder", steps=Hold(station="a", steps=visit("b", 1.0)))
    network.journey(visitor).recorded("visitor", at_s=[0.0])
    network.journey(holder).recorded("holder", at_s=[0.5])
    run = simulate(network.build(), seed=1, until_s=9)
    assert done_s(run) == [3.0, 2.0]


def test_a_hold_fails_like_the_steps_inside_and_gives_its_server_back(walk, ends):
    network = station().station("b", queue=Queue(limit=0))
    network.journey(Journey(name="blocker", steps=visit("b", 99.0))).recorded("blocker", at_s=[0.0])
    hold = Hold(station="a", steps=(Delay(time=second(1.0)), visit("b", 5.0)))
    run = walk((hold, Delay(time=second(1.0))), at_s=(0.0, 0.5), network=network)
    assert ends(run) == [(REFUSED, 1.0), (REFUSED, 2.0)]
    assert run.members.done[0] == 2


def test_holds_and_visits_share_the_servers_of_a_station(walk, sojourns):
    steps = (Hold(station="a", steps=Delay(time=second(1.0))), visit("a", 2.0))
    run = walk(steps, at_s=(0.0, 0.0), network=station())
    assert [done for _, _, done in sojourns(run, "a")] == [1.0, 2.0, 4.0, 6.0]


def test_twenty_thousand_who_waited_too_long_fail_at_once(walk):
    network = station(queue=Queue(drop_expired=True))
    at_s = np.linspace(0.0, 0.5, 20_001)
    works = np.append(10.0, np.ones(20_000))
    run = walk(called(1.0), at_s=at_s, attributes={"work": works}, network=network)
    assert run.members.dropped.tolist() == [20_000]


def test_twenty_thousand_who_hold_for_no_time_follow_one_another_at_once(walk):
    network = station().station("b", queue=Queue(limit=0))
    hold = Hold(station="a", steps=visit("b", 10.0))
    network.journey(Journey(name="blocker", steps=visit("b", 99.0))).recorded("blocker", at_s=[0.0])
    first = Hold(station="a", steps=Delay(time=second(1.0)))
    network.journey(Journey(name="first", steps=first)).recorded("first", at_s=[0.0])
    run = walk(hold, at_s=np.full(20_000, 0.5), network=network)
    assert run.failures("walk") == {REFUSED: 20_000, EXPIRED: 0, Outcome.LOST: 0}
    mine = run.requests.journey == run.program.journeys.index("walk")
    assert np.unique(run.requests.done_s[mine]).tolist() == [1.0]
