"""How busy stations are in a part of a run, held to a network whose every time is known."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from model.answers.utilisation import busiest_of_stations, of_stations
from model.answers.utilisation_between import busy_between
from model.engine.network import Network
from model.engine.runs import CopiesInUse
from model.engine.simpy_engine import simulate
from model.world.failures import Once, SlowDown
from model.world.journeys import Journey, Visit
from model.world.laws import Constant, Exponential
from model.world.slices import CLOCK, Slice

WHOLE = Slice(of=1, journeys=())


def run_of(*at_s, network=None, work_s=2.0, until_s=100.0, keep_visits=True):
    """One counter that serves each for 2 s."""
    visit = Visit(station="counter", work=Constant(value=work_s))
    network = (network or Network().station("counter")).journey(Journey(name="ask", steps=visit))
    network.recorded("ask", at_s=np.asarray(at_s, dtype=float))
    return simulate(network.build(), seed=1, until_s=until_s, keep_visits=keep_visits)


def share(run, since_s, until_s):
    busy = busy_between(run, WHOLE, since_s=since_s, until_s=until_s)
    assert busy.of_all == busy.of_busiest  # the counter is one server
    return busy.of_all["counter"]


def test_only_the_time_inside_counts_of_a_visit_that_is_longer():
    run = run_of(9.0, 19.0)
    assert share(run, 10.0, 20.0) == pytest.approx(0.2)  # a second of each
    assert share(run, 10.5, 10.75) == pytest.approx(1.0)
    assert share(run, 12.0, 18.0) == 0.0


def test_who_waits_does_not_make_a_station_busy_before_their_turn():
    assert share(run_of(0.0, 0.0, 0.0), 0.0, 8.0) == pytest.approx(6 / 8)


def test_what_is_under_way_at_the_end_has_its_server_until_then():
    run = run_of(7.0, 7.5, until_s=8.0)  # the second is never begun
    assert share(run, 6.0, 8.0) == pytest.approx(0.5)


def test_a_slow_server_is_taken_for_as_long_as_its_work_takes():
    slow = SlowDown(station="counter", factor=0.1, when=Once(at_s=0.0))
    run = run_of(0.0, network=Network().station("counter").failure(slow))
    assert share(run, 10.0, 30.0) == pytest.approx(0.5)


def test_who_shares_cores_is_busy_with_the_work_that_is_spread_over_its_stay():
    network = Network().host("box", cores=1).station("counter", host="box")
    network.station("other", host="box")
    network.journey(Journey(name="beside", steps=Visit(station="other", work=Constant(value=9.0))))
    run = run_of(0.0, network=network.recorded("beside", at_s=[0.0]))
    assert share(run, 0.0, 2.0) == pytest.approx(0.5)


def crowd():
    work = Exponential(mean=0.7)
    network = Network().station("counter", servers=2, members=3).station(CLOCK)
    network.journey(Journey(name="ask", steps=Visit(station="counter", work=work)))
    network.arrivals("ask", rate_per_s=4.0)
    return simulate(network.build(), seed=3, until_s=60.0)


def test_the_parts_of_a_run_add_up_to_all_of_it():
    run, cuts = crowd(), (0.0, 11.0, 12.5, 60.0)
    parts = [(b - a, busy_between(run, WHOLE, since_s=a, until_s=b)) for a, b in pairwise(cuts)]
    mean = sum(span_s * busy.of_all["counter"] for span_s, busy in parts) / 60.0
    assert mean == pytest.approx(of_stations(run, 60.0)["counter"])
    whole = busy_between(run, WHOLE, since_s=0.0, until_s=60.0)
    assert whole.of_busiest["counter"] == pytest.approx(busiest_of_stations(run, 60.0)["counter"])


def test_it_is_the_instances_there_are_in_the_part_that_count():
    grown = CopiesInUse(
        at_s=np.array([0.0, 50.0]), station=np.array([0, 0]), count=np.array([1, 4])
    )
    run = replace(run_of(0.0, 50.0), copies_in_use=grown)
    for since_s, instances in ((0.0, 1.0), (45.0, 2.5), (50.0, 4.0)):
        busy = busy_between(run, WHOLE, since_s=since_s, until_s=since_s + 10.0)
        assert busy.of_all["counter"] == pytest.approx(0.2 / instances)


def test_what_is_there_for_the_simulations_sake_only_is_left_out():
    busy = busy_between(crowd(), WHOLE, since_s=0.0, until_s=60.0)
    assert set(busy.of_all) == set(busy.of_busiest) == {"counter"}


def test_a_run_without_visits_cannot_tell():
    with pytest.raises(ValueError, match="kept no visits"):
        busy_between(run_of(0.0, keep_visits=False), WHOLE, since_s=0.0, until_s=1.0)
