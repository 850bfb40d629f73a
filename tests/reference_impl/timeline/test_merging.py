"""Posts kept once per author: merged into every follower's pages, and built again when lost."""

import asyncio
import time

import pytest

from model.rules.influencers import Delivery
from model.rules.policy import DAY_S
from reference_impl.chassis.callers import CALLER, Caller
from reference_impl.chassis.deadlines import within_deadline
from reference_impl.chassis.errors import Unavailable
from reference_impl.timeline.builds import POLL_S
from reference_impl.timeline.merge_authors import MERGED_FOR_S
from reference_impl.timeline.merged import merged_key
from reference_impl.timeline.merging import BUILT_POSTS_MAX
from reference_impl.timeline.scan import FeedSource


async def test_fifty_who_read_a_lost_merged_list_at_once_cause_one_listing(ann_follows_bob):
    network = ann_follows_bob
    posts = [await network.post(network.BOB, delivery=Delivery.MERGE) for _ in range(3)]
    pages = await asyncio.gather(*(network.newest(network.ANN) for _ in range(50)))
    assert pages == [posts[::-1]] * 50
    assert network.posts.listings == [[network.BOB]]


async def test_fifty_in_two_processes_cause_one_listing_and_no_pull(ann_follows_bob):
    network = ann_follows_bob
    posts = [await network.post(network.BOB, delivery=Delivery.MERGE) for _ in range(3)]
    await network.newest(network.ANN)
    network.lose(merged_key(network.BOB))
    network.posts.listings.clear()
    network.posts.pulls.clear()

    async def slow():
        await asyncio.sleep(3 * POLL_S)

    network.posts.before_answer = slow
    reads = [
        service.newsfeed(network.ANN, before=None, limit=5)
        for service in (network.service, network.another_service())
        for _ in range(25)
    ]
    for page in await asyncio.gather(*reads):
        assert [int(post["post_id"]) for post in page.posts] == posts[::-1]
        assert page.source is FeedSource.BUILT
    assert network.posts.listings == [[network.BOB]]
    assert network.posts.pulls == []


@pytest.mark.parametrize("delivery", [Delivery.PUSH, Delivery.MERGE])
async def test_crossing_the_threshold_leaves_no_gap_and_no_double(ann_follows_bob, delivery):
    network = ann_follows_bob
    await network.newest(network.ANN)
    other = {Delivery.PUSH: Delivery.MERGE, Delivery.MERGE: Delivery.PUSH}[delivery]
    for each in [delivery, delivery, other, other, delivery, other]:
        await network.post(network.BOB, delivery=each)
    assert await network.whole_feed(network.ANN, limit=2) == network.oracle(network.ANN)


async def test_the_first_merged_post_of_an_author_is_merged_at_once(ann_follows_bob):
    network = ann_follows_bob
    await network.newest(network.ANN)
    post = await network.post(network.BOB, delivery=Delivery.MERGE)
    assert await network.newest(network.ANN) == [post]


async def test_a_merged_list_that_was_lost_is_built_again(ann_follows_bob):
    network = ann_follows_bob
    for _ in range(3):
        await network.post(network.BOB, delivery=Delivery.MERGE)
        assert await network.newest(network.ANN) == network.oracle(network.ANN)
        network.lose(merged_key(network.BOB))
    page = await network.page(network.ANN)
    assert [int(post["post_id"]) for post in page.posts] == network.oracle(network.ANN)
    assert page.source is FeedSource.BUILT


async def test_the_loss_of_who_is_merged_leaves_no_gap(ann_follows_bob):
    network = ann_follows_bob
    for _ in range(3):
        await network.post(network.BOB, delivery=Delivery.MERGE)
    await network.newest(network.ANN)
    network.servers[0].lose_authors()
    assert await network.newest(network.ANN) == network.oracle(network.ANN)


async def test_a_post_kept_while_its_list_is_built_is_in_it(ann_follows_bob):
    network = ann_follows_bob
    await network.post(network.BOB, delivery=Delivery.MERGE)
    await network.newest(network.ANN)
    network.lose(merged_key(network.BOB))

    async def bob_posts():
        await network.post(network.BOB, delivery=Delivery.MERGE)

    network.meanwhile(bob_posts)
    await network.newest(network.ANN)
    assert await network.newest(network.ANN) == network.oracle(network.ANN)
    assert len(network.posts.listings) == 2


async def test_a_server_wiped_while_a_list_is_built_leaves_no_gap(ann_follows_bob):
    network = ann_follows_bob
    await network.post(network.BOB, delivery=Delivery.MERGE)
    await network.newest(network.ANN)
    network.lose(merged_key(network.BOB))

    async def wipe_and_post():
        network.wipe()
        await network.post(network.BOB, delivery=Delivery.MERGE)

    network.meanwhile(wipe_and_post)
    for _ in range(3):
        assert await network.newest(network.ANN) == network.oracle(network.ANN)


