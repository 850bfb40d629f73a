"""Runs in one state of failure, against queues and shares that are known."""

from math import inf
from pathlib import Path

import pytest

from model.answers import questions
from model.answers.availability.components import system_of
from model.answers.availability.state_runs import (
    ALL_LOST,
    NOBODY_KNOWS,
    Shortfall,
    at_most,
    busy_in,
    loses_more,
    scenario_in,
    shortfall_in,
    simulated_in,
    with_unseen,
)
from model.answers.availability.states import ALL_WELL, State, states_of
from model.answers.fleets import network_of
from model.answers.numbers import windows_of
from model.answers.statistics import Interval
from model.engine import replications
from model.world.failures import Crash as Crashed
from model.world.happenings import failures_of
from model.world.scenario.events import Crash, ZoneLoss
from model.world.scenario_files import load_scenario
from model.world.topology import simulated_topology
from model.world.wiring import wiring_of

SCENARIOS = Path(__file__).parents[4] / "scenarios"
WELL = State(name=ALL_WELL, probability=1.0, failing_share=0.0)


def named(scenario, name):
    return next(state for state in states_of(system_of(scenario)) if state.name == name)


@pytest.mark.parametrize(("name", "left"), [(ALL_WELL, 3), ("user: one down", 2)])
def test_answers_are_as_late_as_those_of_the_instances_that_are_left(
    logins, late_share, name, left
):
    scenario, calibration = logins()
    numbers = simulated_in(scenario, calibration, named(scenario, name))
    late = shortfall_in(numbers, is_struck=name != ALL_WELL)
    assert late_share(150 / left) in late.late_or_failed
    assert late.failed.value < 0.001  # those few that are late just when the run ends
    assert late.late_or_failed.half_width < 0.5 * late_share(150 / left)


def test_a_run_in_a_state_keeps_no_visits(logins, monkeypatch):
    kept = []

    def replicate(*words, keep_visits, **named):
        kept.append(keep_visits)
        return replications.replicate(*words, keep_visits=keep_visits, **named)

    monkeypatch.setattr(questions, "replicate", replicate)
    scenario, calibration = logins(replications=2)
    simulated_in(scenario, calibration, named(scenario, "user: one down"))
    assert kept == [False]


def test_who_meets_an_instance_that_has_just_failed_is_not_answered(logins):
    scenario, calibration = logins(replications=100)
    just = named(scenario, "user: not noticed yet")
    assert (just.since_s, just.until_s) == (0.0, 0.2)
    seen = shortfall_in(simulated_in(scenario, calibration, just), is_struck=True)
    assert 1 / 3 in seen.failed
    # On paper now and then another is down already: then it is one of two.
    assert 1 / 3 < just.failing_share < 0.35


@pytest.mark.parametrize("name", ["user_db: one down", "common cause: follow", "follow: one down"])
def test_with_nothing_to_do_only_that_fails_which_does_on_paper(quiet, learnt, name):
    often = {"every": "10 d", "repair": "10 h"}
    fleet = {"placement": "dedicated", "user_store": {"shards": 4}}
    mix = {"follow": 0.4, "login": 0.3, "profile": 0.3}
    scenario = quiet(mix=mix, fleet={**fleet, "follow": {"instances": 2}}, common_cause=0.1,
                     server=often, instance=often).at_rate(200)  # fmt: skip
    state = named(scenario, name)
    seen = shortfall_in(simulated_in(scenario, learnt(scenario, {}), state), is_struck=True)
    assert state.failing_share in seen.late_or_failed
    assert seen.late_or_failed.half_width < 0.05


def test_what_lasts_begins_with_the_warm_up_and_is_known(logins):
    scenario, _ = logins()
    inside = scenario_in(scenario, named(scenario, "user: one down"))
    assert [event.at for event in inside.events] == [-2.0, -2.0]
    assert inside.fleet.links.noticed_after == 0
    assert inside.fleet.user_store.failover == 0
    assert (inside.simulation.warmup, inside.simulation.duration) == (2.0, 8.0)


def test_of_a_moment_all_of_it_counts_and_nothing_else(logins):
    scenario, _ = logins()
    late = State(name="late", probability=0.1, failing_share=0.0, since_s=5.0, until_s=15.0,
                 events=(ZoneLoss(kind="zone-loss"),))  # fmt: skip
    inside = scenario_in(scenario, late)
    assert inside.events[0].at == -5
    assert (inside.simulation.warmup, inside.simulation.duration) == (5.0, 10.08)
    [window] = [each for each in windows_of(inside) if each.suffix == ".during"]
    assert (window.since_s, window.until_s) == (5.0, 15.0)
    assert inside.fleet == scenario.fleet


def test_a_threads_pool_goes_down_with_its_service(logins):
    crashes = named(logins()[0], "user: one down").events
    assert {crash.station for crash in crashes} == {"user", "password"}


def test_states_have_luck_of_their_own(logins):
    scenario, _ = logins()
    seeds = {scenario_in(scenario, state).seed for state in states_of(system_of(scenario))}
    assert len(seeds) == len(states_of(system_of(scenario)))


