from math import inf

import pytest
from scipy.stats import binom

from model.answers.availability.budgets import on_paper
from model.answers.availability.components import system_of
from model.answers.availability.counts import steady
from model.answers.availability.states import ALL_WELL, State, answered_well, states_of
from model.answers.theory import mmc_response_quantile_s
from model.world.scenario.events import Crash, RegionLoss, ZoneLoss

OFTEN = {"every": "20 d", "repair": "10 h"}
ZONES = {"every": "100 d", "repair": "10 h"}


def named(states, name):
    return next(state for state in states if state.name == name)


@pytest.fixture
def states(quiet):
    store = {"shards": 4, "replicas": 3, "failover": "1 min"}
    fleet = {"zones": 3, "user_store": store, "gateway": {"instances": 9}}
    failing = {"instance": OFTEN, "server": OFTEN, "zone": ZONES, "common_cause": 0.1}
    return states_of(system_of(quiet(fleet=fleet, **failing)))


def test_probabilities_add_up_with_all_well_first(states):
    assert sum(state.probability for state in states) == pytest.approx(1)
    assert states[0].name == ALL_WELL
    assert all(state.probability >= 0 for state in states)


def test_each_state_says_what_puts_a_run_into_it(states):
    assert isinstance(named(states, "zones: lost").events[0], ZoneLoss)
    one, more = (named(states, f"gateway: {many} down").events for many in ("one", "more"))
    assert one == (Crash(kind="crash", station="gateway", members=1),)
    assert more == (Crash(kind="crash", station="gateway", members=2),)
    assert named(states, "user_db: failover").events[0] == Crash(
        kind="crash", station="user_db", members=1
    )
    assert states[0].events == ()


def test_a_common_cause_takes_all_members_and_what_is_inside_them(quiet):
    scenario = quiet(fleet={"user": {"instances": 2}}, instance=OFTEN, common_cause=0.1)
    struck = named(states_of(system_of(scenario)), "common cause: user")
    assert {crash.station: crash.members for crash in struck.events} == {"user": 2, "password": 2}


def test_moments_last_until_they_are_noticed_or_another_copy_takes_over(states):
    spans = {
        name: (named(states, name).since_s, named(states, name).until_s)
        for name in ("gateway: not noticed yet", "user_db: failover", "zones: not noticed yet",
                     "zones: failover", "zones: lost", "gateway: one down")
    }  # fmt: skip
    assert spans == {
        "gateway: not noticed yet": (0, 5),
        "user_db: failover": (0, 60),
        "zones: not noticed yet": (0, 5),
        "zones: failover": (5, 60),
        "zones: lost": (60, inf),
        "gateway: one down": (0, inf),
    }


def test_one_and_more_are_down_as_often_as_independent_instances(quiet):
    fleet = {"gateway": {"instances": 9}, "links": {"noticed_after": "0 s"}}
    found = states_of(system_of(quiet(fleet=fleet, instance=OFTEN)))
    some = [named(found, f"gateway: {many} down").probability for many in ("one", "more")]
    down = 10 / 490  # of 20 days and 10 hours
    one, more = (binom.pmf(1, 9, down), binom.sf(1, 9, down))
    assert some[1] / some[0] == pytest.approx((more / (1 - more)) / (one / (1 - one)), rel=1e-6)


def test_a_region_is_a_state_of_its_own(quiet):
    fleet = {"zones": 2, "regions": ["eu-west", "us-east"]}
    found = states_of(system_of(quiet(fleet=fleet, region=ZONES)))
    for region in ("eu-west", "us-east"):
        lost = named(found, f"regions: lost ({region})")
        assert lost.events == (RegionLoss(kind="region-loss", region=region),)


def test_a_lost_zone_is_about_as_likely_as_its_times_say(quiet):
    found = named(states_of(system_of(quiet(fleet={"zones": 3}, zone=ZONES))), "zones: lost")
    assert found.probability == pytest.approx(3 * 10 / 2410, rel=0.03)


def test_one_of_thousands_is_part_of_all_well(quiet):
    fleet = {"gateway": {"instances": 5_000}}
    found = states_of(system_of(quiet(fleet=fleet, instance=OFTEN)))
    assert not any(state.name.startswith("gateway") for state in found)
    # But what fails until it is noticed, for five seconds each, still fails.
    assert found[0].failing_share == pytest.approx(5 / (20 * 86_400), rel=0.001)


def test_what_usually_fails_does_so_in_every_state(quiet):
    fleet = {"gateway": {"instances": 5_000}, "user": {"instances": 2}}
    found = states_of(system_of(quiet(fleet=fleet, instance=OFTEN, zone=ZONES)))
    assert found[0].usual_share == pytest.approx(5 / (20 * 86_400), rel=0.001)
    assert {state.usual_share for state in found[:-1]} == {found[0].usual_share}
    one_down = named(found, "user: one down")
    assert one_down.failing_share == pytest.approx(found[0].usual_share)


