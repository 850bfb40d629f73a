"""Over HTTP, on real engines: a newsfeed is what a brute-force oracle says, whatever happens.

At every look the newsfeed must be newest first, without doubles, and hold nothing but posts
that exist, by oneself or by whom one follows.  Once the workers have caught up it must be the
oracle's, to the post.
"""

import random
import secrets
import time
from dataclasses import replace

import pytest
from backstage import LOSSES, hold_up_fanout, let_fanout_go_on, lose
from persons import Person

from model.rules.policy import FRESH_S, FeedPolicy, Strategy
from reference_impl.cluster.feed_policy import policy_of, publish_policy

PEOPLE = range(4)
CAUGHT_UP_WITHIN_S = 15.0
POLICY = FeedPolicy(influencer_followers_min=2, influencer_exit_share=0.5, edges_fresh_s=0.5)

COUNTS = (1, 1, 2, 3, 25)  # of posts: now and then more than a timeline keeps
LIMITS = range(1, 10)
RATIOS = (0.01, 1.0, 100.0)
STEPS = {  # with how often each is taken
    "post": 6,
    "follow": 4,
    "unfollow": 3,
    "block": 1,
    "unblock": 1,
    "delete": 2,
    "switch": 2,
    "lose": 2,
    "hold_up_fanout": 2,
    "read": 4,
    "glance": 3,
    "scroll_on": 3,
}


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


class Walk:
    """What a handful of people may do, in any order; each step by the chance of the walk."""

    def __init__(self, cluster, chance, strategies):
        self.cluster = cluster
        self.strategies = strategies
        self.chance = chance
        self.oracle = Oracle()
        self.bottoms = {}  # of the pages that were scrolled to: the cursor, and the last post
        name = secrets.token_hex(8)  # another every time, also in the same cluster
        self.people = [Person(cluster.gateway_urls, f"walk.{name}.{number}") for number in PEOPLE]

    def go(self, steps):
        names = self.chance.choices(list(STEPS), weights=STEPS.values(), k=steps)
        for name in ["follow"] * len(PEOPLE) + names:
            print(name)  # which is shown when it fails
            getattr(self, name)()
        for who in PEOPLE:
            self.read(who)

    def anybody(self):
        return self.chance.choice(PEOPLE)

    def two(self):
        return self.chance.sample(PEOPLE, 2)

    def follow(self):
        one, other = self.two()
        status = self.people[one].follow(self.people[other]).status_code
        if self.oracle.are_apart(one, other):
            assert status == 403
            return
        assert status == 200
        self.oracle.follow(one, other)

    def unfollow(self):
        if self.oracle.follows:
            one, other = self.chance.choice(sorted(self.oracle.follows))
            assert self.people[one].unfollow(self.people[other]).status_code == 200
            self.oracle.follows.discard((one, other))

    def block(self):
        one, other = self.two()
        assert self.people[one].block(self.people[other]).status_code == 200
        self.oracle.block(one, other)

    def unblock(self):
        if self.oracle.blocks:
            one, other = self.chance.choice(sorted(self.oracle.blocks))
            assert self.people[one].unblock(self.people[other]).status_code == 200
            self.oracle.blocks.discard((one, other))

    def post(self):
        who = self.anybody()
        for _ in range(self.chance.choice(COUNTS)):
            post = int(self.people[who].say("something")["post_id"])
            self.oracle.author_of[post] = who

    def delete(self):
        if self.oracle.author_of:
            post = self.chance.choice(sorted(self.oracle.author_of))
            author = self.people[self.oracle.author_of.pop(post)]
            assert author.delete({"post_id": post}).status_code == 204

    def switch(self):
        """Change the policy; until all have heard of it they follow different ones."""
        policy = replace(
            POLICY,
            strategy=self.chance.choice(self.strategies),
            push_cost_over_pull_cost=self.chance.choice(RATIOS),
        )
        publish_policy(self.cluster.settings, policy)

    def lose(self):
        lose(self.cluster, self.people[self.anybody()], self.chance.choice(LOSSES))

    def hold_up_fanout(self):
        """Let no post arrive, until somebody waits for one."""
        hold_up_fanout(self.cluster)

    def read(self, who=None):
        """Wait until a newsfeed is the oracle's."""
        who = self.anybody() if who is None else who
        let_fanout_go_on(self.cluster)
        deadline_s = time.monotonic() + CAUGHT_UP_WITHIN_S
        while (seen := self.look(who)) != self.oracle.feed(who):
            assert time.monotonic() < deadline_s, f"{seen}, not {self.oracle.feed(who)}"
            time.sleep(0.05)

    def glance(self):
        self.look(self.anybody())

    def look(self, who):
        """Return the whole newsfeed, having held it to what is true at any time."""
        return self.checked(who, self.people[who].feed(self.chance.choice(LIMITS)))

    def scroll_on(self):
        """Read one page, below the last one that was read so, whatever happened since."""
        who = self.anybody()
        query, last = self.bottoms.pop(who, ({}, float("inf")))
        page = self.people[who].newsfeed(limit=self.chance.choice(LIMITS), **query).json()
        seen = self.checked(who, [post["post_id"] for post in page["posts"]])
        assert all(post < last for post in seen)
        if page["next"] is not None:
            self.bottoms[who] = {"cursor": page["next"]}, seen[-1]

    def checked(self, who, ids):
        seen = [int(post) for post in ids]
        assert seen == sorted(set(seen), reverse=True)
        assert set(seen) <= set(self.oracle.feed(who))
        return seen


@pytest.fixture(scope="module", autouse=True)
def policy_afterwards(cluster):
    """Leave the policy as it was."""
    before = policy_of(cluster.settings)
    yield
    publish_policy(cluster.settings, before)
    time.sleep(1.5 * FRESH_S)


def walk(cluster, strategies, *, seed, steps):
    walk = Walk(cluster, random.Random(seed), strategies)
    walk.switch()
    time.sleep(FRESH_S)  # by then it is followed
    try:
        walk.go(steps)
    finally:
        let_fanout_go_on(cluster)


@pytest.mark.parametrize("strategy", [Strategy.HYBRID, Strategy.PER_EDGE, Strategy.PULL])
def test_a_newsfeed_is_the_oracles(cluster, strategy):
    walk(cluster, [strategy], seed=1, steps=70)


@pytest.mark.verify
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("seed", range(10))
def test_a_newsfeed_is_the_oracles_at_length(cluster, seed):
    walk(cluster, list(Strategy), seed=seed, steps=150)


@pytest.mark.verify
@pytest.mark.timeout(1_200)
def test_a_newsfeed_is_the_oracles_in_the_layout_of_the_document(cluster_by_the_letter):
    for seed in range(10):
        walk(cluster_by_the_letter, list(Strategy), seed=seed, steps=80)