@pytest.mark.parametrize("name", ["laptop", "zone-outage", "baseline", "region-failover"])
def test_the_twin_can_be_in_every_state(name):
    scenario = load_scenario(SCENARIOS / f"{name}.toml")
    for state in states_of(system_of(scenario)):
        if state.failing_share > 1 - 1e-9 or not state.events:
            continue
        inside = scenario_in(scenario, state)
        topology = simulated_topology(inside)
        network = network_of(inside, topology, wiring_of(inside))
        failures = failures_of(inside, topology)
        assert failures, state.name
        assert all(failure.when.at_s >= 0 for failure in failures if hasattr(failure, "when"))
        for failure in failures:
            network.failure(failure)
            if isinstance(failure, Crashed):
                station = topology.station(failure.station)
                assert 0 < len(failure.members) <= station.members * station.copies
        network.build()


def crash(members):
    return Crash(kind="crash", station="search", members=members)


def test_a_slice_cannot_lose_less_than_one_of_its_members():
    scenario = load_scenario(SCENARIOS / "baseline.toml")  # a 32nd; of 64 index shards, two
    one, most = (
        State(name="search", probability=0.1, failing_share=0.0, events=(crash(members),))
        for members in (1, 64)
    )
    assert loses_more(one, scenario)
    assert not loses_more(most, scenario)
    assert not loses_more(WELL, scenario)


def test_a_slice_never_loses_less_than_its_state():
    scenario = load_scenario(SCENARIOS / "baseline.toml", ("simulation.slice=32",))
    state = State(name="many", probability=0.1, failing_share=0.0, events=(crash(80),))
    assert loses_more(state, scenario)
    [event] = scenario_in(scenario, state).events
    assert event.members == 96


def share(value, low, high):
    return Interval(value=value, low=low, high=high, confidence=0.95, n=1, method="given")


def test_what_usually_fails_does_so_besides_what_a_run_shows():
    state = State(name="one", probability=0.1, failing_share=0.2, usual_share=0.1,
                  events=(crash(1),))  # fmt: skip
    seen = Shortfall(failed=share(0.0, 0.0, 0.1), late_or_failed=share(0.5, 0.4, 0.6))
    told = with_unseen(seen, state, is_own=True)
    # Less than on paper cannot fail; of the half that was in time a tenth fails anyhow.
    assert (told.failed.value, told.failed.low, told.failed.high) == (0.2, 0.2, 0.2)
    assert told.late_or_failed.value == pytest.approx(0.55)
    assert (told.late_or_failed.low, told.late_or_failed.high) == pytest.approx((0.46, 0.64))


def test_without_a_run_of_its_own_a_state_is_all_well_but_for_what_fails():
    state = State(name="one", probability=0.1, failing_share=0.5, events=(crash(1),))
    seen = Shortfall(failed=share(0.0, 0.0, 0.0), late_or_failed=share(0.02, 0.01, 0.03))
    assert with_unseen(seen, state, is_own=False).late_or_failed.value == pytest.approx(0.51)


def test_what_is_bounded_may_be_as_much_as_what_is_worse():
    known = Shortfall(failed=share(0.1, 0.1, 0.1), late_or_failed=share(0.2, 0.1, 0.3))
    worse = Shortfall(failed=share(0.4, 0.3, 0.5), late_or_failed=share(0.2, 0.1, 0.2))
    told = at_most(known, worse)
    assert (told.failed, told.late_or_failed) == (share(0.1, 0.1, 0.5), known.late_or_failed)
    assert at_most(known, ALL_LOST).late_or_failed == share(0.2, 0.1, 1.0)


def test_where_nobody_asked_nothing_is_known():
    nothing = Shortfall(failed=NOBODY_KNOWS, late_or_failed=NOBODY_KNOWS)
    assert shortfall_in({}, is_struck=False) == nothing
    # All of them came when it was over, and all was well again.
    afterwards = {"all.failed": share(0.0, 0.0, 0.1), "all.late": share(0.0, 0.0, 0.1)}
    assert shortfall_in(afterwards, is_struck=True) == nothing


def test_pools_are_as_busy_as_they_were_found(logins):
    scenario, calibration = logins(works_at="user", rate=90)
    numbers = simulated_in(scenario, calibration, WELL)
    busy = busy_in(scenario, numbers)
    # 90 a second of 20 ms each on three loops.
    assert busy["user"] == pytest.approx(0.6, rel=0.05)
    assert "search" not in busy


def test_who_grows_with_the_load_takes_it_all(logins):
    scenario, _ = logins()
    pool = scenario.fleet.user.model_validate({"instances": 3, "autoscaling": {"max": 9}})
    fleet = scenario.fleet.model_copy(update={"user": pool})
    grown = scenario.model_copy(update={"fleet": fleet})
    numbers = {f"busy.{s.name}": share(0.5, 0.5, 0.5) for s in simulated_topology(grown).stations}
    assert "user" in busy_in(scenario, numbers)
    assert "user" not in busy_in(grown, numbers)


def test_only_a_moment_has_an_end():
    assert not WELL.is_moment
    assert WELL.until_s == inf
