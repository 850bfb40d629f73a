"""Pages of a newsfeed: newest first, whole, without doubles, whatever lies in the timelines."""

from collections import Counter

import pytest

from model.rules.influencers import Delivery
from model.rules.timelines import PAGE_LIMIT_MAX
from reference_impl.timeline.scan import FeedSource
from reference_impl.timeline.service import ROUNDS_MAX

LIMITS = [1, 2, 3, 7]


def chunks(posts, limit):
    return [posts[at : at + limit] for at in range(0, len(posts), limit)] or [[]]


async def test_an_empty_newsfeed_is_one_empty_page(network):
    assert await network.feed(network.ANN) == [[]]


async def test_no_post_is_asked_for_when_there_is_none(network):
    await network.newest(network.ANN)
    assert network.posts.hydrated == []


@pytest.mark.parametrize("limit", LIMITS)
async def test_pages_are_full_newest_first_and_end(network, limit):
    network.follows.follow(network.ANN, network.BOB, network.CAT)
    await network.newest(network.ANN)
    for _ in range(7):
        await network.post(network.BOB)
        await network.post(network.CAT, delivery=Delivery.MERGE)
        await network.post(network.DAN)
    wanted = network.oracle(network.ANN)
    assert len(wanted) == 14
    assert await network.feed(network.ANN, limit=limit) == chunks(wanted, limit)


async def test_a_last_page_that_is_full_says_that_it_is_the_last(network):
    posts = [await network.post(network.ANN) for _ in range(3)]
    assert await network.feed(network.ANN, limit=3) == [posts[::-1]]


async def test_the_longest_page_is_filled(network_of):
    network = network_of(cap=200)
    network.follows.follow(network.ANN, network.BOB)
    for _ in range(PAGE_LIMIT_MAX + 1):
        network.write(network.BOB)
    wanted = network.oracle(network.ANN)
    assert await network.feed(network.ANN, limit=PAGE_LIMIT_MAX) == [wanted[:-1], wanted[-1:]]
    assert max(len(asked) for asked in network.posts.hydrated) == PAGE_LIMIT_MAX


async def test_a_post_that_came_both_ways_is_shown_once(network):
    network.follows.follow(network.ANN, network.BOB)
    await network.newest(network.ANN)
    posts = [await network.post(network.BOB, delivery=each) for each in Delivery]
    [merged] = [post for post in posts if network.posts.delivery_of[post] is Delivery.MERGE]
    user_ids = [network.ANN]
    await network.store.deliver(merged, author_id=network.BOB, user_ids=user_ids, is_edge=False)
    assert await network.newest(network.ANN) == posts[::-1]


@pytest.mark.parametrize("delivery", Delivery)
async def test_readers_see_their_own_posts_however_delivered(network, delivery):
    await network.newest(network.ANN)
    post = await network.post(network.ANN, delivery=delivery)
    assert await network.newest(network.ANN) == [post]
    assert await network.newest(network.BOB) == []


async def test_an_own_post_is_shown_before_any_worker_has_seen_it(network):
    await network.newest(network.ANN)
    post = network.write(network.ANN)
    assert await network.newest(network.ANN) == []
    assert await network.service.show_own(network.ANN, post) == 1
    assert await network.newest(network.ANN) == [post]
    await network.deliver(post)
    assert await network.newest(network.ANN) == [post]


async def test_an_own_post_without_a_timeline_is_found_when_that_is_built(network):
    post = network.write(network.ANN)
    assert await network.service.show_own(network.ANN, post) == 0
    assert await network.newest(network.ANN) == [post]


async def test_an_unfollow_takes_effect_on_the_next_page(network):
    network.follows.follow(network.ANN, network.BOB, network.CAT)
    for author in [network.BOB, network.CAT] * 3:
        await network.post(author)
    first = await network.page(network.ANN, limit=2)
    network.follows.unfollow(network.ANN, network.CAT)
    second = await network.page(network.ANN, before=first.last_scanned, limit=5)
    assert second.last_scanned is None
    authors = [post["user_id"] for post in second.posts]
    assert authors == [str(network.BOB)] * 2


async def test_an_unfollow_costs_no_build(network):
    network.follows.follow(network.ANN, network.BOB, network.CAT)
    await network.newest(network.ANN)
    network.follows.unfollow(network.ANN, network.CAT)
    await network.newest(network.ANN)
    assert len(network.posts.pulls) == 1


async def test_posts_that_are_deleted_are_gone_at_once_and_the_page_is_refilled(network):
    posts = [await network.post(network.ANN) for _ in range(8)]
    await network.newest(network.ANN)
    network.posts.deleted |= {posts[7], posts[5], posts[0]}
    assert await network.feed(network.ANN, limit=2) == chunks(network.oracle(network.ANN), 2)


async def test_a_page_behind_many_gaps_is_filled_by_pull(network):
    network.follows.follow(network.ANN, network.BOB, network.CAT)
    wanted = [await network.post(network.BOB) for _ in range(3)]
    for _ in range(4 * ROUNDS_MAX):
        await network.post(network.CAT)
    await network.newest(network.ANN)
    network.follows.unfollow(network.ANN, network.CAT)
    page = await network.page(network.ANN, limit=3)
    assert [int(post["post_id"]) for post in page.posts] == wanted[::-1]
    assert page.last_scanned is None
    assert page.source is FeedSource.PULL