async def test_a_list_that_somebody_else_builds_for_too_long_is_pulled(ann_follows_bob):
    network = ann_follows_bob
    await network.post(network.BOB, delivery=Delivery.MERGE)
    await network.newest(network.ANN)
    network.lose(merged_key(network.BOB))
    await network.store.merged.begin([network.BOB], "dead")
    network.posts.pulls.clear()
    page = await network.page(network.ANN)
    assert [int(post["post_id"]) for post in page.posts] == network.oracle(network.ANN)
    assert page.source is FeedSource.PULL
    assert network.posts.pulls == [({network.BOB}, None)]


async def test_a_list_whose_own_time_is_over_is_given_up_at_once(ann_follows_bob, monkeypatch):
    network = ann_follows_bob
    await network.post(network.BOB, delivery=Delivery.MERGE)
    await network.newest(network.ANN)
    network.lose(merged_key(network.BOB))
    monkeypatch.setattr("reference_impl.timeline.flights.WORK_S", 0.02)

    async def hang():
        network.posts.before_answer = None
        with within_deadline("post"):
            await asyncio.Event().wait()

    network.posts.before_answer = hang
    CALLER.set(Caller(request_id="request-1", deadline_s=time.time() + 60))
    page = await network.page(network.ANN)
    assert [int(post["post_id"]) for post in page.posts] == network.oracle(network.ANN)
    assert page.source is FeedSource.PULL
    monkeypatch.undo()
    assert (await network.page(network.ANN)).source is FeedSource.BUILT


async def test_a_list_whose_posts_cannot_be_gathered_is_given_up_at_once(ann_follows_bob):
    network = ann_follows_bob
    await network.post(network.BOB, delivery=Delivery.MERGE)
    await network.newest(network.ANN)
    network.lose(merged_key(network.BOB))
    network.posts.is_away = True
    with pytest.raises(Unavailable):
        await network.page(network.ANN)
    network.posts.is_away = False
    assert (await network.page(network.ANN)).source is FeedSource.BUILT


async def test_past_what_a_list_was_built_with_its_author_is_pulled(ann_follows_bob):
    network = ann_follows_bob
    for _ in range(BUILT_POSTS_MAX + 5):
        network.write(network.BOB, delivery=Delivery.MERGE)
    assert await network.whole_feed(network.ANN, limit=30) == network.oracle(network.ANN)


async def test_when_nobody_can_tell_who_is_merged_everyone_is(ann_follows_bob, monkeypatch):
    monkeypatch.setattr("reference_impl.timeline.memory.KNOWN_MAX", 0)
    network = ann_follows_bob
    network.follows.follow(network.ANN, network.CAT)
    for author in (network.BOB, network.CAT):
        await network.post(author)
        await network.post(author, delivery=Delivery.MERGE)
    assert await network.newest(network.ANN) == network.oracle(network.ANN)
    assert network.posts.listings == [sorted([network.ANN, network.BOB, network.CAT])]


# Authors who are to be merged no more


@pytest.fixture
def clock(ann_follows_bob):
    """What time it is for the servers; a test moves it."""
    now_s = [1_000.0]
    for server in ann_follows_bob.servers:
        server.clock_s = lambda: now_s[0]
    return now_s


async def test_an_author_who_is_pushed_again_is_merged_no_more_in_the_end(ann_follows_bob, clock):
    network = ann_follows_bob
    await network.newest(network.ANN)
    await network.post(network.BOB, delivery=Delivery.MERGE)
    for _ in range(9):  # Ann reads every day, as somebody does whose timeline is never forgotten
        clock[0] += DAY_S
        await network.post(network.BOB)
        assert await network.newest(network.ANN) == network.oracle(network.ANN)
    network.lose(merged_key(network.BOB))
    network.posts.listings.clear()
    page = await network.page(network.ANN)
    assert [int(post["post_id"]) for post in page.posts] == network.oracle(network.ANN)
    assert page.source is FeedSource.TIMELINE
    assert network.posts.listings == []


async def test_a_timeline_is_built_anew_before_an_author_leaves_whose_posts_it_lacks(
    ann_follows_bob, clock
):
    network = ann_follows_bob
    await network.newest(network.ANN)
    await network.post(network.BOB, delivery=Delivery.MERGE)
    clock[0] += MERGED_FOR_S - 1
    assert network.BOB in (await network.store.authors.known()).authors
    assert (await network.page(network.ANN)).source is FeedSource.BUILT
    assert (await network.page(network.ANN)).source is FeedSource.TIMELINE
    clock[0] += 2
    assert network.BOB not in (await network.store.authors.known()).authors
    assert await network.newest(network.ANN) == network.oracle(network.ANN)


async def test_an_outdated_timeline_that_cannot_be_built_serves_no_page(ann_follows_bob, clock):
    network = ann_follows_bob
    await network.newest(network.ANN)
    await network.post(network.BOB, delivery=Delivery.MERGE)
    clock[0] += MERGED_FOR_S + 1
    for server in network.servers:
        server.is_full = True
    page = await network.page(network.ANN)
    assert [int(post["post_id"]) for post in page.posts] == network.oracle(network.ANN)
    assert page.source is FeedSource.PULL
