"""What is added up for each member, on times that can be worked out by hand."""

import numpy as np
import pytest

from model.engine.codes import Outcome
from model.engine.network import Network
from model.engine.parts import Batching, Queue
from model.world.attributes import Attribute
from model.world.failures import Crash, Once, SlowDown
from model.world.journeys import Delay, Emit, Hold, Journey, Visit
from model.world.laws import Constant


def visit(station, work_s, **more):
    return Visit(station=station, work=Constant(value=work_s), **more)


def plain():
    return Network().station("a")


def eventful():
    """The same station, but one that must be watched, because something happens to it later."""
    pause = SlowDown(station="a", factor=0.0, when=Once(at_s=900.0, for_s=1.0))
    return Network().station("a").failure(pause)


@pytest.mark.parametrize("network", [plain, eventful])
def test_totals_are_of_all_that_happened_before_the_end(walk, network):
    # Served 0-2, 2-4 (1.5 s waited), 4-6 cut off at 5; the last has not begun.
    run = walk(visit("a", 2.0), at_s=(0.0, 0.5, 1.0, 4.5), network=network(), until_s=5.0)
    members = run.members
    assert bool(run.program.stations.plain[0]) is (network is plain)
    assert (members.arrived[0], members.done[0], members.present[0]) == (4, 2, 2)
    assert members.waited_s.tolist() == [0.0 + 1.5 + 3.0]
    assert members.worked_s.tolist() == [4.0]
    assert members.busy_s.tolist() == [5.0]
    assert members.stay_s.tolist() == [2.0 + 3.5 + 4.0 + 0.5]
    assert members.present_s.tolist() == [10.0]
    assert run.visits.outcome.tolist() == [Outcome.DONE] * 2 + [Outcome.UNDER_WAY] * 2
    assert np.isnan(run.visits.started_s).tolist() == [False, False, False, True]
    assert np.isnan(run.visits.done_s).tolist() == [False, False, True, True]


@pytest.mark.parametrize("network", [plain, eventful])
def test_what_would_begin_or_end_just_at_the_end_does_not(walk, network):
    run = walk(visit("a", 2.0), at_s=(0.0, 0.0), network=network(), until_s=2.0)
    assert (run.members.done[0], run.members.present[0]) == (0, 2)
    assert run.members.waited_s.tolist() == [0.0]
    assert run.requests.outcome.tolist() == [Outcome.UNDER_WAY] * 2


def test_all_who_arrived_are_accounted_for(walk):
    network = Network().station("a", queue=Queue(limit=2))
    run = walk(visit("a", 1.0), at_s=np.arange(40) / 4, network=network, until_s=8.0)
    members = run.members
    leaving = members.done + members.refused + members.dropped + members.lost
    assert members.arrived.tolist() == (leaving + members.present).tolist()
    assert members.refused[0] > 0
    assert members.stay_s == pytest.approx(members.present_s)


def busy_s(run):
    return run.members.busy_s.tolist()


def slowed(factor, **how):
    """A station that works at a share of its speed from 1 s to 11 s."""
    slow = SlowDown(station="a", factor=factor, when=Once(at_s=1.0, for_s=10.0))
    return Network().station("a", **how).failure(slow)


@pytest.mark.parametrize(("factor", "ends_s"), [(0.1, 11.0), (0.5, 3.0), (0.0, 12.0), (2.0, 1.5)])
def test_a_slow_member_is_busy_for_as_long_as_it_takes(walk, factor, ends_s):
    run = walk(visit("a", 2.0), network=slowed(factor))
    assert run.requests.done_s.tolist() == [ends_s]
    assert busy_s(run) == [ends_s]
    assert run.members.worked_s.tolist() == [2.0]


def test_work_that_a_crash_undoes_has_kept_a_server_busy(walk):
    for on_crash, until_s in (("lost", 1.5), ("restart", 1.5 + 2.0), ("resume", 2.0)):
        crash = Crash(station="a", when=Once(at_s=1.5, for_s=2.0))
        network = Network().station("a", on_crash=on_crash).failure(crash)
        assert busy_s(walk(visit("a", 2.0), network=network)) == [until_s]


def test_each_server_is_busy_by_itself_and_nobody_who_waits(walk):
    network = Network().station("a", servers=2, queue=Queue(limit=9))
    run = walk(visit("a", 2.0), at_s=(0.0, 0.0, 0.0), network=network)
    assert busy_s(run) == [6.0]


def test_a_server_that_is_held_is_busy(walk):
    hold = Hold(station="a", steps=Delay(time=Constant(value=3.0)))
    assert busy_s(walk(hold, network=Network().station("a"))) == [3.0]


def test_a_batch_keeps_one_server_busy(walk):
    network = Network().station("a", batching=Batching(limit=3, overhead=Constant(value=1.0)))
    run = walk(visit("a", 2.0), at_s=(0.0, 0.5, 1.0), network=network)
    assert busy_s(run) == [3.0 + 5.0]


def test_attributes_are_looked_up_through_the_request_that_emitted(walk):
    sized = Delay(time=Attribute(name="size"))
    network = Network().journey(Journey(name="emitted", steps=sized))
    network.journey(Journey(name="other", steps=Delay(time=Constant(value=1.0))))
    network.recorded("other", at_s=[5.0])
    steps = (Emit(journey="emitted"), sized)
    run = walk(steps, at_s=(0.0, 9.0), attributes={"size": [2.0, 3.0]}, network=network)
    assert run.attribute("size")[:2].tolist() == [2.0, 2.0]
    assert np.isnan(run.attribute("size")[2])
    assert run.attribute("size")[3:].tolist() == [3.0, 3.0]
