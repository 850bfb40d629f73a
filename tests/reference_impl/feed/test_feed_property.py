"""A newsfeed is what a brute-force oracle says, whatever happens in whatever order.

At any time a page must be newest first, without doubles, of posts that exist by authors who are
followed, and hold every such post, within its window, whose delivery has come to its end; but for
posts that are kept for merging, where lists are kept, as long after as these may be old.  When
all deliveries have, for so long, the pages together are the oracle's newsfeed, to the post.
"""

import asyncio
from collections import defaultdict
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from model.rules.policy import FeedPolicy, Strategy
from model.rules.timelines import halvings_of, halvings_survived
from reference_impl.chassis.errors import Forbidden

USERS = 4
WHO = st.integers(0, USERS - 1)
LIMIT = st.sampled_from([1, 2, 3, 7, 20])
INACTIVE_S = 1_000.0
POLICIES = st.builds(
    FeedPolicy,
    strategy=st.sampled_from(Strategy),
    influencer_followers_min=st.integers(1, 4),
    influencer_exit_share=st.sampled_from([0.5, 1.0]),
    inactive_after_s=st.just(INACTIVE_S),
    push_cost_over_pull_cost=st.sampled_from([0.01, 30.0, 1_000.0]),
    edges_fresh_s=st.sampled_from([1e-6, 50.0]),
    full_feed_followees_max=st.sampled_from([0, 0, 0, 1, 2]),
    merged_lists_fresh_s=st.sampled_from([0.0, 10.0]),
)
NUMBERS = st.integers(0, 9_999)
LOSSES = ["wipe", "lose", "authors"]
CHANGES = ["work", "post", "post", "follow", "unfollow", "delete", "away", "back", "full"]
EVENTS = st.tuples(st.sampled_from([*CHANGES, *LOSSES]), NUMBERS)
MOMENTS = st.tuples(
    st.sampled_from(
        ["followees", "mirror", "by_authors", "lists", "rates", "merge_authors", "posts"]
    ),
    st.sampled_from(["asked", "answered"]),
)
PLANS = st.dictionaries(MOMENTS, st.lists(EVENTS, min_size=1, max_size=3), max_size=4)
PAIRS = st.lists(st.tuples(WHO, WHO), min_size=4, max_size=12)
AUTHORS = st.one_of(
    st.lists(WHO, min_size=1, max_size=8),
    st.builds(lambda who, count: [who] * count, WHO, st.integers(4, 9)),  # more than a build takes
)


class Oracle:
    """Who follows whom, and which posts can be seen."""

    def __init__(self):
        self.followees = defaultdict(set)
        self.blocks = set()
        self.author_of = {}
        self.full_feed_followees_max = 0

    def are_apart(self, one, other):
        return (one, other) in self.blocks or (other, one) in self.blocks

    def block(self, one, other):
        self.blocks.add((one, other))
        self.followees[one].discard(other)
        self.followees[other].discard(one)

    def halvings(self, reader):
        return halvings_of(len(self.followees[reader]), self.full_feed_followees_max)

    def feed(self, reader):
        """Return everything that the reader gets, newest first."""
        seen = Seen(reader)
        seen.look(self)
        return sorted(seen.allowed, reverse=True)


class Seen:
    """What a page may show that is read while things change.

    It may know of a follow that has just ended, and of a post that has just come.
    """

    def __init__(self, reader):
        self._reader = reader
        self._followees = set()
        self._author_of = {}
        self._halvings = float("inf")

    def look(self, oracle):
        """Take in how things are now."""
        self._followees |= oracle.followees[self._reader]
        self._author_of |= oracle.author_of
        self._halvings = min(self._halvings, oracle.halvings(self._reader))

    @property
    def allowed(self):
        return {
            post
            for post, author in self._author_of.items()
            if author == self._reader
            or (
                author in self._followees
                and halvings_survived(post, self._reader) >= self._halvings
            )
        }


