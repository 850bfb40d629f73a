import pytest

from model.answers.availability import availability_of
from model.rules.targets import Verdict
from model.world.scenario import Endpoint

OFTEN = {"every": "20 d", "repair": "10 h"}
INCIDENTS = {"per_year": 10, "lasting": "5 min"}


def test_ten_bad_changes_a_year_alone_miss_four_nines_sooner_or_later(quiet):
    half = quiet(years=1_000, incidents={**INCIDENTS, "per_year": 5})
    assert availability_of(half).verdict is Verdict.PASS
    twice = quiet(years=1_000, incidents={**INCIDENTS, "per_year": 20})
    assert availability_of(twice).verdict is Verdict.MISS


def test_few_years_are_too_few_to_say(quiet):
    close = quiet(years=5, incidents=INCIDENTS)
    assert availability_of(close).verdict is Verdict.INCONCLUSIVE


def test_a_disaster_too_rare_to_have_come_is_not_taken_for_one_that_never_does(quiet):
    rare = quiet(years=1, region={"every": "1000000 d", "repair": "500 d"})
    answer = availability_of(rare)
    assert answer.lost.value < 1e-6
    assert answer.lost.high == pytest.approx(500 / 1_000_500, rel=0.01)
    assert answer.lost_by[Endpoint.FOLLOW].high == pytest.approx(answer.lost.high)
    assert answer.verdict is Verdict.INCONCLUSIVE


def busy_scenario(quiet, **fleet):
    return quiet(
        mix={"newsfeed": 0.5, "follow": 0.3, "post": 0.2},
        fleet={"zones": 2, **fleet},
        instance=OFTEN,
        server=OFTEN,
        zone={"every": "100 d", "repair": "1 d"},
        common_cause=0.1,
        incidents=INCIDENTS,
    )


def test_causes_add_up_to_all_that_is_lost_the_largest_first(quiet):
    answer = availability_of(busy_scenario(quiet))
    costs = [cost.lost.value for cost in answer.costs]
    assert sum(costs) == pytest.approx(answer.lost.value)
    assert costs == sorted(costs, reverse=True)
    assert sum(cost.on_paper for cost in answer.costs) == pytest.approx(answer.lost_on_paper)


def test_what_is_lost_of_all_is_what_is_lost_of_each_by_its_share(quiet):
    answer, mix = (
        availability_of(busy_scenario(quiet)),
        {"newsfeed": 0.5, "follow": 0.3, "post": 0.2},
    )
    weighted = sum(mix[e.value] * lost.value for e, lost in answer.lost_by.items())
    assert answer.lost.value == pytest.approx(weighted)


def test_what_is_simulated_is_what_is_on_paper_where_troubles_seldom_meet(quiet):
    copies = {"replicas": 3, "failover": "1 min"}
    answer = availability_of(
        quiet(
            mix={"newsfeed": 0.5, "follow": 0.5},
            fleet={
                "zones": 3,
                "user_store": copies,
                "post_store": copies,
                "timeline_store": copies,
                "follow": {"instances": 6},
            },
            server={"every": "50 d", "repair": "2 h"},
            instance={"every": "30 d", "repair": "5 min"},
            zone={"every": "300 d", "repair": "2 h"},
            incidents=INCIDENTS,
        )
    )
    for cost in answer.costs:
        if cost.cause != "several at once" and cost.on_paper > 1e-7:
            reach = 2 * cost.lost.half_width  # of about forty intervals of 95 %, some miss
            assert cost.lost.value == pytest.approx(cost.on_paper, abs=reach), cost.cause


def test_copies_in_other_zones_save_what_one_copy_loses(quiet):
    copied = {"replicas": 2, "failover": "15 s"}
    stores = dict.fromkeys(("user_store", "post_store", "timeline_store"), copied)
    one, two = (
        availability_of(busy_scenario(quiet)),
        availability_of(busy_scenario(quiet, **stores)),
    )
    assert two.lost.high < one.lost.low


