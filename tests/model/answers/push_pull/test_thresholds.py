"""The cost of thresholds, against sums over people one by one and cases that have one answer."""

from dataclasses import asdict, replace
from math import inf

import numpy as np
import pytest

from model.answers.push_pull import cheapest_threshold
from model.answers.push_pull.works import PerItem, works_of
from model.world.population import population_of
from model.world.scenario import ScenarioError

NOTHING = PerItem(**dict.fromkeys(asdict(PerItem()), 0.0))
STORE_OF_PAGES = ("newsfeed", "timeline_store")


def test_a_threshold_costs_what_its_posts_and_pages_work_one_by_one(asked, learnt):
    scenario = asked(fleet={"timeline_store": {"shards": 1}})
    curve = cheapest_threshold(scenario, learnt())
    cost = next(each for each in curve.costs if each.followers_min == 300)
    people = population_of(scenario)
    works = works_of(scenario, learnt(), followers_max=int(people.follower_counts.max()))
    is_influencer = people.follower_counts >= 300
    posts_per_s = 10 * people.posting / people.posting.sum()
    push_cores = copies_per_s = 0.0
    for user, followers in enumerate(people.follower_counts):
        merged = is_influencer[user]
        work_s = works.kept_s if merged else works.of_posts(np.array([followers]))[0]
        push_cores += posts_per_s[user] * work_s
        copies_per_s += 0 if merged else posts_per_s[user] * followers
    lists = people.followed_among(is_influencer) + is_influencer
    page_s = (lists > 0) * works.server_s + lists * works.list_s
    assert cost.influencers == is_influencer.sum()
    assert cost.copies_per_s == pytest.approx(copies_per_s)
    assert cost.push_cores == pytest.approx(push_cores)
    assert cost.lists_per_page == pytest.approx(np.average(lists, weights=people.reading), rel=0.01)
    pull_cores = 90 * np.average(page_s, weights=people.reading)
    assert cost.pull_cores == pytest.approx(pull_cores, rel=0.01)  # of a sample of pages
    assert cost.cores == cost.push_cores + cost.pull_cores


def test_where_reading_a_list_costs_nothing_the_lowest_threshold_is_cheapest(asked, learnt):
    each = replace(PerItem(), call_s=0.0, list_s=0.0)
    free = learnt(but={STORE_OF_PAGES: 0.0})
    curve = cheapest_threshold(asked(), free, per_item=each)
    assert curve.cheapest.followers_min == 100
    assert curve.break_even == 0


def test_where_bringing_a_copy_costs_nothing_nobody_is_an_influencer(asked, learnt):
    curve = cheapest_threshold(asked(), learnt(0.0, but={STORE_OF_PAGES: 1.0}), per_item=NOTHING)
    assert curve.cheapest.followers_min is None
    assert curve.break_even == inf


def test_a_lower_threshold_never_sends_more_copies_nor_reads_fewer_lists(asked, learnt):
    costs = cheapest_threshold(asked(), learnt()).costs
    copies = [cost.copies_per_s for cost in costs]
    lists = [cost.lists_per_page for cost in costs]
    assert copies == sorted(copies)
    assert lists == sorted(lists, reverse=True)
    assert (costs[-1].influencers, costs[-1].lists_per_page, costs[-1].pull_cores) == (0, 0, 0)


def test_influencers_pay_from_the_break_even_on_and_not_before(asked, learnt):
    curve = cheapest_threshold(asked(), learnt())

    def cheapest_if_pulls_were(times_cheaper):
        return min(
            curve.costs, key=lambda cost: cost.push_cores + cost.pull_cores / times_cheaper
        ).followers_min

    assert cheapest_if_pulls_were(0.99 * curve.break_even) is None
    assert cheapest_if_pulls_were(1.01 * curve.break_even) is not None


def test_where_a_merged_post_works_more_than_a_pushed_one_no_cheaper_pulls_help(asked, learnt):
    curve = cheapest_threshold(asked(), learnt())
    *some, none = curve.costs
    dear = (replace(cost, push_cores=none.push_cores + 1) for cost in some)
    assert curve.break_even < inf
    assert replace(curve, costs=(*dear, none)).break_even == inf


