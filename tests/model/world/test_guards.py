"""What protects calls, reads and requests, and that it does: held to a network of known times."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest

from model.engine.codes import Outcome
from model.engine.network import Network
from model.engine.parts import Queue
from model.engine.simpy_engine import simulate
from model.world.design.guards import (
    bulkhead_of,
    call_guarded,
    delivered,
    read_hedged,
    request_guarded,
    semaphores,
)
from model.world.failures import Crash, Once, SlowDown
from model.world.journeys import Call, Delay, Hold, Journey, Visit, sequence
from model.world.laws import Constant
from model.world.scenario import Fleet, Protections
from model.world.scenario.traffic import ClientRetries
from model.world.topology import topology_of
from model.world.wiring import ADMISSION, CALLED, DOOR, Wiring

BARE = {
    "deadline": "0 s", "call_deadline": "0 s", "in_flight_max": 0, "drops_late_work": False,
}  # fmt: skip
WORK = (Visit(station="user", work=Constant(value=1.0)),)


def guarded(client=None, *, zones=1, copies=None, **protections):
    """A wiring with nothing but these protections."""
    return Wiring(
        is_guarded=True,
        zones=zones,
        chooses_copies=zones > 1,
        copies=copies or {},
        protections=Protections.model_validate({**BARE, **protections}),
        retries=ClientRetries.model_validate(client or {}),
    )


def test_what_counts_requests_under_way_is_no_machine_of_the_fleet():
    wiring = guarded(bulkhead_max=1, in_flight_max=1)
    [call] = call_guarded(wiring, "user", WORK)
    [admitted] = request_guarded(wiring, WORK, is_admitted=True)
    held = [*sequence(call.steps), admitted]
    assert {each.station for each in held} < set(semaphores())
    assert not {station.name for station in topology_of(Fleet()).stations} & set(semaphores())


def run(steps, *at_s, network=None, failures=(), until_s=1_000.0):
    """Send requests through the steps at these instants; `user` has one server."""
    network = network or Network().station("user")
    network.journey(Journey(name="ask", steps=steps))
    for failure in failures:
        network.failure(failure)
    network.recorded("ask", at_s=np.asarray(at_s, dtype=float))
    requests = simulate(network.build(), seed=1, until_s=until_s).requests
    took_s = [
        round(float(took), 9) if done else inf
        for took, done in zip(
            requests.done_s - requests.arrived_s, requests.outcome == Outcome.DONE, strict=True
        )
    ]
    return took_s, [Outcome(each) for each in requests.outcome]


def test_nothing_is_put_around_what_cannot_go_wrong():
    wiring = replace(guarded(call_deadline="1 s", deadline="1 s"), is_guarded=False)
    assert call_guarded(wiring, "user", WORK) == WORK
    assert request_guarded(wiring, WORK, is_admitted=True) == WORK
    assert delivered(wiring, WORK) == WORK


@pytest.mark.parametrize("station", ["gateway", "fanout", "pipeline", "relay", "cdn"])
def test_gateways_edges_and_workers_are_called_by_no_service(station):
    assert call_guarded(guarded(call_deadline="1 s"), station, WORK) == WORK


@pytest.mark.parametrize("station", CALLED)
def test_every_service_that_others_call_is_guarded(station):
    [call] = call_guarded(guarded(call_deadline="1 s"), station, WORK)
    assert isinstance(call, Call)
    assert call.name == f"call_{station}"


def test_a_call_is_given_up_at_its_deadline():
    steps = call_guarded(guarded(call_deadline="1500 ms"), "user", WORK)
    took_s, outcomes = run(steps, 0.0, 0.1)
    assert took_s == [1.0, inf]
    assert outcomes[1] == Outcome.EXPIRED


def test_without_a_deadline_a_call_waits_as_long_as_it_takes():
    assert run(call_guarded(guarded(), "user", WORK), 0.0, 0.0, 0.0)[0] == [1.0, 2.0, 3.0]


DOWN = (Crash(station="user", when=Once(at_s=0.0, for_s=0.02)),)


def test_a_call_that_failed_is_tried_again_if_the_policy_says_so():
    [never], _ = run(call_guarded(guarded(), "user", WORK), 0.01, failures=DOWN)
    [often], _ = run(call_guarded(guarded(retries=10), "user", WORK), 0.01, failures=DOWN)
    assert never == inf
    assert 1.0 < often < 5.0


def test_a_budget_of_nothing_allows_no_retry():
    steps = call_guarded(guarded(retries=10, retry_budget="0 %"), "user", WORK)
    assert run(steps, 0.01, failures=DOWN)[0] == [inf]


def test_a_service_that_failed_often_is_not_called_for_a_while():
    wiring = guarded(breaker_failures=2, breaker_open="5 s")
    steps = call_guarded(wiring, "user", WORK)
    _, outcomes = run(steps, 0.001, 0.002, 1.0, 5.5, failures=DOWN)
    assert outcomes[2] == Outcome.REFUSED
    assert outcomes[3] == Outcome.DONE


def test_a_bulkhead_lets_no_more_calls_of_one_gateway_under_way_than_the_policy_says():
    steps = call_guarded(guarded(bulkhead_max=2), "user", WORK)
    network = Network().station("user", servers=9)
    network.station(bulkhead_of("user"), servers=2, queue=Queue(limit=0))
    assert run(steps, 0.0, 0.1, 0.2, 1.05, network=network)[0] == [1.0, 1.0, inf, 1.0]


STORE = Visit(station="user_db", key="reader", work=Constant(value=0.1))


def hedged(**wiring):
    return read_hedged(guarded(hedge_after="200 ms", copies={"user_db": 2}, **wiring), STORE)


def test_a_slow_read_is_answered_by_another_copy():
    network = Network().station("user_db", replicas=2)
    slow = (SlowDown(station="user_db", factor=0.0, when=Once(at_s=0.0), members=(0,)),)
    took_s, _ = run(hedged(), *np.arange(8) * 2.0, network=network, failures=slow)
    assert set(took_s) == {0.1, 0.3}


def test_a_quick_read_is_asked_of_one_copy_only():
    network = Network().station("user_db", replicas=2)
    network.journey(Journey(name="ask", steps=hedged()))
    network.recorded("ask", at_s=np.arange(8) * 2.0)
    done = simulate(network.build(), seed=1, until_s=100.0)
    assert done.members.worked_s.sum() == pytest.approx(0.8)


def test_of_several_zones_the_nearest_is_asked_and_then_the_nearest_of_the_others():
    nearest = replace(STORE, replica="nearest")
    wiring = guarded(hedge_after="200 ms", copies={"user_db": 2}, zones=2)
    network = Network().station("user_db", replicas=2).zones(2)
    slow = (SlowDown(station="user_db", factor=0.0, when=Once(at_s=0.0), members=(0,)),)
    read = read_hedged(wiring, nearest)
    took_s, _ = run(read, *np.arange(16) * 2.0, network=network, failures=slow)
    assert set(took_s) == {0.1, 0.3}


def test_a_copy_whose_loss_nobody_has_noticed_costs_no_hedged_read():
    network = Network().station("user_db", replicas=2, noticed_after_s=60.0)
    lost = (Crash(station="user_db", when=Once(at_s=0.0), members=(0,)),)
    took_s, _ = run(hedged(), *np.arange(1, 9) * 2.0, network=network, failures=lost)
    assert set(took_s) == {0.1}


@pytest.mark.parametrize("copies", [{}, {"user_db": 1}])
def test_where_there_is_no_other_copy_nothing_is_hedged(copies):
    assert read_hedged(guarded(hedge_after="200 ms", copies=copies), STORE) == STORE


def test_nobody_hedges_unless_the_policy_says_so():
    assert read_hedged(guarded(copies={"user_db": 2}), STORE) == STORE


def test_a_request_is_answered_with_an_error_at_its_deadline():
    steps = request_guarded(guarded(deadline="1500 ms"), WORK, is_admitted=True)
    took_s, outcomes = run(steps, 0.0, 0.0)
    assert took_s == [1.0, inf]
    assert outcomes == [Outcome.DONE, Outcome.EXPIRED]


def test_a_gateway_refuses_more_requests_than_it_may_have_under_way():
    steps = request_guarded(guarded(in_flight_max=1), WORK, is_admitted=True)
    network = Network().station("user", servers=9).station(ADMISSION, queue=Queue(limit=0))
    assert run(steps, 0.0, 0.5, 1.5, network=network)[0] == [1.0, inf, 1.0]


def test_who_passes_no_gateway_is_admitted_by_none():
    steps = request_guarded(guarded(in_flight_max=1), WORK, is_admitted=False)
    assert steps == WORK


@pytest.mark.parametrize(("zones", "copy"), [(1, "primary"), (3, "nearest")])
def test_a_place_is_taken_in_the_gateway_that_the_request_goes_through(zones, copy):
    wiring = guarded(in_flight_max=1, bulkhead_max=1, zones=zones)
    [held] = request_guarded(replace(wiring, zones=1), WORK, is_admitted=True)
    [call] = call_guarded(wiring, "user", WORK)
    for hold in (held, sequence(call.steps)[0]):
        assert isinstance(hold, Hold)
        assert (hold.key, hold.replica) == ("gateway", copy)


def test_a_client_tries_again_after_a_pause_that_doubles():
    wiring = guarded({"times": 3, "backoff": "1 s", "patience": "60 s"})
    steps = request_guarded(wiring, WORK, is_admitted=True)
    down = (Crash(station="user", when=Once(at_s=0.0, for_s=4.0)),)
    # At 0, 1, 3 and 7 s; the last is answered.
    assert run(steps, 0.0, failures=down)[0] == [8.0]


def test_a_client_gives_up_after_its_last_try():
    wiring = guarded({"times": 2, "backoff": "1 s"})
    down = (Crash(station="user", when=Once(at_s=0.0, for_s=4.0)),)
    steps = request_guarded(wiring, WORK, is_admitted=True)
    assert run(steps, 0.0, failures=down)[0] == [inf]


def test_a_client_whose_patience_ends_asks_again():
    wiring = guarded({"times": 1, "patience": "2 s"})
    pause = (SlowDown(station="user", factor=0.0, when=Once(at_s=0.0, for_s=2.5)),)
    network = Network().station("user", servers=2)
    steps = request_guarded(wiring, WORK, is_admitted=True)
    assert run(steps, 0.0, network=network, failures=pause)[0] == [3.5]


def test_who_is_sent_to_a_zone_that_is_down_fails_at_its_door():
    steps = request_guarded(guarded(zones=2), WORK, is_admitted=True)
    assert steps[0] == Visit(station=DOOR, work=Constant(value=0.0), replica="nearest")
    assert steps[1:] == WORK


def test_an_event_is_handled_again_until_what_is_away_is_back():
    down = (Crash(station="user", when=Once(at_s=0.0, for_s=20.0)),)
    [took_s], _ = run(delivered(guarded(), WORK), 0.0, failures=down)
    assert 21.0 <= took_s < inf


def test_an_event_that_nobody_handles_is_not_repeated():
    assert delivered(guarded(), ()) == ()


def test_the_repeats_of_an_event_outlast_ten_minutes():
    [call] = delivered(guarded(), (Delay(time=Constant(value=0.0)),))
    pauses_s = [
        min(call.backoff.base_s * call.backoff.factor**n, call.backoff.cap_s)
        for n in range(call.retries)
    ]
    assert sum(pauses_s) > 600
