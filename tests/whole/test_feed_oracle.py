"""Over HTTP, on real engines: a newsfeed is what a brute-force oracle says, whatever happens.

At every look the newsfeed must be newest first, without doubles, and hold nothing but posts
that exist, by oneself or by whom one follows; one's own posts it holds at once.  Once the
workers have caught up it must be the oracle's, to the post.
"""

import asyncio
import time
from dataclasses import replace

import pytest
import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from persons import Person

from model.rules.policy import FeedPolicy, Strategy
from reference_impl.chassis.keyvalue import valkey
from reference_impl.chassis.policies import publish
from reference_impl.cluster.clusters import Cluster

PEOPLE = 5
CAUGHT_UP_WITHIN_S = 15.0
POLICY = FeedPolicy(influencer_followers_min=2, influencer_exit_share=0.5, edges_fresh_s=0.5)

WHO = st.integers(0, PEOPLE - 1)


class Oracle:
    """Who follows whom, what they posted, and who wants nothing of whom."""

    def __init__(self):
        self.follows = set()
        self.blocks = set()
        self.author_of = {}  # post id -> person, as numbers

    def follow(self, one, other):
        self.follows.add((one, other))

    def block(self, one, other):
        self.blocks.add((one, other))
        self.follows -= {(one, other), (other, one)}

    def are_apart(self, one, other):
        return (one, other) in self.blocks or (other, one) in self.blocks

    def feed(self, reader):
        authors = {other for one, other in self.follows if one == reader} | {reader}
        return sorted((post for post, by in self.author_of.items() if by in authors), reverse=True)


class Network(RuleBasedStateMachine):
    """What a handful of people may do, in any order."""

    cluster: Cluster  # set by the test: hypothesis makes the machine itself
    serial = 0

    @initialize()
    def people_register(self):
        Network.serial += 1
        self.oracle = Oracle()
        self.people = [
            Person(self.cluster.gateway_urls, f"machine.{Network.serial}.{number}")
            for number in range(PEOPLE)
        ]

    @rule(one=WHO, other=WHO)
    def follow(self, one, other):
        if one == other:
            return
        status = self.people[one].follow(self.people[other]).status_code
        if self.oracle.are_apart(one, other):
            assert status == 403
            return
        assert status == 200
        self.oracle.follow(one, other)

    @rule(one=WHO, other=WHO)
    def unfollow(self, one, other):
        if one != other:
            assert self.people[one].unfollow(self.people[other]).status_code == 200
            self.oracle.follows.discard((one, other))

    @rule(one=WHO, other=WHO)
    def block(self, one, other):
        if one != other:
            assert self.people[one].block(self.people[other]).status_code == 200
            self.oracle.block(one, other)

    @rule(one=WHO, other=WHO)
    def unblock(self, one, other):
        if one != other:
            assert self.people[one].unblock(self.people[other]).status_code == 200
            self.oracle.blocks.discard((one, other))

    @rule(who=WHO, count=st.integers(1, 4))
    def post(self, who, count):
        for _ in range(count):
            post = int(self.people[who].say("something")["post_id"])
            self.oracle.author_of[post] = who

    @rule(data=st.data())
    def delete(self, data):
        if self.oracle.author_of:
            post = data.draw(st.sampled_from(sorted(self.oracle.author_of)))
            author = self.people[self.oracle.author_of.pop(post)]
            assert author.delete({"post_id": post}).status_code == 204

    @rule(strategy=st.sampled_from(Strategy), ratio=st.sampled_from([0.01, 1.0, 100.0]))
    def switch(self, strategy, ratio):
        policy = replace(POLICY, strategy=strategy, push_cost_over_pull_cost=ratio)
        asyncio.run(self.publish(policy))

    async def publish(self, policy):
        async with valkey(self.cluster.settings.broker) as broker:
            await publish(broker, policy)

    @rule(data=st.data())
    def lose(self, data):
        url = data.draw(st.sampled_from(self.cluster.settings.timeline_stores))
        with redis.Redis.from_url(url) as server:
            server.flushall()

    @rule(who=WHO, limit=st.integers(1, 9))
    def read(self, who, limit):
        deadline_s = time.monotonic() + CAUGHT_UP_WITHIN_S
        while (seen := self.look(who, limit)) != self.oracle.feed(who):
            assert time.monotonic() < deadline_s, f"{seen}, not {self.oracle.feed(who)}"
            time.sleep(0.05)

    @rule(who=WHO, limit=st.integers(1, 9))
    def glance(self, who, limit):
        self.look(who, limit)

    def look(self, who, limit):
        """Return the whole newsfeed, having held it to what is true at any time."""
        seen = [int(post) for post in self.people[who].feed(limit)]
        expected = self.oracle.feed(who)
        assert seen == sorted(set(seen), reverse=True)
        assert set(seen) <= set(expected)
        own = [post for post in expected if self.oracle.author_of[post] == who]
        assert set(own) <= set(seen)
        return seen

    def teardown(self):
        for who in range(len(getattr(self, "people", ()))):
            self.read(who, 5)


def run(cluster, examples, steps):
    Network.cluster = cluster
    run_state_machine_as_test(
        Network,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_newsfeed_is_the_oracles(cluster):
    run(cluster, examples=3, steps=20)


@pytest.mark.verify
@pytest.mark.timeout(1_200)
def test_a_newsfeed_is_the_oracles_at_length(cluster):
    run(cluster, examples=20, steps=30)


@pytest.mark.verify
@pytest.mark.timeout(1_200)
def test_a_newsfeed_is_the_oracles_in_the_layout_of_the_document(cluster_by_the_letter):
    run(cluster_by_the_letter, examples=20, steps=30)
