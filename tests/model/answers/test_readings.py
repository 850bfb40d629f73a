"""What one replication shows, held to a network whose every time is known."""

import numpy as np
import pytest

from model.answers.readings import FINITE_MAX, Timed, read
from model.engine.codes import Outcome
from model.engine.network import Network
from model.engine.parts import Queue
from model.engine.simpy_engine import simulate
from model.world.journeys import Call, Delay, Emit, Journey, Visit
from model.world.laws import Constant

PATIENCE_S = {"ask": 5.0}


def delay(seconds):
    return Delay(time=Constant(value=seconds))


def run_of(*at_s, until_s=100.0, steps=(), limit=None):
    """One counter that serves for 2 s; who is served tells another, who takes 10 s more."""
    tells = Journey(name="tell", steps=delay(10.0))
    visit = Visit(station="counter", work=Constant(value=2.0))
    ask = Journey(name="ask", steps=(visit, Emit(journey="tell"), *steps))
    network = Network().station("counter", servers=1, queue=Queue(limit=limit))
    network.journey(ask).journey(tells).recorded("ask", at_s=np.asarray(at_s, dtype=float))
    return simulate(network.build(), seed=1, until_s=until_s)


def test_a_request_takes_from_its_arrival_to_its_answer():
    asked = read(run_of(0.0, 1.0), patience_s=PATIENCE_S).requests["ask"]
    assert asked.began_s.tolist() == [0.0, 1.0]
    assert asked.took_s.tolist() == [2.0, 3.0]


def test_a_request_that_fails_takes_for_ever():
    asked = read(run_of(0.0, 0.5, limit=0), patience_s=PATIENCE_S).requests["ask"]
    assert asked.took_s.tolist() == [2.0, np.inf]


def test_it_is_known_how_each_request_ended():
    asked = read(run_of(0.0, 0.5, 9.0, limit=0), patience_s=PATIENCE_S).requests["ask"]
    assert asked.ended_so(Outcome.REFUSED, 0.0, 100.0).tolist() == [2.0, np.inf, 2.0]
    assert asked.ended_so(Outcome.REFUSED, 0.0, 0.5).tolist() == [2.0]
    assert asked.ended_so(Outcome.LOST, 0.0, 100.0).tolist() == [2.0, FINITE_MAX, 2.0]


def test_it_is_known_how_many_attempts_each_request_made():
    retried = Call(steps=Visit(station="counter", work=Constant(value=2.0)), retries=2)
    network = Network().station("counter", queue=Queue(limit=0))
    network.journey(Journey(name="ask", steps=retried)).recorded("ask", at_s=[0.0, 0.5, 9.0])
    asked = read(simulate(network.build(), seed=1, until_s=100.0), patience_s={}).requests["ask"]
    assert asked.attempts_between(0.0, 9.0).tolist() == [1.0, 3.0]
    assert asked.attempts_between(9.0, 10.0).tolist() == [1.0]


def test_who_has_waited_longer_than_the_target_at_the_end_counts_as_never_answered():
    run = run_of(0.0, 91.0, 98.0, steps=(delay(20.0),))
    asked = read(run, patience_s=PATIENCE_S).requests["ask"]
    assert asked.took_s.tolist() == [22.0, np.inf]  # of the third nobody knows
    assert asked.ended_so(Outcome.UNDER_WAY, 0.0, 100.0).tolist() == [22.0, np.inf]


def test_a_lag_runs_from_the_request_that_began_it_all():
    lags = read(run_of(0.0, 1.0), patience_s=PATIENCE_S).lags["tell"]
    assert lags.began_s.tolist() == [0.0, 1.0]
    assert lags.took_s.tolist() == [12.0, 13.0]


def test_what_a_request_began_and_had_not_ended_is_told_with_its_age_at_the_end():
    reading = read(run_of(0.0, 89.5, 93.0), patience_s=PATIENCE_S)
    assert reading.lags["tell"].took_s.tolist() == [12.0]
    assert reading.unended["tell"].began_s.tolist() == [89.5, 93.0]
    assert reading.unended["tell"].took_s.tolist() == [10.5, 7.0]
    assert set(reading.unended) == {"tell"}  # of requests targets say who has waited too long


def test_what_had_not_been_begun_is_not_unended():
    assert read(run_of(99.0), patience_s=PATIENCE_S).unended["tell"].began_s.tolist() == []


def test_what_is_there_for_the_simulation_only_is_not_unended_either():
    reading = read(run_of(93.0), patience_s=PATIENCE_S)
    assert reading.without(journeys={"tell"}, stations=()).unended == {}


@pytest.mark.parametrize(("post_s", "took_s"), [(91.0, [np.inf]), (98.0, [])])
def test_a_celebritys_post_has_failed_when_any_posts_target_has_passed(post_s, took_s):
    network = Network().journey(
        Journey(name="celebrity_0", steps=(Emit(journey="celebrity_0_fanout"), delay(20.0)))
    )
    network.journey(Journey(name="celebrity_0_fanout", steps=delay(20.0)))
    network.recorded("celebrity_0", at_s=[post_s])
    reading = read(simulate(network.build(), seed=1, until_s=100.0), patience_s={"post": 5.0})
    assert reading.requests["celebrity_0"].took_s.tolist() == took_s
    assert reading.unended["celebrity_0_fanout"].took_s.tolist() == [100.0 - post_s]


def test_what_nobody_sends_from_outside_is_no_request():
    assert set(read(run_of(0.0), patience_s=PATIENCE_S).requests) == {"ask"}


def test_a_station_is_busy_for_the_share_of_time_that_it_works():
    reading = read(run_of(0.0, 1.0), patience_s=PATIENCE_S)
    assert reading.busy["counter"] == pytest.approx(0.04)
    assert reading.busiest["counter"] == pytest.approx(0.04)


def test_a_stretch_has_those_that_began_in_it():
    timed = Timed(began_s=np.asarray([0.0, 1.0, 2.0]), took_s=np.asarray([5.0, 6.0, 7.0]))
    assert timed.between(1.0, 2.0).tolist() == [6.0]


def test_what_nobody_happened_to_ask_for_is_still_a_request():
    asked = read(run_of(99.5, until_s=50.0), patience_s=PATIENCE_S)
    assert asked.requests["ask"].took_s.tolist() == []
    assert "ask" not in asked.lags
