"""What becomes of visits and holds when members crash, slow down, pause, or change in size."""

import pytest

from model.engine.codes import Outcome
from model.engine.network import Network
from model.engine.parts import Batching, Queue
from model.world.failures import Crash, HostSlowDown, Once, Resize, SlowDown, ZoneLoss
from model.world.journeys import AllOf, Call, Delay, Emit, Hold, Journey, Visit
from model.world.laws import Constant

DONE, REFUSED, EXPIRED, LOST = Outcome.DONE, Outcome.REFUSED, Outcome.EXPIRED, Outcome.LOST


def law(value):
    return Constant(value=value)


def visit(station, work_s, **more):
    return Visit(station=station, work=law(work_s), **more)


def pause(time_s):
    return Delay(time=law(time_s))


def crashing(at_s, for_s, on_crash, **how):
    """A station "a" that is down once."""
    crash = Crash(station="a", when=Once(at_s=at_s, for_s=for_s))
    return Network().station("a", on_crash=on_crash, **how).failure(crash)


def done_s(run):
    return run.requests.done_s.tolist()


def test_what_is_at_a_member_that_crashes_is_lost_and_who_comes_is_refused(walk, ends):
    at_s = (0.0, 0.5, 2.0, 3.0)
    run = walk(visit("a", 1.5), at_s=at_s, network=crashing(1.0, 2.0, "lost"))
    assert ends(run) == [(LOST, 1.0), (LOST, 1.0), (REFUSED, 2.0), (DONE, 4.5)]
    members = run.members
    assert (members.arrived[0], members.lost[0], members.refused[0], members.done[0]) == (
        4,
        2,
        1,
        1,
    )
    assert run.visits.outcome.tolist() == [LOST, LOST, REFUSED, DONE]
    assert members.worked_s.tolist() == [1.5]
    assert members.stay_s.tolist() == [1.0 + 0.5 + 1.5]


def test_a_service_that_would_end_at_the_crash_is_lost(walk, ends):
    run = walk(visit("a", 1.0), network=crashing(1.0, 1.0, "lost"))
    assert ends(run) == [(LOST, 1.0)]


@pytest.mark.parametrize(("on_crash", "ended_s"), [("restart", [5.0, 7.0]), ("resume", [4.0, 6.0])])
def test_work_begins_anew_or_goes_on_after_the_repair(walk, sojourns, on_crash, ended_s):
    run = walk(visit("a", 2.0), at_s=(0.0, 2.0), network=crashing(1.0, 2.0, on_crash))
    assert done_s(run) == ended_s
    assert [started for _, started, _ in sojourns(run, "a")] == [0.0, ended_s[0]]
    assert run.members.waited_s.tolist() == [ended_s[0] - 2.0]


def test_who_was_in_service_is_before_those_who_waited_in_order_of_beginning(walk):
    network = crashing(1.0, 1.0, "restart", servers=2)
    network.failure(Resize(station="a", servers=1, at_s=1.5))
    run = walk(visit("a", 2.0), at_s=(0.0, 0.25, 0.5), network=network)
    assert done_s(run) == [4.0, 6.0, 8.0]


def test_the_queue_of_a_member_that_is_down_has_its_limit_but_not_for_who_was_in_service(
    walk, ends
):
    network = crashing(1.0, 1.0, "restart", queue=Queue(limit=1))
    run = walk(visit("a", 3.0), at_s=(0.0, 0.5, 1.5), network=network)
    assert ends(run) == [(DONE, 5.0), (DONE, 8.0), (REFUSED, 1.5)]


def test_a_batch_comes_apart_in_a_crash(walk, sojourns):
    network = crashing(2.0, 1.0, "resume", batching=Batching(limit=2, overhead=law(0.5)))
    run = walk(visit("a", 1.0), at_s=(0.0, 0.1, 0.2, 0.3), network=network)
    # 0-1.5 alone; then two from 1.5, which begin anew at 3 (all of 2.5 s); then the last.
    assert [done for _, _, done in sojourns(run, "a")] == [1.5, 5.5, 5.5, 7.0]


@pytest.mark.parametrize("on_crash", ["lost", "restart", "resume"])
def test_a_hold_is_lost_in_any_crash_and_the_steps_inside_go_on_unheeded(walk, ends, on_crash):
    network = crashing(1.0, 1.0, on_crash).station("b")
    network.journey(Journey(name="mark", steps=pause(0.0)))
    hold = Hold(station="a", steps=(visit("b", 3.0), Emit(journey="mark")))
    run = walk(hold, network=network)
    assert ends(run) == [(LOST, 1.0)]
    assert run.requests.arrived_s.tolist() == [0.0, 3.0]
    assert run.members.lost.tolist() == [1, 0]


def test_who_waits_to_hold_waits_for_the_repair_where_visits_do(walk, ends):
    network = crashing(1.0, 1.0, "resume")
    run = walk(Hold(station="a", steps=pause(3.0)), at_s=(0.0, 0.5), network=network)
    assert ends(run) == [(LOST, 1.0), (DONE, 5.0)]


