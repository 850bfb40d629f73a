"""What processes keep of influencers' lists, on paper: whose, and how often it is missed."""

from pathlib import Path

import numpy as np
import pytest

from model.rules import timelines
from model.world.crowds import crowd_by_law, crowd_by_rows, crowd_of
from model.world.kept_lists import kept_lists_of, lists_missed
from model.world.population import population_of
from model.world.scenario import ScenarioError
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
STARS = "policy.influencer_followers_min=30"


def scenario_of(*overrides, kept="10 s"):
    return load_scenario(LAPTOP, [STARS, f"policy.merged_lists_fresh={kept}", *overrides])


def test_the_most_followed_are_asked_for_most_as_their_followers_are():
    people = population_of(scenario_of())
    stars = np.sort(people.follower_counts[people.follower_counts >= 30])[::-1]
    popularity = kept_lists_of(scenario_of()).popularity
    assert popularity.counts == tuple(range(len(stars)))
    asked = np.diff(popularity.cumulated, prepend=0.0)
    assert asked == pytest.approx(stars / stars.sum(), abs=1e-12)


def test_a_page_shows_the_lists_of_those_whom_its_reader_follows_and_none_twice():
    found = kept_lists_of(scenario_of())
    assert found.per_page.mean == pytest.approx(crowd_of(scenario_of()).pages.merged.mean())


def test_lists_are_missed_as_often_as_pages_that_come_at_random_find_them_too_old():
    scenario = scenario_of("traffic.rate=40/s", "traffic.mix={ newsfeed = '100 %' }")
    crowd, rng = crowd_of(scenario), np.random.default_rng(11)
    # One process, by hand: pages at random instants, each with lists by their followers.
    shares = crowd.influencers / crowd.influencers.sum()
    pages_per_s = 40 / scenario.fleet.timeline.instances
    stale_s, missed, asked = np.full(len(shares), -np.inf), 0, 0
    for at_s in np.cumsum(rng.exponential(1 / pages_per_s, size=20_000)):
        needed = rng.choice(len(shares), size=rng.choice(crowd.pages.merged), p=shares)
        for list_ in needed:
            asked += 1
            if at_s >= stale_s[list_]:
                stale_s[list_], missed = at_s + 10.0, missed + 1
    found = lists_missed(scenario, crowd).mean() / crowd.pages.merged.mean()
    # Some 20,000 misses that hardly depend on one another, each counted with an error of 1.
    assert 0.05 < found < 0.6
    assert found == pytest.approx(missed / asked, rel=4 / missed**0.5 + 0.02)


def test_lists_on_one_server_that_a_page_misses_are_asked_for_together():
    few, many = (
        kept_lists_of(scenario_of(f"fleet.timeline_store.shards={n}", kept="0.1 s"))
        for n in (1, 4096)
    )
    assert many.calls_share == pytest.approx(1.0, abs=0.01)
    # Of one server, every page that misses anything at all makes one call.
    missed = lists_missed(scenario_of(kept="0.1 s"), crowd_of(scenario_of()))
    assert few.calls_share == pytest.approx(np.mean(missed > 0) / missed.mean(), rel=0.01)


@pytest.mark.parametrize(
    "override",
    ["policy.strategy=push", "policy.strategy=per_edge", "policy.merged_lists_fresh=0 s"],
)
def test_nothing_is_kept_where_nothing_is_merged_or_pages_are_exact_or_of_edges(override):
    scenario = scenario_of(override)
    assert kept_lists_of(scenario) is None
    crowd = crowd_of(scenario)
    assert lists_missed(scenario, crowd) is crowd.pages.merged


def test_nothing_is_kept_of_more_influencers_than_are_known(monkeypatch):
    monkeypatch.setattr(timelines, "MERGE_AUTHORS_MAX", 5)
    assert kept_lists_of(scenario_of()) is None


def test_processes_that_come_and_go_are_refused():
    with pytest.raises(ScenarioError, match=r"merged_lists_fresh: must be 0 s with .*autoscaling"):
        kept_lists_of(scenario_of("fleet.timeline.autoscaling={ max = 4 }"))


def test_influencers_by_law_are_those_one_by_one():
    scenario = scenario_of("people.users=5 k", "people.followers={ mean = 12, max = 200 }")
    law, rows = crowd_by_law(scenario).influencers, crowd_by_rows(scenario).influencers
    # How many there are by chance is Poisson; allow five deviations.
    assert len(law) == pytest.approx(len(rows), abs=5 * len(rows) ** 0.5)
    assert law.min() >= 30
    assert law.mean() == pytest.approx(rows.mean(), abs=5 * rows.std() / len(rows) ** 0.5)
    assert list(law) == sorted(law, reverse=True)
