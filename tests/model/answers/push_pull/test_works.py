"""Works of posts and pages, by hand for fleets in which calls cost nothing, or all the same."""

from dataclasses import asdict

import numpy as np
import pytest

from model.answers.calibrations import CalibrationError
from model.answers.push_pull import works as module
from model.answers.push_pull.works import PerItem, works_of
from model.world.followers import law_of
from model.world.scenario import ScenarioError

NOTHING = PerItem(**dict.fromkeys(asdict(PerItem()), 0.0))
ONE_SERVER = {"timeline_store": {"shards": 1}}


def test_where_calls_cost_nothing_a_post_works_so_much_per_follower(asked, learnt):
    each = PerItem(copy_worker_s=2.0, copy_store_s=3.0, copy_found_s=4.0, call_s=0.0, list_s=0.0)
    works = works_of(asked(), learnt(0.0), followers_max=50_000, per_item=each)
    followers = np.array([0, 1, 777, 1_000, 50_000])
    assert works.of_posts(followers) == pytest.approx(9.0 * followers)
    assert works.of_workers(followers) == pytest.approx(2.0 * followers)


def test_replicas_make_copies_of_their_own(asked, learnt):
    each = PerItem(copy_worker_s=2.0, copy_store_s=3.0, copy_found_s=4.0, call_s=0.0, list_s=0.0)
    scenario = asked(fleet={"timeline_store": {"shards": 4, "replicas": 3}})
    works = works_of(scenario, learnt(0.0), followers_max=100, per_item=each)
    assert works.of_posts(np.array([100])) == pytest.approx(15.0 * 100)


def test_replicas_are_called_on_their_own(asked, learnt):
    calibration = learnt(0.0, but={("fanout", "timeline_store"): 1.0})
    alone, three = (
        works_of(asked(fleet=fleet), calibration, followers_max=10, per_item=NOTHING)
        for fleet in (ONE_SERVER, {"timeline_store": {"shards": 1, "replicas": 3}})
    )
    assert alone.of_posts(np.array([10])) == pytest.approx(1.0)
    assert three.of_posts(np.array([10])) == pytest.approx(3.0)


def test_a_chunk_more_costs_the_calls_of_a_chunk(asked, learnt):
    # By design.fanout, on one server: the broker's entry read and finished, the worker, a page of
    # followers from the follow service and its database, and the timeline server; 1 s each.  The
    # followers are cut into eight ranges, of 5,062 and of 10,062: six and eleven chunks.
    fewer, more = (
        works_of(
            asked(fleet=ONE_SERVER), learnt(1.0), followers_max=followers, per_item=NOTHING
        ).post_s[-1]
        for followers in (40_500, 80_500)
    )
    assert more - fewer == pytest.approx(8 * (11 - 6) * 6.0)


def test_more_places_between_which_posts_are_interpolated_change_nothing(
    asked, learnt, monkeypatch
):
    scenario = asked()
    followers = law_of(scenario.people).followers_at((np.arange(3_000) + 0.5) / 3_000)
    rough = works_of(scenario, learnt(), followers_max=1_500).of_posts(followers)
    monkeypatch.setattr(module, "_PLACES", 300)
    fine = works_of(scenario, learnt(), followers_max=1_500).of_posts(followers)
    assert rough.sum() == pytest.approx(fine.sum(), rel=0.002)


def test_a_server_more_costs_a_call_of_it_and_of_whoever_calls(asked, learnt):
    calibration = learnt(0.0, but={("fanout", "timeline_store"): 1.0})
    each = PerItem(copy_worker_s=0, copy_store_s=0, copy_found_s=0, call_s=0.25, list_s=0)
    many = asked(fleet={"timeline_store": {"shards": 16}})
    works = works_of(many, calibration, followers_max=9, per_item=each)
    # Ten timelines, the author's with them, thrown on 16 servers: 7.6 of them are hit.  Widths
    # are rounded at random, of 500 posts with a deviation of half a server at most.
    servers = 16 * (1 - (1 - 1 / 16) ** 10)
    five_deviations = 5 * 0.5 / np.sqrt(500)
    assert works.post_s[-1] == pytest.approx(1.25 * servers, abs=1.25 * five_deviations)
    assert works.worker_s[-1] == pytest.approx(0.25 * servers, abs=0.25 * five_deviations)


def test_a_merged_post_costs_the_same_whoever_follows(asked, learnt):
    # It is kept with three writes; how it is heard of costs what a pushed one's does.
    calibration = learnt(0.0, but={("fanout", "timeline_store"): 1.0})
    for strategy in ("hybrid", "push_active"):
        works = works_of(
            asked(policy={"strategy": strategy}), calibration, followers_max=10, per_item=NOTHING
        )
        assert works.kept_s == pytest.approx(3.0)


def test_a_page_pays_for_servers_and_for_lists(asked, learnt):
    each = PerItem(call_s=0.25, list_s=0.125)
    calibration = learnt(1.0, but={("newsfeed", "timeline_store"): 2.0})
    works = works_of(asked(), calibration, followers_max=10, per_item=each)
    assert (works.server_s, works.list_s) == (2.25, 0.125)


@pytest.mark.parametrize("pair", [("fanout", "timeline_store"), ("newsfeed", "timeline_store")])
def test_what_was_never_learnt_is_refused(asked, learnt, pair):
    with pytest.raises(CalibrationError, match=f"nothing was learnt of {pair[1]} in {pair[0]}"):
        works_of(asked(), learnt(but={pair: None}), followers_max=10)


@pytest.mark.parametrize("name", asdict(PerItem()))
@pytest.mark.parametrize("work_s", [-1.0, float("inf"), float("nan")])
def test_what_is_no_work_is_refused(name, work_s):
    with pytest.raises(ValueError, match=f"{name} must be 0 or more and finite, got {work_s}"):
        PerItem(**{name: work_s})


def test_traffic_as_recorded_is_refused(asked, learnt):
    recorded = asked(traffic={"recorded": {"file": "requests.csv"}})
    with pytest.raises(ScenarioError, match=r"traffic\.recorded"):
        works_of(recorded, learnt(), followers_max=10)
