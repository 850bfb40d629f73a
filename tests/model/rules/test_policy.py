"""The policy that may change at run time: what it takes, and how it is told."""

import json
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.rules.policy import FeedPolicy, PolicyError, Strategy, changed
from model.world.scenario import Policy

POLICIES = st.builds(
    FeedPolicy,
    strategy=st.sampled_from(Strategy),
    influencer_followers_min=st.integers(1, 10**10),
    influencer_exit_share=st.floats(0.01, 1),
    inactive_after_s=st.floats(0.001, 1e9),
    push_cost_over_pull_cost=st.floats(0.001, 1e6),
    edges_fresh_s=st.floats(0.001, 1e9),
    full_feed_followees_max=st.integers(0, 10**6),
    merged_lists_fresh_s=st.floats(0, 3_600),
)


@given(POLICIES)
def test_a_policy_is_read_as_it_was_written(policy):
    assert FeedPolicy.from_json(policy.to_json()) == policy


def test_a_policy_of_another_version_keeps_what_is_known_and_takes_defaults_for_the_rest():
    text = json.dumps({"strategy": "pull", "colour": "red"})
    assert FeedPolicy.from_json(text) == FeedPolicy(strategy=Strategy.PULL)


def test_a_policy_that_says_nothing_takes_every_default():
    assert FeedPolicy.from_json("{}") == FeedPolicy()


@pytest.mark.parametrize("text", ["3", "null", "[]", '"pull"'])
def test_a_policy_without_fields_is_refused(text):
    with pytest.raises(PolicyError, match="must be an object of fields, got"):
        FeedPolicy.from_json(text)


def test_the_defaults_are_those_of_a_scenario_and_of_the_sources():
    assert Policy().of_feeds == FeedPolicy()
    assert FeedPolicy() == FeedPolicy(
        strategy=Strategy.HYBRID,
        influencer_followers_min=10_000,
        influencer_exit_share=0.8,
        inactive_after_s=30 * 24 * 60 * 60,  # what Twitter called active: within a month
        push_cost_over_pull_cost=1.0,
        edges_fresh_s=60 * 60,
        full_feed_followees_max=0,
        merged_lists_fresh_s=0.0,
    )


def test_a_policy_cannot_be_changed_in_place():
    policy: Any = FeedPolicy()
    with pytest.raises(FrozenInstanceError):
        policy.strategy = Strategy.PUSH


def test_fields_are_changed_one_by_one():
    policy = changed(FeedPolicy(), {"strategy": "push", "influencer_followers_min": "7"})
    assert changed(policy, {"inactive_after_s": "60"}) == FeedPolicy(
        strategy=Strategy.PUSH, influencer_followers_min=7, inactive_after_s=60.0
    )


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("colour", "red", "no field 'colour'"),
        ("strategy", "shove", "push or pull or hybrid or per_edge or push_active, got 'shove'"),
        ("influencer_followers_min", "1.5", "a whole number, got '1.5'"),
        ("influencer_followers_min", "0", "at least 1, got 0"),
        ("influencer_exit_share", "0", "in (0, 1], got 0.0"),
        ("influencer_exit_share", "1.01", "in (0, 1], got 1.01"),
        ("inactive_after_s", "soon", "a number, got 'soon'"),
        ("inactive_after_s", "nan", "above 0, got nan"),
        ("inactive_after_s", "0", "above 0, got 0.0"),
        ("edges_fresh_s", "0", "above 0, got 0.0"),
        ("push_cost_over_pull_cost", "0", "above 0, got 0.0"),
        ("edges_fresh_s", "inf", "above 0, got inf"),
        ("push_cost_over_pull_cost", "-1", "above 0, got -1.0"),
        ("full_feed_followees_max", "-1", "0 (off) or more, got -1"),
        ("merged_lists_fresh_s", "-1", "in 0 (off) to 3600, got -1.0"),
        ("merged_lists_fresh_s", "3601", "in 0 (off) to 3600, got 3601.0"),
        ("merged_lists_fresh_s", "nan", "in 0 (off) to 3600, got nan"),
    ],
)
def test_what_cannot_be_followed_is_refused_by_name_and_value(field, value, words):
    with pytest.raises(PolicyError) as refusal:
        changed(FeedPolicy(), {field: value})
    assert field in str(refusal.value)
    assert words in str(refusal.value)


def test_only_pushing_to_all_remembers_those_who_do_not_read():
    remembers = [s for s in Strategy if not FeedPolicy(strategy=s).forgets_the_inactive]
    assert remembers == [Strategy.PUSH]


def test_lists_of_influencers_are_kept_and_those_of_edges_are_not():
    keeps = [s for s in Strategy if FeedPolicy(strategy=s, merged_lists_fresh_s=7.0).lists_kept_s]
    assert keeps == [strategy for strategy in Strategy if strategy is not Strategy.PER_EDGE]
