"""Autoscaled stations: how many copies are in use, and when."""

import numpy as np
import pytest

from model.engine import stations, timeline
from model.engine.network import Network
from model.engine.refusals import NetworkError
from model.world.failures import Autoscale
from model.world.journeys import Delay, Hold, Journey, Visit
from model.world.laws import Constant, Exponential

SCALE = {
    "every_s": 10.0, "busy_target": 0.5, "start_up_s": 3.0, "copies_min": 1, "copies_max": 4,
}  # fmt: skip


def scaled(*, servers=1, replicas=4, **how):
    network = Network().station("a", servers=servers, replicas=replicas)
    return network.failure(Autoscale(station="a", **(SCALE | how)))


def visit(work_s, **more):
    return Visit(station="a", work=Constant(value=work_s), replica="any", **more)


def changes(run):
    copies = run.copies_in_use
    return list(zip(copies.at_s.tolist(), copies.count.tolist(), strict=True))


def test_as_many_copies_come_as_would_be_so_busy_and_start_for_a_while(walk):
    # Copy 0 is busy all the time: at 10 two copies are wanted, and at 20 there are two.
    run = walk(visit(100.0), network=scaled(), until_s=15.0)
    assert changes(run) == [(0.0, 1), (13.0, 2)]


def test_copies_beyond_what_is_wanted_are_taken_out_at_once(walk):
    run = walk(visit(10.0), network=scaled(), until_s=35.0)
    assert changes(run) == [(0.0, 1), (13.0, 2), (20.0, 1)]


def test_what_never_shrinks_keeps_its_copies(walk):
    run = walk(visit(10.0), network=scaled(shrinks=False), until_s=55.0)
    assert changes(run) == [(0.0, 1), (13.0, 2)]


def test_there_are_never_more_copies_than_allowed(walk):
    network = scaled(busy_target=0.1, copies_max=3)
    run = walk(visit(100.0), network=network, until_s=60.0)
    assert changes(run) == [(0.0, 1), (13.0, 3)]


def test_there_are_never_fewer_copies_than_allowed(walk):
    run = walk(visit(0.1), network=scaled(copies_min=2), until_s=60.0)
    assert changes(run) == [(0.0, 2)]


def test_copies_that_are_starting_are_not_asked_for_again_but_given_up(walk):
    # Wanted at 10, not at 20: the one that would come at 35 never does.
    run = walk(visit(10.0), network=scaled(start_up_s=25.0), until_s=60.0)
    assert changes(run) == [(0.0, 1)]
    run = walk(visit(100.0), network=scaled(start_up_s=25.0), until_s=38.0)
    assert changes(run) == [(0.0, 1), (35.0, 2)]


def test_servers_are_busy_while_they_are_held(walk):
    hold = Hold(station="a", replica="any", steps=Delay(time=Constant(value=10.0)))
    assert changes(walk(hold, network=scaled(), until_s=15.0)) == [(0.0, 1), (13.0, 2)]


def test_how_busy_copies_are_is_a_share_of_all_their_servers(walk):
    run = walk(visit(10.0), network=scaled(servers=2), until_s=15.0)
    assert changes(run) == [(0.0, 1)]


def test_copies_that_are_not_in_use_do_not_count_as_busy(walk):
    step = Visit(station="a", work=Constant(value=100.0), replica=3)
    assert changes(walk(step, network=scaled(), until_s=60.0)) == [(0.0, 1)]


def members(run):
    return run.visits.member.tolist()


def test_only_copies_in_use_are_chosen(walk):
    network = scaled(start_up_s=0.0, copies_min=2)
    run = walk(visit(1.0), at_s=np.arange(100.0) / 10, network=network, until_s=11.0)
    assert set(members(run)) == {0, 1}
    run = walk(visit(5.0), at_s=np.arange(400.0) / 10, network=scaled(), until_s=41.0)
    chosen = np.array(members(run))
    for begin_s, (until_s, count) in zip((0.0, *dict(changes(run)[1:])), _ends(run), strict=True):
        during = (run.visits.arrived_s >= begin_s) & (run.visits.arrived_s < until_s)
        assert set(chosen[during]) == set(range(count))


def _ends(run):
    """(until when, how many) copies were in use."""
    at_s, counts = zip(*changes(run), strict=True)
    return zip((*at_s[1:], run.until_s), counts, strict=True)


def test_who_is_at_a_copy_that_is_taken_out_is_served_to_the_end(walk, ends):
    network = scaled(copies_min=1, start_up_s=0.0, busy_target=0.9, servers=2)
    steps = Visit(station="a", work=Constant(value=25.0), replica=3)
    run = walk(steps, at_s=(1.0,), network=network)
    assert [when for _, when in ends(run)] == [26.0]


def test_a_scaled_station_settles_where_it_is_as_busy_as_it_should_be(simulate):
    # 6 servers' worth of work at 0.5 busy: 12 copies.
    network = Network().station("a", replicas=40).failure(
        Autoscale(station="a", every_s=100.0, busy_target=0.5, start_up_s=5.0, copies_min=10,
                  copies_max=40)
    )  # fmt: skip
    step = Visit(station="a", work=Exponential(mean=0.1), replica="any")
    network.journey(Journey(name="walk", steps=step)).arrivals("walk", rate_per_s=60)
    run = simulate(network.build(), seed=1, until_s=350.0, keep_visits=False)
    # The mean of busy servers over 100 s, of 6 in M/M/∞, has a deviation of (2 · 6 · 0.1 / 100)^½.
    deviation = 2 * (2 * 6 * 0.1 / 100) ** 0.5  # in copies
    counts = run.copies_in_use.count[1:]
    assert len(counts) > 0
    assert (counts >= 12 - 4 * deviation).all()
    assert (counts <= 12 + 4 * deviation + 1).all()


@pytest.mark.parametrize(
    ("in_use", "busy", "wanted"), [(4, 0.5, 4), (4, 0.51, 5), (4, 0.0, 2), (4, 1.0, 8), (9, 1.0, 9)]
)
def test_the_copies_wanted_are_the_next_whole_number(in_use, busy, wanted):
    assert stations.copies_wanted(in_use, busy, 0.5, 2, 9) == wanted


def test_a_run_without_autoscaling_has_no_copies_that_change(walk):
    run = walk(visit(1.0), network=Network().station("a", replicas=2))
    assert changes(run) == []


def test_too_many_looks_are_refused():
    network = scaled(every_s=1e-6).journey(Journey(name="walk", steps=visit(1.0)))
    program = network.recorded("walk", at_s=[0.0]).build()
    with pytest.raises(NetworkError, match="autoscale of a: more than 1,000,000 looks in one run"):
        timeline.actions(program, seed=1, replication=0, until_s=100.0)