async def test_a_page_behind_a_few_gaps_is_filled_from_the_timeline(network):
    network.follows.follow(network.ANN, network.BOB, network.CAT)
    for author in [network.BOB, network.CAT] * 6:
        await network.post(author)
    await network.newest(network.ANN)
    network.follows.unfollow(network.ANN, network.CAT)
    page = await network.page(network.ANN, limit=3)
    assert len(page.posts) == 3
    assert page.source is not FeedSource.PULL


async def test_a_page_behind_endless_gaps_stays_short_and_is_not_the_end(network_of):
    network = network_of(cap=5)
    oldest = network.write(network.ANN)
    gaps = [network.write(network.ANN) for _ in range(ROUNDS_MAX * (PAGE_LIMIT_MAX + 1) + 9)]
    network.posts.deleted |= set(gaps)
    pages = await network.feed(network.ANN, limit=1)
    assert pages == [[], [oldest]]


async def test_deleted_posts_do_not_end_a_page_with_less_than_it_was_to_have(network_of):
    network = network_of(cap=5)
    posts = [network.write(network.ANN) for _ in range(30)]
    network.posts.deleted |= set(posts[10:25])
    wanted = network.oracle(network.ANN)
    assert await network.feed(network.ANN, limit=4) == chunks(wanted, 4)


@pytest.mark.parametrize("limit", LIMITS)
async def test_paging_has_no_gap_and_no_duplicate_while_posts_arrive(network, limit):
    network.follows.follow(network.ANN, network.BOB, network.CAT)
    for _ in range(10):
        await network.post(network.BOB)
        await network.post(network.CAT, delivery=Delivery.MERGE)
    there_at_first = network.oracle(network.ANN)
    shown: Counter[int] = Counter()
    before = None
    while True:
        page = await network.page(network.ANN, before=before, limit=limit)
        shown.update(int(post["post_id"]) for post in page.posts)
        if page.last_scanned is None:
            break
        before = page.last_scanned
        await network.post(network.BOB)
        await network.post(network.CAT, delivery=Delivery.MERGE)
    assert shown == Counter(there_at_first)


# Past the cap


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("is_built_first", [True, False])
async def test_scrolling_past_the_cap_goes_on_without_gap(network_of, by, limit, is_built_first):
    network = network_of(cap=4, by=by)
    network.follows.follow(network.ANN, network.BOB, network.CAT)
    if is_built_first:
        await network.newest(network.ANN)
    for _ in range(8):
        await network.post(network.BOB)
        await network.post(network.CAT, delivery=Delivery.MERGE)
    wanted = network.oracle(network.ANN)
    assert await network.feed(network.ANN, limit=limit) == chunks(wanted, limit)


async def test_only_pages_past_the_cap_are_pulled(network_of):
    network = network_of(cap=6)
    network.follows.follow(network.ANN, network.BOB)
    await network.newest(network.ANN)
    for _ in range(9):
        await network.post(network.BOB)
    sources, before = [], None
    for _ in range(5):
        page = await network.page(network.ANN, before=before, limit=2)
        sources.append(page.source.value)
        before = page.last_scanned
    assert before is None
    assert sources == ["timeline", "timeline", "pull", "pull", "pull"]


async def test_a_page_that_ends_where_the_timeline_ends_needs_no_pull(network_of):
    network = network_of(cap=7)
    await network.newest(network.ANN)
    for _ in range(9):
        await network.post(network.ANN)
    page = await network.page(network.ANN, limit=6)
    assert page.source is FeedSource.TIMELINE
    assert page.last_scanned is not None
    assert (await network.page(network.ANN, limit=7)).source is FeedSource.PULL


async def test_only_the_authors_whose_lists_end_are_asked_for_more(network_of):
    network = network_of(cap=6)
    network.follows.follow(network.ANN, network.BOB, network.CAT)
    await network.newest(network.ANN)
    for _ in range(8):
        await network.post(network.CAT, delivery=Delivery.MERGE)
        assert await network.newest(network.ANN, limit=1)
    await network.post(network.BOB)
    network.posts.pulls.clear()
    assert await network.newest(network.ANN, limit=20) == network.oracle(network.ANN)
    assert network.posts.pulls == [({network.CAT}, None)]


async def test_below_what_is_kept_no_list_is_read(network_of):
    network = network_of(cap=2)
    network.follows.follow(network.ANN, network.CAT)
    for _ in range(4):
        await network.post(network.ANN)
        await network.post(network.CAT, delivery=Delivery.MERGE)
    assert await network.newest(network.ANN)
    listings = len(network.posts.listings)
    for server in network.servers:
        server.lists = {key: held for key, held in server.lists.items() if "merged" not in key}
    wanted = network.oracle(network.ANN)
    page = await network.page(network.ANN, before=wanted[4], limit=2)
    assert [int(post["post_id"]) for post in page.posts] == wanted[5:7]
    assert len(network.posts.listings) == listings


async def test_nothing_lies_below_the_oldest_post(network):
    post = await network.post(network.ANN)
    page = await network.page(network.ANN, before=post)
    assert (list(page.posts), page.last_scanned) == ([], None)