def test_all_states_together_lose_what_is_lost_on_paper(quiet):
    store = {"shards": 4, "replicas": 3, "failover": "1 min"}
    fleet = {"zones": 3, "user_store": store, "gateway": {"instances": 9}}
    failing = {"instance": OFTEN, "server": OFTEN, "zone": ZONES, "common_cause": 0.1}
    system = system_of(quiet(fleet=fleet, **failing))
    lost = sum(state.probability * state.failing_share for state in states_of(system))
    assert lost == pytest.approx(on_paper(system).in_all(system.mix), rel=1e-9)


def test_a_moment_is_taken_from_the_time_in_which_some_are_down(quiet):
    fleet = {"gateway": {"instances": 9}, "links": {"noticed_after": "1 h"}}
    system = system_of(quiet(fleet=fleet, instance=OFTEN))
    found = states_of(system)
    # Alone is p/(1-p) times none: back to p.
    odds = [s.probability / found[0].probability for s in found if s.name.startswith("gateway")]
    some_down = 1 - steady(system.components["gateway"].members).time_share[0]
    assert sum(odd / (1 + odd) for odd in odds) == pytest.approx(some_down)


def test_what_strikes_alone_fails_only_what_it_takes(quiet):
    mix = {"follow": 0.3, "login": 0.7}
    fleet = {"follow": {"instances": 2}}
    scenario = quiet(mix=mix, fleet=fleet, instance=OFTEN, server=OFTEN, common_cause=0.1)
    struck = named(states_of(system_of(scenario)), "common cause: follow")
    assert struck.failing_share == pytest.approx(0.3)


def test_two_things_at_once_lose_more_than_each_and_not_all(states):
    several = named(states, "several at once")
    assert 0.0 < several.failing_share < 1
    assert several.probability < 0.1


FAKE = [
    State(name=ALL_WELL, probability=0.9, failing_share=0.0),
    State(name="slow", probability=0.06, failing_share=0.0),
    State(name="half", probability=0.03, failing_share=0.5),
    State(name="gone", probability=0.01, failing_share=1.0),
]
LATE = {ALL_WELL: 0.001, "slow": 0.1, "half": 0.2}


def test_answers_are_weighted_by_how_likely_each_state_is():
    asked = []

    def late_or_failed(state):
        asked.append(state.name)
        return LATE[state.name]

    found = answered_well(FAKE, late_or_failed)
    # Where half fails anyhow, the fifth that is late is among them.
    assert found == pytest.approx(1 - (0.9 * 0.001 + 0.06 * 0.1 + 0.03 * 0.5 + 0.01))
    assert "gone" not in asked


def test_a_zone_of_three_lost_is_felt_at_380_a_second_and_not_at_300():
    # Twelve servers of 50/s, and eight when a zone is lost: the 99th percentile in ms.
    def p99_ms(arrivals_per_s, servers):
        return 1e3 * mmc_response_quantile_s(0.99, arrivals_per_s, 0.02, servers)

    assert [p99_ms(300, 12), p99_ms(300, 8)] == pytest.approx([92, 98], abs=3)
    assert [p99_ms(380, 12), p99_ms(380, 8)] == pytest.approx([93, 247], abs=3)


def test_late_answers_of_a_smaller_fleet_count_as_often_as_it_is_small(quiet):
    fleet = {
        "zones": 3,
        "gateway": {"instances": 12},
        "follow": {"instances": 999},
        "user": {"instances": 999},
        "user_store": {"replicas": 3, "failover": "0 s"},
        "timeline_store": {"replicas": 3, "failover": "0 s"},
        "links": {"noticed_after": "0 s"},
    }
    found = states_of(system_of(quiet(fleet=fleet, zone=ZONES)))
    limit_s = mmc_response_quantile_s(0.99, 380, 0.02, 8)

    def late(state):
        servers = 8 if state.events else 12
        return 0.01 if mmc_response_quantile_s(0.99, 380, 0.02, servers) >= limit_s else 0.0

    lost = named(found, "zones: lost").probability
    several = named(found, "several at once")
    several_lost = several.probability * several.failing_share
    assert 1 - answered_well(found, late) == pytest.approx(0.01 * lost + several_lost, rel=1e-3)


def test_only_shares_and_all_of_the_time_can_be_weighted():
    with pytest.raises(ValueError, match=r"all well: must be a share between 0 and 1, got 1\.5"):
        answered_well(FAKE, lambda state: 1.5)
    with pytest.raises(ValueError, match=r"probabilities must add up to 1, got 0\.9"):
        answered_well(FAKE[:1], lambda state: 0.0)


def test_a_member_cannot_matter_from_nothing_on(quiet):
    with pytest.raises(ValueError, match=r"matters_min must be in \(0, 1\], got 0"):
        states_of(system_of(quiet()), matters_min=0)


def test_what_has_copies_on_paper_alone_is_left_to_paper(quiet):
    store = {"timeline_store": {"replicas": 3}}
    found = states_of(system_of(quiet(fleet=store), falls_back=False))
    of_sessions = [state for state in found if "session_store" in state.name]
    assert of_sessions
    assert all(state.events == () for state in of_sessions)