class Feeds(RuleBasedStateMachine):
    """What may happen to four users and their newsfeeds."""

    twin_of: Any = None  # set by the test: hypothesis makes the machine itself

    @initialize(
        by=st.sampled_from(["user", "post"]),
        cap=st.sampled_from([1, 2, 4, 30, 30]),
        server_count=st.integers(1, 3),
        policy=POLICIES,
        pairs=PAIRS,
        authors=AUTHORS,
        is_cut_off=st.booleans(),
    )
    def begin(self, by, cap, server_count, policy, pairs, authors, is_cut_off):
        self.twin = self.twin_of(
            users=USERS, by=by, cap=cap, server_count=server_count, policy=policy
        )
        self.oracle = Oracle()
        self.unborn = []
        self.scrolls = {}  # where each reader's scrolling has come to
        self.reader = self.user(0)  # of the page that is read, with what it must and may show
        self.needed, self.seen = set(), Seen(self.reader)
        self.oracle.full_feed_followees_max = policy.full_feed_followees_max
        for one, other in pairs:
            self.follow(one, other, is_cut_off=is_cut_off)
        self.post(authors, passes_ms=1, is_delivered=False)

    # Following

    @rule(one=WHO, other=WHO, is_cut_off=st.booleans())
    def follow(self, one, other, is_cut_off):
        if one == other:
            return
        one, other = self.user(one), self.user(other)
        if self.oracle.are_apart(one, other):
            with pytest.raises(Forbidden):
                self.twin.run(self.twin.follow(one, other, is_cut_off=is_cut_off))
            return
        self.twin.run(self.twin.follow(one, other, is_cut_off=is_cut_off))
        self.oracle.followees[one].add(other)

    @rule(one=WHO, other=WHO, is_cut_off=st.booleans())
    def unfollow(self, one, other, is_cut_off):
        if one == other:
            return
        one, other = self.user(one), self.user(other)
        self.twin.run(self.twin.unfollow(one, other, is_cut_off=is_cut_off))
        self.oracle.followees[one].discard(other)

    @rule(one=WHO, other=WHO)
    def block(self, one, other):
        if one == other:
            return
        one, other = self.user(one), self.user(other)
        self.twin.run(self.twin.set_blocked(one, other, blocked=True))
        self.oracle.block(one, other)

    @rule(one=WHO, other=WHO)
    def unblock(self, one, other):
        if one == other:
            return
        one, other = self.user(one), self.user(other)
        self.twin.run(self.twin.set_blocked(one, other, blocked=False))
        self.oracle.blocks.discard((one, other))

    # Posting

    @rule(authors=AUTHORS, passes_ms=st.integers(0, 2), is_delivered=st.booleans())
    def post(self, authors, passes_ms, is_delivered):
        """Post; now and then within one millisecond, in which ids are in no order of time.

        They may be delivered at once, before everything that has waited for longer.
        """
        for who in authors:
            self.twin.now_s += passes_ms / 1000
            self.twin.run(self.post_one(self.user(who), is_delivered=is_delivered))

    async def post_one(self, user, *, is_delivered):
        post = await self.twin.post(user)
        self.oracle.author_of[post] = user
        self.seen.look(self.oracle)  # another's event may delete it before it is delivered
        if is_delivered:
            await self.twin.finish(post)

    @rule(who=WHO)
    def begin_post(self, who):
        self.twin.now_s += 0.001
        self.unborn.append(self.twin.run(self.twin.begin_post(self.user(who))))

    @rule()
    def end_post(self):
        if self.unborn:
            post = self.unborn.pop(0)
            self.twin.run(self.twin.end_post(post))
            self.oracle.author_of[post.post_id] = post.user_id

    @rule(data=st.data(), is_cut_off=st.booleans())
    def delete(self, data, is_cut_off):
        if self.oracle.author_of:
            post = data.draw(st.sampled_from(sorted(self.oracle.author_of)))
            author = self.oracle.author_of.pop(post)
            self.twin.run(self.twin.delete(author, post, is_cut_off=is_cut_off))

    # What the operators and the weather do

    @rule(policy=POLICIES)
    def switch(self, policy):
        self.twin.policies.policy = policy
        self.oracle.full_feed_followees_max = policy.full_feed_followees_max

    @rule(which=st.lists(st.integers(0, 99), max_size=9), is_repeated=st.booleans())
    def work(self, which, is_repeated):
        for number in which:
            self.twin.run(self.twin.work(number, is_repeated=is_repeated))

    @rule(loss=st.tuples(st.sampled_from(LOSSES), NUMBERS))
    def lose(self, loss):
        [event] = self.planned([loss])
        self.twin.run(event())

    @rule(number=st.integers(0, 2))
    def begin_outage(self, number):
        self.twin.run(self.go_away(number))

    @rule()
    def end_outages(self):
        for server in self.twin.servers:
            server.is_away = False

    @rule(number=st.integers(0, 2))
    def fill_up(self, number):
        self.twin.run(self.fill(number))

    @rule()
    def make_room(self):
        for server in self.twin.servers:
            server.is_full = False

    @rule(seconds=st.sampled_from([0.5, 11.0, 60.0, INACTIVE_S + 1]))
    def wait(self, seconds):
        self.twin.now_s += seconds

    @rule(who=WHO, is_merged=st.booleans())
    def die_in_mid_build(self, who, is_merged):
        store, user = self.twin.store, self.user(who)
        if any(server.is_away or server.is_full for server in self.twin.servers):
            return
        if is_merged:
            self.twin.run(store.merged.begin([user], "dead"))
        else:
            self.twin.run(store.timelines.begin(user, "dead", replacing=None))

    # Reading

    @rule(who=WHO, limit=LIMIT, plan=PLANS)
    def scroll(self, who, limit, plan):
        """Read from the newest to the end, whatever happens meanwhile."""
        with self.meanwhile(plan):
            shown, before = [], None
            while True:
                page = self.page(who, before, limit)
                shown += page.ids
                before = page.last_scanned
                if before is None:
                    break
        assert shown == sorted(set(shown), reverse=True)

    @rule(who=WHO, limit=LIMIT, plan=PLANS)
    def scroll_on(self, who, limit, plan):
        """Read one page, below the last one that was read so, whatever happened since."""
        with self.meanwhile(plan):
            self.scrolls[who] = self.page(who, self.scrolls.get(who), limit).last_scanned

    @rule(who=WHO, limit=LIMIT, plan=PLANS, readers=st.integers(2, 5))
    def read_together(self, who, limit, plan, readers):
        with self.meanwhile(plan):
            self.pages(who, None, limit, readers)

    @contextmanager
    def meanwhile(self, plan):
        """Let this happen while the timeline service waits; servers that go away come back."""
        away = [server.is_away for server in self.twin.servers]
        self.twin.plan = {moment: self.planned(events) for moment, events in plan.items()}
        yield
        self.twin.plan = {}
        for server, was_away in zip(self.twin.servers, away, strict=True):
            server.is_away = was_away

    @rule(rest_s=st.sampled_from([0.0, 0.0, 60.0]))
    def settle(self, rest_s):
        """Let everything come to its end: now every newsfeed is the oracle's, with room or not."""
        self.end_outages()
        while self.twin.tasks:
            self.twin.run(self.twin.work(0))
        self.twin.now_s += max(rest_s, self.twin.policies.policy.merged_lists_fresh_s)
        for who in range(USERS):
            for limit in (3, 50):
                shown, before = [], None
                while True:
                    page = self.page(who, before, limit)
                    shown += page.ids
                    before = page.last_scanned
                    if before is None:
                        break
                assert shown == self.oracle.feed(self.user(who))

    def teardown(self):
        if hasattr(self, "twin"):
            self.settle(0.0)
            self.twin.close()

    # How it is checked

    def user(self, number):
        return self.twin.users[number]

    def required(self, who):
        """Return the posts that no page may lack, whatever has not been delivered yet."""
        own = self.twin.handled | self.twin.shown_at_once
        others = self.twin.handled - self.twin.kept_lately
        user, author_of = self.user(who), self.oracle.author_of
        return {
            post
            for post in self.oracle.feed(user)
            if post in (own if author_of[post] == user else others)
        }

    def page(self, who, before, limit):
        [page] = self.pages(who, before, limit, 1)
        return page

    def pages(self, who, before, limit, readers):
        """Read a page several times at once, and hold each to what was and what is by now."""
        user, self.reader = self.user(who), self.user(who)
        self.needed, self.seen = self.required(who), Seen(user)
        self.seen.look(self.oracle)
        pages = self.twin.run(self.read(user, before, limit, readers))
        return [self.checked(page, before, limit) for page in pages]

    async def read(self, user, before, limit, readers):
        read = partial(self.twin.timelines.newsfeed, user, before=before, limit=limit)
        return await asyncio.gather(*(read() for _ in range(readers)))

    def checked(self, page, before, limit):
        page = Ids([int(post["post_id"]) for post in page.posts], page.last_scanned)
        ceiling = float("inf") if before is None else before
        ids, low = page.ids, page.last_scanned or 0
        assert ids == sorted(set(ids), reverse=True)
        assert len(ids) <= limit
        assert set(ids) <= self.seen.allowed
        assert all(low <= post < ceiling for post in ids)
        assert low < ceiling
        missing = {post for post in self.needed if low <= post < ceiling} - set(ids)
        assert not missing, f"{len(missing)} posts are missing"
        if page.last_scanned is not None:
            assert len(ids) == limit, "a page that is not the last is short"
        return page

    def planned(self, events):
        happenings = {
            "work": self.twin.work,
            "post": self.post_some,
            "follow": self.follow_some,
            "unfollow": self.unfollow_some,
            "delete": self.delete_some,
            "wipe": self.wipe,
            "lose": self.lose_one,
            "authors": self.lose_authors,
            "away": self.go_away,
            "back": self.come_back,
            "full": self.fill,
        }
        return [partial(self.happen, happenings[name], number) for name, number in events]

    async def happen(self, what, number):
        """Let it happen; a page may show things as they were at any moment of its reading."""
        await what(number)
        self.needed &= set(self.oracle.feed(self.reader))
        self.seen.look(self.oracle)

    def server(self, number):
        return self.twin.servers[number % len(self.twin.servers)]

    async def post_some(self, number):
        await self.post_one(self.user(number % USERS), is_delivered=number % 2 == 0)

    async def follow_some(self, number):
        one, other, is_cut_off = self.pair(number)
        if one != other and not self.oracle.are_apart(one, other):
            await self.twin.follow(one, other, is_cut_off=is_cut_off)
            self.oracle.followees[one].add(other)

    async def unfollow_some(self, number):
        one, other, is_cut_off = self.pair(number)
        if one != other:
            await self.twin.unfollow(one, other, is_cut_off=is_cut_off)
            self.oracle.followees[one].discard(other)

    async def delete_some(self, number):
        posts = sorted(self.oracle.author_of)
        if posts:
            post = posts[number % len(posts)]
            author = self.oracle.author_of.pop(post)
            await self.twin.delete(author, post, is_cut_off=number % 2 == 0)

    def pair(self, number):
        number, is_cut_off = divmod(number, 2)
        one, other = divmod(number % USERS**2, USERS)
        return self.user(one), self.user(other), bool(is_cut_off)

    async def wipe(self, number):
        self.server(number).wipe()

    async def lose_one(self, number):
        lists = self.server(number).lists
        if lists:
            del lists[sorted(lists)[number % len(lists)]]

    async def lose_authors(self, _):
        self.twin.servers[0].lose_authors()

    async def go_away(self, number):
        self.server(number).is_away = True

    async def fill(self, number):
        self.server(number).is_full = True

    async def come_back(self, number):
        self.server(number).is_away = self.server(number).is_full = False


class Ids(NamedTuple):
    """The ids on a page, and the last post scanned for it."""

    ids: list[int]
    last_scanned: int | None


def run(twin_of, examples, **options):
    Feeds.twin_of = twin_of
    run_state_machine_as_test(
        Feeds,
        settings=settings(
            max_examples=examples,
            stateful_step_count=50,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            **options,
        ),
    )


def test_a_newsfeed_is_the_oracles(twin_of):
    run(twin_of, examples=400, derandomize=True)


@pytest.mark.verify
@pytest.mark.timeout(3_600)
def test_a_newsfeed_is_the_oracles_by_ever_new_chances(twin_of):
    run(twin_of, examples=3_000)
