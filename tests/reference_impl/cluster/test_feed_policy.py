from __future__ import annotations

import asyncio
import dataclasses

import pytest
import redis

from model.rules.policy import FeedPolicy, PolicyError, Strategy
from reference_impl.chassis.keyvalue import valkey
from reference_impl.chassis.policies import KEY, policy_followed
from reference_impl.cluster.errors import NotReady, Refused
from reference_impl.cluster.feed_policy import FIXED, policy_of, publish_policy, set_policy

AT_UP = FeedPolicy(influencer_followers_min=200)


@pytest.fixture
def settings(engines):
    """Those of a cluster whose broker has no policy yet."""
    broker = f"{engines.broker}?db=8"
    with redis.Redis.from_url(broker) as server:
        server.delete(KEY)
    return dataclasses.replace(engines.settings, broker=broker, policy=AT_UP.to_json())


async def followed_by_services(settings):
    async with (
        valkey(settings.broker) as broker,
        policy_followed(broker, FeedPolicy()) as policies,
    ):
        return policies.current()


def test_where_none_was_published_it_is_the_one_at_up(settings):
    assert policy_of(settings) == AT_UP


def test_services_follow_what_was_published(settings):
    publish_policy(settings, FeedPolicy(strategy=Strategy.PUSH))
    assert asyncio.run(followed_by_services(settings)).strategy is Strategy.PUSH


def test_setting_a_field_leaves_the_others_as_they_are(settings):
    set_policy(settings, {"strategy": "pull"})
    after = set_policy(settings, {"edges_fresh_s": "7", "inactive_after_s": "9"})
    expected = dataclasses.replace(
        AT_UP, strategy=Strategy.PULL, edges_fresh_s=7, inactive_after_s=9
    )
    assert after == policy_of(settings) == expected


def test_what_somebody_else_sets_meanwhile_is_kept(settings, monkeypatch):
    """Between our reading and our writing, another writes: ours is done again upon theirs."""
    read, others = FeedPolicy.from_json, [FeedPolicy(edges_fresh_s=5)]
    publish_policy(settings, AT_UP)

    def read_slowly(text):
        policy = read(text)
        if others:
            publish_policy(settings, others.pop())
        return policy

    monkeypatch.setattr(FeedPolicy, "from_json", read_slowly)
    set_policy(settings, {"strategy": "pull"})
    assert policy_of(settings) == FeedPolicy(strategy=Strategy.PULL, edges_fresh_s=5)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("strategy", "shove", "strategy must be push or pull .* got 'shove'"),
        ("influencer_followers_min", "0", "influencer_followers_min must be at least 1, got 0"),
        ("stratgy", "pull", "no field 'stratgy'.*strategy"),
    ],
)
def test_a_policy_that_means_nothing_is_refused_and_the_old_one_stays(
    settings, field, value, words
):
    with pytest.raises(PolicyError, match=words):
        set_policy(settings, {"full_feed_followees_max": "8", field: value})
    assert policy_of(settings) == AT_UP


@pytest.mark.parametrize("field", FIXED)
def test_what_is_fixed_while_it_runs_is_refused_with_what_to_type(settings, field):
    with pytest.raises(
        Refused,
        match=f"{field} is fixed while it runs: feedtwin up --replace --set policy.{field}=7",
    ):
        set_policy(settings, {"strategy": "pull", field: "7"})
    assert policy_of(settings) == AT_UP


def test_a_broker_that_is_away_is_said(settings):
    away = dataclasses.replace(settings, broker="unix:///nowhere/broker.sock")
    with pytest.raises(NotReady, match="the broker does not do it"):
        policy_of(away)


def test_a_policy_that_cannot_be_read_is_said(settings):
    with redis.Redis.from_url(settings.broker) as broker:
        broker.set(KEY, "{")
    with pytest.raises(NotReady, match="the policy in the broker cannot be read"):
        policy_of(settings)
