"""What pages gather and deliveries reach, against the rules applied to people one by one."""

from pathlib import Path

import numpy as np
import pytest

from model.rules.influencers import pays_to_push
from model.rules.timelines import halvings_of
from model.world import crowds
from model.world.activity import posts_per_day, reads_per_day
from model.world.gathering import gathering_of
from model.world.population import population_of
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
UNEVEN = ("people.activity.spread=1.0", "people.posting.spread=1.0")
ONE_SERVER_EACH = "fleet.timeline_store.shards=4096"  # so that nearly every list has its own


def scenario_of(*overrides):
    return load_scenario(LAPTOP, overrides)


def gathered_in(scenario):
    return gathering_of(scenario, crowds.crowd_of(scenario))


def per_edge(*, cost):
    strategy = "policy.strategy=per_edge", f"policy.push_cost_over_pull_cost={cost}"
    return scenario_of(*strategy, *UNEVEN, ONE_SERVER_EACH)


def edges_of(scenario):
    """Return (reader, author, whether it pays to push) of every edge to a reader who is active."""
    people, policy = population_of(scenario), scenario.policy.of_feeds
    reads = reads_per_day(scenario) * people.reading
    posts = posts_per_day(scenario) * people.posting
    pairs = [
        (reader, author)
        for reader, author in zip(people.followers, people.targets, strict=True)
        if people.active[reader]
    ]
    pays = [
        pays_to_push(policy, reads_per_day=reads[reader], posts_per_day=posts[author])
        for reader, author in pairs
    ]
    return people, np.array(pairs), np.array(pays)


@pytest.mark.parametrize("cost", [1.0, 10.0, 40.0])
def test_per_edge_readers_gather_those_whom_the_rule_says_and_are_pushed_the_others(cost):
    scenario = per_edge(cost=cost)
    people, pairs, pays = edges_of(scenario)
    readers, authors = pairs.T
    lists = np.bincount(readers[~pays], minlength=len(people))
    pages = np.average(lists, weights=people.reading)
    found = gathered_in(scenario)
    assert 0.02 < np.mean(pays) < 0.98, "the rule has something to choose"
    # People of one population, and not of all that there could be: some hundreds who matter.
    assert found.merged_servers.mean == pytest.approx(pages, rel=0.06, abs=0.03)
    pushed = np.average(pays, weights=people.posting[authors])
    assert found.written_share == pytest.approx(pushed, rel=0.06, abs=0.01)


def test_dear_pushes_are_gathered_and_cheap_ones_are_not():
    cheap, dear = (gathered_in(per_edge(cost=cost)) for cost in (1e-6, 1e6))
    assert cheap.merged_servers.mean == 0.0
    assert cheap.written_share == pytest.approx(1.0)
    assert dear.written_share < 0.01
    # Everybody who is followed and posts; here all do.
    assert dear.merged_servers.mean == pytest.approx(12, rel=0.05)


def test_a_choice_of_edges_is_too_old_for_the_first_page_of_a_while():
    alike = scenario_of("policy.strategy=per_edge", 'policy.edges_fresh="3600 s"')
    pages_an_hour = reads_per_day(alike) / 24
    assert gathered_in(alike).new_edges_share == pytest.approx(1 / (1 + pages_an_hour), rel=0.01)
    assert gathered_in(scenario_of()).new_edges_share == 0.0


@pytest.mark.parametrize(
    ("strategy", "written"), [("push", 1.0), ("push_active", 0.7), ("hybrid", 0.7)]
)
def test_nothing_is_written_for_the_inactive_unless_all_are_pushed_to(strategy, written):
    strategy = f"policy.strategy={strategy}"
    found = gathered_in(scenario_of(strategy, "people.activity.inactive=0.3"))
    assert found.written_share == pytest.approx(written)


def test_readers_of_very_many_get_a_share_that_is_halved_as_the_rule_says():
    scenario = scenario_of("policy.full_feed_followees_max=12")
    people = population_of(scenario)
    halvings = np.array([halvings_of(int(n), 12) for n in people.followee_counts])
    found = gathered_in(scenario)
    follows = people.followee_counts
    # The sample is of active readers: its error is that of some 1,200 people.
    assert found.halved_share == pytest.approx(np.average(halvings > 0, weights=follows), abs=0.05)
    written = np.average(0.5**halvings, weights=follows)
    assert found.written_share == pytest.approx(written, abs=0.03)
    assert gathered_in(scenario_of()).halved_share == 0.0


def test_a_timeline_is_built_of_posts_by_everybody_followed_and_the_reader():
    found = gathered_in(scenario_of("fleet.post_store.shards=4096"))
    assert found.author_servers.mean == pytest.approx(12 + 1, rel=0.05)
    assert found.followee_servers.mean == pytest.approx(12, rel=0.05)


@pytest.mark.parametrize("cost", [1.0, 10.0])
def test_people_one_by_one_and_by_law_gather_alike(cost):
    scenario = per_edge(cost=cost)
    rows = gathering_of(scenario, crowds.crowd_by_rows(scenario))
    law = gathering_of(scenario, crowds.crowd_by_law(scenario))
    assert law.merged_servers.mean == pytest.approx(rows.merged_servers.mean, rel=0.1, abs=0.05)
    assert law.written_share == pytest.approx(rows.written_share, rel=0.06)