def test_a_threshold_that_nobody_reaches_is_left_out(asked, learnt):
    most = population_of(asked()).follower_counts.max()
    thresholds = [cost.followers_min for cost in cheapest_threshold(asked(), learnt()).costs]
    assert 1_000 <= most < 3_000
    assert thresholds == [100, 300, 1_000, None]


def test_the_strategy_and_threshold_that_the_scenario_has_do_not_matter(asked, learnt):
    pulled = asked(policy={"strategy": "pull", "influencer_followers_min": 7})
    assert cheapest_threshold(pulled, learnt()) == cheapest_threshold(asked(), learnt())


def test_a_post_is_late_by_its_chunks_and_by_what_keeps_workers_busy(asked, learnt):
    # A chunk of a big author works 1 s in one worker and nothing elsewhere.
    only_workers = learnt(0.0, but={("fanout", "fanout"): 1.0})
    fleet = {"timeline_store": {"shards": 1}, "fanout": {"instances": 40}}
    scenario = asked(fleet=fleet)
    none = cheapest_threshold(scenario, only_workers, per_item=NOTHING).costs[-1]
    busy_share = none.push_cores / 40  # all that works are workers
    most = population_of(scenario).follower_counts.max()
    works = works_of(scenario, only_workers, followers_max=int(most), per_item=NOTHING)
    post_s = works.of_posts(np.array([most]))[0]
    assert 1_000 < most <= 2_000  # two ranges, side by side
    assert 0.2 < busy_share < 0.9
    assert none.lag_s == pytest.approx(post_s / 2 / (1 - busy_share))


def test_workers_who_have_too_much_to_do_are_always_late(asked, learnt):
    scenario = asked(fleet={"fanout": {"instances": 1}})
    none = cheapest_threshold(scenario, learnt(0.0, but={("fanout", "fanout"): 1.0})).costs[-1]
    assert none.lag_s == inf


def test_nobody_waits_for_posts_that_are_not_made(asked, learnt):
    silent = asked(traffic={"rate": "100/s", "mix": {"newsfeed": 1.0}})
    assert {cost.lag_s for cost in cheapest_threshold(silent, learnt()).costs} == {0}


def test_what_is_advised_is_the_cheapest_that_is_fresh(asked, learnt):
    curve = cheapest_threshold(asked(), learnt())
    lags = [cost.lag_s for cost in curve.costs]
    assert curve.cheapest.followers_min is None
    assert replace(curve, fresh_s=max(lags)).advised == curve.cheapest
    hasty = replace(curve, fresh_s=(lags[-2] + lags[-1]) / 2)
    assert hasty.advised.followers_min is not None
    assert hasty.advised == min(curve.costs[:-1], key=lambda cost: cost.cores)
    assert replace(curve, fresh_s=min(lags) / 2).advised is None


def test_a_billion_people_take_their_influencers_from_lag_not_from_cost(asked, learnt):
    people = {"users": "1 B", "followers": {"mean": 60, "max": "30 M"}}
    traffic = {"requests_per_active_day": 33, "mix": {"newsfeed": 0.99, "post": 0.01}}
    fleet = {"timeline_store": {"shards": 4096}, "fanout": {"instances": 4096}}
    scenario = asked(people=people, traffic=traffic, fleet=fleet)
    curve = cheapest_threshold(scenario, learnt(0.0002))
    assert curve.cheapest.followers_min is None  # read 99 times as often as written
    assert curve.break_even > 10
    assert curve.costs[-1].lag_s > 60 > curve.fresh_s
    assert curve.advised is not None
    assert 100_000 <= (curve.advised.followers_min or 0) < 30_000_000


@pytest.mark.parametrize("fresh_s", [0.0, -1.0, float("nan")])
def test_nothing_is_fresh_at_once(asked, learnt, fresh_s):
    with pytest.raises(ValueError, match=f"fresh_s must be above 0, got {fresh_s}"):
        cheapest_threshold(asked(), learnt(), fresh_s=fresh_s)


def test_traffic_as_recorded_has_no_one_peak(asked, learnt):
    recorded = asked(traffic={"recorded": {"file": "requests.csv"}})
    with pytest.raises(ScenarioError, match=r"traffic\.recorded"):
        cheapest_threshold(recorded, learnt())
