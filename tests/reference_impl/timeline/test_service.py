from collections import Counter

import pytest

from reference_impl.timeline.memory import MemoryTimelineStore
from reference_impl.timeline.service import ROUNDS_MAX, TimelineService

READER = 1


class Follows:
    """Whom each user follows, as sets that tests may change."""

    def __init__(self, **followees):
        self.followees_of = {READER: set(followees.get("reader", ()))}

    async def followees(self, user_id):
        return frozenset(self.followees_of.get(user_id, ()))


class Posts:
    """Posts whose author is the last digit of their id."""

    def __init__(self, deleted=()):
        self._deleted = set(deleted)
        self.questions = []

    async def posts(self, post_ids):
        self.questions.append(list(post_ids))
        return [
            {"post_id": str(post), "user_id": str(post % 10)}
            for post in post_ids
            if post not in self._deleted
        ]


async def feed_of(store, *, follows, posts=None, limit=3):
    """Return the pages of the reader's newsfeed, from the newest to the end."""
    service = TimelineService(store=store, follows=follows, posts=posts or Posts())
    pages, before = [], None
    while True:
        page = await service.newsfeed(READER, before=before, limit=limit)
        pages.append([int(post["post_id"]) for post in page.posts])
        if page.last_scanned is None:
            return pages
        before = page.last_scanned


def timeline_of(*posts):
    return MemoryTimelineStore(timelines={READER: sorted(posts)})


async def test_an_empty_newsfeed_is_one_empty_page():
    assert await feed_of(timeline_of(), follows=Follows()) == [[]]


async def test_nothing_is_asked_of_posts_when_there_is_none():
    posts = Posts()
    await feed_of(timeline_of(), follows=Follows(), posts=posts)
    assert posts.questions == []


async def test_pages_are_newest_first_and_end():
    store = timeline_of(12, 22, 32, 42, 52, 62, 72)
    assert await feed_of(store, follows=Follows(reader=[2])) == [[72, 62, 52], [42, 32, 22], [12]]


async def test_a_last_page_that_is_full_says_that_it_is_the_last():
    assert await feed_of(timeline_of(12, 22, 32), follows=Follows(reader=[2])) == [[32, 22, 12]]


async def test_posts_of_influencers_are_mixed_in_by_time():
    store = timeline_of(12, 32, 52)
    store.merged = {3: [23, 43], 4: [34], 5: [15]}
    pages = await feed_of(store, follows=Follows(reader=[2, 3, 4]))
    assert pages == [[52, 43, 34], [32, 23, 12]]


async def test_a_post_that_came_both_ways_is_shown_once():
    store = timeline_of(12, 22)
    store.merged = {2: [12, 22, 32]}
    assert await feed_of(store, follows=Follows(reader=[2])) == [[32, 22, 12]]


async def test_readers_see_their_own_posts_pushed_or_merged():
    store = timeline_of(11)
    store.merged = {1: [21]}
    assert await feed_of(store, follows=Follows()) == [[21, 11]]


async def test_an_unfollow_takes_effect_on_the_next_page():
    store, follows = timeline_of(12, 22, 13, 23, 33, 42), Follows(reader=[2, 3])
    store.merged = {4: [34]}
    service = TimelineService(store=store, follows=follows, posts=Posts())
    first = await service.newsfeed(READER, before=None, limit=2)
    assert [post["post_id"] for post in first.posts] == ["42", "33"]
    follows.followees_of[READER] = {2}
    second = await service.newsfeed(READER, before=first.last_scanned, limit=2)
    assert [post["post_id"] for post in second.posts] == ["22", "12"]


async def test_gaps_are_refilled_from_below():
    store = timeline_of(93, 83, 73, 72, 63, 62, 53, 52, 42)
    assert await feed_of(store, follows=Follows(reader=[2])) == [[72, 62, 52], [42]]


async def test_posts_that_are_gone_are_gaps_too():
    store = timeline_of(12, 22, 32, 42)
    pages = await feed_of(store, follows=Follows(reader=[2]), posts=Posts(deleted=[32, 42]))
    assert pages == [[22, 12]]


async def test_a_page_behind_too_many_gaps_stays_short_and_is_not_the_end():
    unfollowed = [1_003 + 10 * post for post in range(3 * ROUNDS_MAX)]
    store, posts = timeline_of(12, *unfollowed), Posts()
    assert await feed_of(store, follows=Follows(reader=[2]), posts=posts) == [[], [12]]
    assert len(posts.questions) == ROUNDS_MAX + 1


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
@pytest.mark.parametrize("followed", [{2, 3, 4}, {2}, {3, 4}, set()])
async def test_paging_shows_each_post_of_the_followed_once(limit, followed):
    store = timeline_of(*(10 * at + 2 + at % 2 for at in range(1, 40)))
    store.merged = {4: [10 * at + 4 for at in range(1, 40, 3)]}
    everything = {*store.timelines[READER], *store.merged[4]}
    pages = await feed_of(store, follows=Follows(reader=followed), limit=limit)
    shown = [post for page in pages for post in page]
    wanted = sorted((post for post in everything if post % 10 in followed), reverse=True)
    assert shown == wanted
    assert all(len(page) <= limit for page in pages)


async def test_paging_has_no_gap_and_no_duplicate_while_posts_arrive():
    store = timeline_of(*(10 * at + 2 for at in range(1, 30)))
    store.merged = {4: [10 * at + 4 for at in range(1, 30, 4)]}
    there_at_first = {*store.timelines[READER], *store.merged[4]}
    service = TimelineService(store=store, follows=Follows(reader=[2, 4]), posts=Posts())
    shown: Counter[int] = Counter()
    before, newer = None, 1_000
    while True:
        page = await service.newsfeed(READER, before=before, limit=4)
        shown.update(int(post["post_id"]) for post in page.posts)
        if page.last_scanned is None:
            break
        before = page.last_scanned
        await store.deliver(newer + 2, user_ids=[READER])
        await store.keep_for_merging(newer + 4, author_id=4)
        newer += 10
    assert shown == Counter(there_at_first)