def test_whoever_is_lost_is_lost_before_any_of_them_tries_again(walk, ends):
    call = Call(steps=visit("a", 5.0), retries=1)
    run = walk(call, at_s=(0.0, 0.1), network=crashing(1.0, 1.0, "lost"))
    assert ends(run) == [(REFUSED, 1.0), (REFUSED, 1.0)]
    assert run.visits.outcome.tolist() == [LOST, LOST, REFUSED, REFUSED]


def test_a_member_is_up_when_no_crash_holds_it_down(walk):
    network = crashing(1.0, 2.0, "restart")
    network.failure(Crash(station="a", when=Once(at_s=2.0, for_s=2.0)))
    assert done_s(walk(visit("a", 2.0), network=network)) == [6.0]


def test_what_stands_in_a_lost_zone_is_down(walk):
    network = Network().zones(2).station("a", replicas=2, on_crash="resume")
    network.failure(ZoneLoss(zone=1, when=Once(at_s=1.0, for_s=4.0)))
    run = walk(AllOf(branches=(visit("a", 2.0), visit("a", 2.0, replica=1))), network=network)
    assert run.visits.done_s.tolist() == [2.0, 6.0]


def slow(factor, at_s=1.0, for_s=2.0, **how):
    failure = SlowDown(station="a", factor=factor, when=Once(at_s=at_s, for_s=for_s))
    return Network().station("a", **how).failure(failure)


@pytest.mark.parametrize(("factor", "ended_s"), [(0.5, 3.0), (0.25, 3.5), (2.0, 1.5), (0.0, 4.0)])
def test_a_change_of_speed_counts_at_once_for_what_is_in_service(walk, factor, ended_s):
    assert done_s(walk(visit("a", 2.0), network=slow(factor))) == [ended_s]


def test_slow_downs_that_overlap_multiply(walk):
    network = slow(0.5, at_s=0.0, for_s=8.0)
    network.failure(SlowDown(station="a", factor=0.5, when=Once(at_s=2.0, for_s=4.0)))
    assert done_s(walk(visit("a", 3.0), network=network)) == [8.0]


def test_services_begin_in_a_pause_but_do_not_advance(walk, sojourns):
    run = walk(visit("a", 1.0), at_s=(1.5, 1.75), network=slow(0.0))
    assert sojourns(run, "a") == [(1.5, 1.5, 4.0), (1.75, 4.0, 5.0)]


def test_who_is_preempted_in_a_pause_keeps_what_was_left(simulate):
    network = slow(0.0, queue=Queue(order="preemptive"))
    for name, at_s, priority in (("slow", 0.0, 7), ("fast", 2.0, 0)):
        step = visit("a", 2.0, priority=priority)
        network.journey(Journey(name=name, steps=step)).recorded(name, at_s=[at_s])
    assert done_s(simulate(network.build(), seed=1, until_s=99)) == [6.0, 5.0]


def test_a_paused_member_leaves_the_cores_of_its_host_to_others(simulate):
    network = Network().host("box", cores=1).station("a", host="box").station("b", host="box")
    network.failure(SlowDown(station="a", factor=0.0, when=Once(at_s=1.0, for_s=1.0)))
    for name in ("a", "b"):
        network.journey(Journey(name=name, steps=visit(name, 2.0))).recorded(name, at_s=[0.0])
    # Half a second each until 1; then b alone until 2, when it has half a second left.
    assert done_s(simulate(network.build(), seed=1, until_s=99)) == [4.0, 3.0]


@pytest.mark.parametrize(("factor", "ended_s"), [(0.5, 4.0), (0.0, 5.0)])
def test_a_slow_host_slows_all_that_is_on_it(walk, factor, ended_s):
    network = Network().host("box", cores=1).station("a", host="box")
    network.failure(HostSlowDown(host="box", factor=factor, when=Once(at_s=1.0, for_s=2.0)))
    assert done_s(walk(visit("a", 3.0), network=network)) == [ended_s]


def test_more_servers_serve_at_once_and_fewer_end_first_what_they_do(walk):
    network = Network().station("a", servers=1)
    network.failure(Resize(station="a", servers=3, at_s=1.0))
    network.failure(Resize(station="a", servers=1, at_s=2.0))
    run = walk(visit("a", 4.0), at_s=(0.0, 0.25, 0.5, 0.75), network=network)
    assert done_s(run) == [4.0, 5.0, 5.0, 9.0]


def test_without_servers_all_wait(walk, ends):
    network = Network().station("a", queue=Queue(limit=1))
    network.failure(Resize(station="a", servers=0, at_s=1.0))
    network.failure(Resize(station="a", servers=1, at_s=5.0))
    run = walk(visit("a", 0.5), at_s=(2.0, 3.0), network=network)
    assert ends(run) == [(DONE, 5.5), (REFUSED, 3.0)]


def test_after_a_repair_a_polling_station_begins_at_its_next_poll(walk):
    network = crashing(0.25, 0.5, "restart", batching=Batching(limit=1, poll_s=2.0))
    assert done_s(walk(visit("a", 0.25), at_s=(0.1, 0.5), network=network)) == [2.25, 4.25]


def test_a_crash_comes_before_an_arrival_and_a_repair_too(walk, ends):
    run = walk(visit("a", 0.5), at_s=(1.0, 3.0), network=crashing(1.0, 2.0, "lost"))
    assert ends(run) == [(REFUSED, 1.0), (DONE, 3.5)]
