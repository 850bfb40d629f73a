"""The widths of requests, and the shares of those that take a longer way."""

from pathlib import Path

import numpy as np
import pytest

from model.rules import timelines
from model.world.population import population_of
from model.world.reach import reach_of
from model.world.scenario import Endpoint
from model.world.scenario_files import load_scenario

SCENARIOS = Path(__file__).parents[3] / "scenarios"
SESSION_VISITS = {  # with limits: everything, and what a route is limited by besides
    Endpoint.NEWSFEED: (1, 0),
    Endpoint.POST: (2, 0),
    Endpoint.FOLLOW: (3, 0),
    Endpoint.UNFOLLOW: (3, 0),
    Endpoint.REGISTER: (1, 0),
    Endpoint.LOGIN: (3, 2),
    Endpoint.PROFILE: (1, 0),
    Endpoint.SEARCH: (2, 0),
    Endpoint.IMAGE: (0, 0),  # which edges answer
}


def reach(*overrides, name="laptop"):
    return reach_of(load_scenario(SCENARIOS / f"{name}.toml", overrides))


def mix(**shares):
    every = {endpoint.value: shares.get(endpoint.value, 0.0) for endpoint in Endpoint}
    return "traffic.mix={" + ", ".join(f"{name}={share}" for name, share in every.items()) + "}"


def test_requests_are_counted_where_there_are_limits():
    counted = reach("policy.rate_limits=true").counting
    assert {e: (c.before, c.after) for e, c in counted.items()} == SESSION_VISITS
    uncounted = reach("policy.rate_limits=false").counting
    assert {(c.before, c.after) for c in uncounted.values()} == {(0, 0)}


def test_only_requests_that_are_made_are_counted():
    assert set(reach("traffic.mix=deathstarbench").counting) == {
        Endpoint.NEWSFEED,
        Endpoint.PROFILE,
        Endpoint.POST,
    }


def test_edges_get_from_their_origin_what_they_have_not():
    assert reach("fleet.cdn.hit_share=70 %").image_miss_share == pytest.approx(0.3)


def test_what_a_process_remembers_is_stale_for_the_first_of_a_while():
    # A process that is asked 9 times a second asks itself for a second's worth once in ten.
    pages = reach("traffic.rate=18/s", mix(newsfeed=1.0), "fleet.timeline.instances=2")
    assert pages.stale_authors == pytest.approx(0.1)
    fleet = "fleet.timeline.instances=4"
    posts = reach("traffic.rate=24/s", mix(newsfeed=0.5, post=0.5), fleet)
    assert posts.stale_authors == pytest.approx(1 / (1 + 12 / 4))


def test_changes_are_covered_by_pages_and_are_follows_or_ends():
    asked = reach(mix(newsfeed=0.6, follow=0.3, unfollow=0.1))
    assert asked.cover_share == pytest.approx(0.4)
    assert asked.follow_share == pytest.approx(0.75)
    unchanged = reach(mix(newsfeed=1.0))
    assert (unchanged.cover_share, unchanged.follow_share) == (0.0, 0.0)


ONE_SERVER_EACH = "fleet.timeline_store.shards=4096"  # so that nearly every list has its own


def test_readers_merge_the_lists_of_influencers_whom_they_follow_and_their_own():
    scenario = load_scenario(SCENARIOS / "laptop.toml", [ONE_SERVER_EACH])
    people = population_of(scenario)
    stars = people.follower_counts >= scenario.policy.influencer_followers_min
    each = people.followed_among(stars) + stars
    assert reach_of(scenario).merged_servers.mean == pytest.approx(
        each[people.active].mean(), rel=0.01
    )


def test_where_there_are_too_many_influencers_to_know_everybody_followed_is_asked_for(monkeypatch):
    scenario = load_scenario(SCENARIOS / "laptop.toml", [ONE_SERVER_EACH])
    stars = np.count_nonzero(population_of(scenario).follower_counts >= 200)
    monkeypatch.setattr(timelines, "MERGE_AUTHORS_MAX", stars)
    assert reach_of(scenario).merged_servers.mean < 3
    monkeypatch.setattr(timelines, "MERGE_AUTHORS_MAX", stars - 1)
    assert reach_of(scenario).merged_servers.mean == pytest.approx(12 + 1, rel=0.05)


def test_a_world_too_large_for_rows_asks_likewise(monkeypatch):
    # Of a billion, 8 in 100,000 have 10,000 followers or more.
    assert reach(name="baseline").merged_servers.mean == pytest.approx(60 + 1, rel=0.02)
    monkeypatch.setattr(timelines, "MERGE_AUTHORS_MAX", 10**9)
    assert reach(name="baseline").merged_servers.mean < 20
    nobody = reach("policy.strategy=push", name="baseline").merged_servers
    assert nobody.mean == 0.0


def test_active_readers_are_pushed_what_all_are_and_nobody_merges():
    pushed, to_active = reach("policy.strategy=push"), reach("policy.strategy=push_active")
    assert (to_active.merge_share, to_active.merged_servers.mean) == (0.0, 0.0)
    assert to_active.spreading == pushed.spreading


def test_the_layout_is_that_of_the_policy_and_the_fleet():
    of_letter = reach(
        "policy.timelines_by=post",
        "policy.follows_kept=follower",
        "fleet.timeline_store.shards=4",
        "fleet.user_store.shards=3",
    ).layout
    assert (of_letter.by_post, of_letter.is_mirrored) == (True, False)
    assert (of_letter.timeline_servers, of_letter.user_servers) == (4, 3)
    assert (of_letter.delivery_servers, of_letter.follower_servers) == (1, 3)
    usual = reach("fleet.timeline_store.shards=4", "fleet.user_store.shards=3").layout
    assert (usual.delivery_servers, usual.follower_servers) == (4, 1)


def test_posts_are_of_the_kinds_that_the_scenario_says():
    types = "people.post_types={image = 0.5, text = 0.3, video = 0.2, video_work = 7}"
    kinds = reach(types).kinds
    assert kinds.media_share == pytest.approx(0.7)
    assert kinds.image_of_media_share == pytest.approx(5 / 7)
    assert kinds.developed_share == pytest.approx(0.7)
    as_sent = reach(types.replace("= 7", "= 0")).kinds
    assert as_sent.developed_share == pytest.approx(0.5)
    assert as_sent.image_of_developed_share == pytest.approx(1.0)


def test_nothing_is_deleted_or_cold_unless_it_is_said():
    usual = reach()
    assert (usual.cold_share, usual.deleted_share, usual.new_edges_share) == (0.0, 0.0, 0.0)