def test_a_lost_zone_fails_what_the_others_have_no_room_for(quiet):
    fleet = {"zones": 3, "gateway": {"instances": 12}, "user": {"instances": 12}}
    fleet |= {name: {"replicas": 3, "failover": "0 s"} for name in ("user_store", "timeline_store")}
    fleet |= {"links": {"noticed_after": "0 s"}}
    zone = {"every": "100 d", "repair": "10 h"}
    scenario = quiet(mix="login", fleet=fleet, zone=zone)
    idle = availability_of(scenario, busy={"gateway": 0.6})
    full = availability_of(scenario, busy={"gateway": 0.8})
    # Eight of twelve are left: enough for 0.6 * 12, and five sixths of 0.8 * 12.
    lost = next(cost for cost in full.costs if cost.cause == "zones: lost")
    assert lost.on_paper == pytest.approx(3 * 10 / 2410 * (1 - 8 / 9.6), rel=1e-3)
    assert not any(cost.cause == "zones: lost" and cost.on_paper > 1e-9 for cost in idle.costs)
    assert full.lost.low > idle.lost.high


def test_writes_of_a_lost_zones_shards_wait_until_others_take_over(quiet):
    fleet = {"zones": 3, "links": {"noticed_after": "0 s"}, "gateway": {"instances": 3}}
    fleet |= {name: {"instances": 3} for name in ("follow", "user")}
    fleet |= {
        name: {"replicas": 3, "failover": "60 s"} for name in ("user_store", "timeline_store")
    }
    zone = {"every": "100 d", "repair": "10 h"}
    answer = availability_of(quiet(mix="follow", fleet=fleet, zone=zone))
    cost = answer.costs[0]
    # One of three zones, and two keys to write: five ninths of the follows, for a minute each.
    expected = 3 * 60 / (2410 * 3600) * (1 - (2 / 3) ** 2)
    assert cost.cause == "zones: failover"
    assert cost.on_paper == pytest.approx(expected, rel=1e-3)
    assert cost.lost.value == pytest.approx(expected, abs=1.5 * cost.lost.half_width)
    assert cost.lost.half_width < 0.1 * expected


def test_what_has_one_copy_does_not_fail_over(quiet):
    fleet = {"zones": 3, "links": {"noticed_after": "0 s"}}
    answer = availability_of(quiet(fleet=fleet, zone={"every": "100 d", "repair": "10 h"}))
    assert not [cost.cause for cost in answer.costs if "failover" in cost.cause]
    assert answer.costs[0].cause == "zones: lost"


def test_what_fails_for_two_reasons_at_once_is_lost_only_once(quiet):
    # One of two gateways and the one user service: each up half of the time.
    fleet = {"gateway": {"instances": 2}, "links": {"noticed_after": "0 s"}}
    hopeless = {"every": "1 d", "repair": "1 d"}
    answer = availability_of(quiet(mix="login", fleet=fleet, instance=hopeless))
    assert answer.lost_on_paper == pytest.approx(1 - 0.75 * 0.5, rel=1e-6)
    assert answer.lost.value == pytest.approx(1 - 0.75 * 0.5, rel=0.02)


def test_falling_back_to_pull_is_worth_what_timelines_lose(quiet):
    scenario = quiet(mix="newsfeed", server=OFTEN)
    with_it, without = availability_of(scenario), availability_of(scenario, falls_back=False)
    assert without.lost.low > with_it.lost.high


def test_an_outage_that_few_feel_is_time_in_which_all_is_well(quiet):
    scenario = quiet(incidents={**INCIDENTS, "per_year": 100, "share": 0.05})
    felt, unfelt = availability_of(scenario, felt_min=0.01), availability_of(scenario, felt_min=0.1)
    assert unfelt.well.low == pytest.approx(1)
    assert felt.well.value == pytest.approx(1 - 100 * 300 / 31_557_600, rel=2e-4)
    assert felt.lost.value == pytest.approx(0.05 * (1 - felt.well.value), rel=1e-3)


def test_minutes_a_year_are_those_of_a_whole_outage(quiet):
    answer = availability_of(quiet(years=1_000, incidents=INCIDENTS))
    assert answer.outage_minutes_per_year == pytest.approx(50, rel=0.05)
    assert answer.costs[0].minutes_per_year == pytest.approx(answer.outage_minutes_per_year)
