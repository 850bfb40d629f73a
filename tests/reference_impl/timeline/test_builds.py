"""Timelines that are lost or were never built, and every race in building them.

In races the fakes of the neighbours do what happens "meanwhile": between the gathering of posts
and the arrival of the answer.
"""

import asyncio
import time

import pytest

from model.rules.influencers import Delivery
from model.rules.policy import FeedPolicy, Strategy
from reference_impl.chassis.callers import CALLER, Caller
from reference_impl.chassis.deadlines import within_deadline
from reference_impl.chassis.errors import Unavailable
from reference_impl.timeline.builds import POLL_S, floor_of
from reference_impl.timeline.lists import Contents
from reference_impl.timeline.merged import merged_key
from reference_impl.timeline.scan import FeedSource
from reference_impl.timeline.timelines import timeline_key


async def sources_of(network, user, count):
    return [(await network.page(user)).source.value for _ in range(count)]


# Never built, or lost


async def test_who_reads_for_the_first_time_sees_everything(ann_follows_bob):
    network = ann_follows_bob
    posts = [await network.post(network.BOB) for _ in range(3)]
    assert await network.newest(network.ANN) == posts[::-1]


async def test_a_timeline_is_built_once_and_then_read(ann_follows_bob):
    network = ann_follows_bob
    await network.post(network.BOB)
    assert await sources_of(network, network.ANN, 3) == ["built", "timeline", "timeline"]
    assert len(network.posts.pulls) == 1


async def test_a_timeline_that_was_lost_is_built_again(ann_follows_bob):
    network = ann_follows_bob
    await network.newest(network.ANN)
    await network.post(network.BOB)
    network.wipe()
    await network.post(network.BOB)
    assert await network.newest(network.ANN) == network.oracle(network.ANN)
    assert (await network.page(network.ANN)).source is FeedSource.TIMELINE


async def test_a_timeline_of_which_one_part_was_lost_is_whole_again(network_of):
    network = network_of(by="post")
    network.follows.follow(network.ANN, network.BOB)
    for _ in range(6):
        await network.post(network.BOB)
    await network.newest(network.ANN)
    network.servers[1].wipe()
    for _ in range(6):
        await network.post(network.BOB)
    kept = dict(network.servers[0].lists)
    assert await network.newest(network.ANN) == network.oracle(network.ANN)
    assert network.servers[0].lists == kept


@pytest.mark.parametrize("limit", [1, 2, 5])
async def test_scrolling_goes_on_through_the_loss_of_the_timeline(network_of, by, limit):
    network = network_of(cap=6, by=by)
    network.follows.follow(network.ANN, network.BOB)
    for _ in range(9):
        await network.post(network.BOB)
    shown, before = [], None
    while True:
        page = await network.page(network.ANN, before=before, limit=limit)
        shown += [int(post["post_id"]) for post in page.posts]
        before = page.last_scanned
        if before is None:
            break
        network.wipe()
    assert shown == network.oracle(network.ANN)


async def test_fifty_who_read_a_lost_timeline_at_once_cause_one_pull(ann_follows_bob):
    network = ann_follows_bob
    posts = [await network.post(network.BOB) for _ in range(3)]
    pages = await asyncio.gather(*(network.newest(network.ANN) for _ in range(50)))
    assert pages == [posts[::-1]] * 50
    assert len(network.posts.pulls) == 1


async def test_fifty_in_two_processes_cause_one_pull(ann_follows_bob):
    network = ann_follows_bob
    posts = [await network.post(network.BOB) for _ in range(3)]

    async def slow():
        await asyncio.sleep(3 * POLL_S)

    network.posts.before_answer = slow
    services = [network.service, network.another_service()]
    reads = [
        service.newsfeed(network.ANN, before=None, limit=5)
        for service in services
        for _ in range(25)
    ]
    for page in await asyncio.gather(*reads):
        assert [int(post["post_id"]) for post in page.posts] == posts[::-1]
        assert page.source is FeedSource.BUILT
    assert len(network.posts.pulls) == 1


async def test_a_reader_who_goes_away_ends_the_build_of_nobody_else(ann_follows_bob):
    network = ann_follows_bob
    posts = [await network.post(network.BOB) for _ in range(3)]

    async def slow():
        await asyncio.sleep(2 * POLL_S)

    network.posts.before_answer = slow
    async with asyncio.TaskGroup() as tasks:
        gone = tasks.create_task(network.newest(network.ANN))
        await asyncio.sleep(POLL_S)
        patient = tasks.create_task(network.newest(network.ANN))
        await asyncio.sleep(POLL_S / 2)
        gone.cancel()
    assert patient.result() == posts[::-1]
    assert len(network.posts.pulls) == 1


def test_a_build_is_whole_above_the_last_post_below_which_there_may_be_more():
    assert floor_of([9, 7, 5], limit=3) == 4
    assert floor_of([9, 7], limit=3) == 0
    assert floor_of([], limit=3) == 0


# Races of a build


async def test_a_post_stored_after_the_gathering_is_delivered_into_the_build(ann_follows_bob):
    network = ann_follows_bob

    async def bob_posts():
        await network.post(network.BOB)

    network.meanwhile(bob_posts)
    await network.newest(network.ANN)
    assert await network.newest(network.ANN) == network.oracle(network.ANN)
    assert len(network.oracle(network.ANN)) == len(network.posts.pulls) == 1


async def test_a_post_delivered_before_the_build_began_is_gathered(ann_follows_bob):
    network = ann_follows_bob
    post = await network.post(network.BOB)  # fan-out finds no timeline
    assert await network.newest(network.ANN) == [post]


async def test_who_is_not_yet_mirrored_is_before_posts_are_gathered(network):
    network.follows.follow(network.ANN, network.BOB, is_mirrored=False)
    unseen = await network.post(network.BOB)  # fan-out finds no follower

    async def bob_posts():
        await network.post(network.BOB)

    network.meanwhile(bob_posts)
    await network.newest(network.ANN)
    shown = await network.newest(network.ANN)
    assert unseen in shown
    assert shown == network.oracle(network.ANN)
    assert len(shown) == 2


async def test_a_follow_in_mid_build_is_covered_on_the_next_page(ann_follows_bob):
    network = ann_follows_bob
    await network.post(network.CAT)
    await network.post(network.BOB)

    async def ann_follows_cat():
        network.follows.follow(network.ANN, network.CAT)

    network.posts.before_answer = ann_follows_cat  # a second time changes nothing
    await network.newest(network.ANN)
    assert await network.newest(network.ANN) == network.oracle(network.ANN)


async def test_trimming_in_mid_build_leaves_no_gap(network_of, by):
    network = network_of(cap=4, by=by)
    network.follows.follow(network.ANN, network.BOB)
    for _ in range(6):
        await network.post(network.BOB)

    async def bob_posts_a_lot():
        for _ in range(9):
            await network.post(network.BOB)

    network.meanwhile(bob_posts_a_lot)
    await network.newest(network.ANN)
    assert await network.whole_feed(network.ANN) == network.oracle(network.ANN)


async def test_a_late_delivery_into_the_build_below_its_floor_leaves_no_gap(network_of, by):
    network = network_of(cap=4, by=by)
    network.follows.follow(network.ANN, network.BOB)
    late = network.write(network.BOB)
    for _ in range(12):
        await network.post(network.BOB)

    async def fanout_catches_up():
        await network.deliver(late)

    network.meanwhile(fanout_catches_up)
    await network.newest(network.ANN)
    assert await network.whole_feed(network.ANN) == network.oracle(network.ANN)


async def test_a_server_wiped_in_mid_build_costs_the_build_but_not_the_page(ann_follows_bob):
    network = ann_follows_bob
    await network.post(network.BOB)

    async def wipe_and_post():
        network.wipe()
        await network.post(network.BOB)  # finds no timeline, and was not gathered

    network.meanwhile(wipe_and_post)
    page = await network.page(network.ANN)
    assert [int(post["post_id"]) for post in page.posts] == network.oracle(network.ANN)
    assert page.source is FeedSource.PULL
    assert (await network.page(network.ANN)).source is FeedSource.BUILT
    assert await network.newest(network.ANN) == network.oracle(network.ANN)


async def test_while_somebody_else_builds_for_too_long_pages_come_by_pull(ann_follows_bob):
    network = ann_follows_bob
    await network.post(network.BOB)
    await network.store.timelines.begin(network.ANN, "dead", replacing=None)
    page = await network.page(network.ANN)
    assert [int(post["post_id"]) for post in page.posts] == network.oracle(network.ANN)
    assert page.source is FeedSource.PULL


async def test_a_dead_builder_is_taken_over(ann_follows_bob):
    network = ann_follows_bob
    await network.post(network.BOB)
    await network.store.timelines.begin(network.ANN, "dead", replacing=None)
    for server in network.servers:
        for held in server.lists.values():
            held.until_s = 0.0
    assert (await network.page(network.ANN)).source is FeedSource.BUILT
    await network.store.timelines.finish(
        network.ANN, "dead", Contents(ids=[], floor=0), idle_s=None
    )
    assert await network.newest(network.ANN) == network.oracle(network.ANN)


async def test_a_build_whose_posts_cannot_be_gathered_is_given_up_at_once(ann_follows_bob):
    network = ann_follows_bob
    await network.post(network.BOB)
    await network.newest(network.BOB)  # so that it is known whose posts are merged
    network.posts.is_away = True
    with pytest.raises(Unavailable):
        await network.page(network.ANN)
    network.posts.is_away = False
    assert (await network.page(network.ANN)).source is FeedSource.BUILT


async def test_a_build_whose_own_time_is_over_is_given_up_at_once(ann_follows_bob, monkeypatch):
    monkeypatch.setattr("reference_impl.timeline.flights.WORK_S", 0.02)
    network = ann_follows_bob
    await network.post(network.BOB)
    await network.newest(network.BOB)  # so that it is known whose posts are merged

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


async def test_a_build_that_cannot_be_finished_is_given_up(ann_follows_bob):
    network = ann_follows_bob
    await network.post(network.BOB)
    timelines = network.store.timelines
    finish = timelines.finish

    async def lose_the_call(*_, **__):
        timelines.finish = finish
        raise Unavailable("timeline_store did not answer in time")

    timelines.finish = lose_the_call
    assert (await network.page(network.ANN)).source is FeedSource.PULL
    assert (await network.page(network.ANN)).source is FeedSource.BUILT


async def test_a_build_that_cannot_be_finished_leaves_the_page_to_pull(ann_follows_bob):
    network = ann_follows_bob
    await network.post(network.BOB)

    async def fill_up():
        for server in network.servers:
            server.is_away = True

    network.meanwhile(fill_up)
    page = await network.page(network.ANN)
    assert [int(post["post_id"]) for post in page.posts] == network.oracle(network.ANN)
    assert page.is_without_store


async def test_two_builders_by_parts_end_with_a_whole_timeline(network_of):
    network = network_of(by="post")
    network.follows.follow(network.ANN, network.BOB)
    for _ in range(6):
        await network.post(network.BOB)
    key = timeline_key(network.ANN)
    servers = network.store.timelines._servers
    assert await servers[0].begin([key], "other")

    async def other_finishes():
        ids = network.oracle(network.ANN)
        mine = [post for post in ids if network.store.server_of(post, network.ANN) == 0]
        await servers[0].finish({key: Contents(ids=mine, floor=0, seq=1)}, "other", idle_s=None)

    network.meanwhile(other_finishes)
    page = await network.page(network.ANN)
    assert [int(post["post_id"]) for post in page.posts] == network.oracle(network.ANN)
    assert page.source is FeedSource.BUILT


async def test_a_timeline_lost_between_two_rounds_of_a_page_leaves_no_gap(ann_follows_bob):
    network = ann_follows_bob
    posts = [await network.post(network.BOB) for _ in range(9)]
    await network.newest(network.ANN)
    network.posts.deleted |= set(posts[6:])
    hydrate = network.posts.posts

    async def hydrate_and_wipe(post_ids):
        network.wipe()
        return await hydrate(post_ids)

    network.posts.posts = hydrate_and_wipe
    assert await network.newest(network.ANN, limit=3) == network.oracle(network.ANN)[:3]


# Whom nothing is written for


@pytest.fixture
def clock_of():
    """A function that gives a network a clock which stands still until a test moves it."""

    def given(network):
        clock = [1_000.0]
        for server in network.servers:
            server.clock_s = lambda: clock[0]
        return clock

    return given


@pytest.mark.parametrize("strategy", [Strategy.HYBRID, Strategy.PUSH_ACTIVE, Strategy.PER_EDGE])
@pytest.mark.parametrize("delivery", [Delivery.PUSH, Delivery.MERGE])
async def test_who_read_while_all_was_pushed_is_forgotten_under_another_strategy(
    network_of, clock_of, strategy, delivery
):
    network = network_of(policy=FeedPolicy(strategy=Strategy.PUSH, inactive_after_s=60.0))
    clock = clock_of(network)
    network.follows.follow(network.ANN, network.BOB)
    await network.post(network.BOB, delivery=delivery)
    await network.newest(network.ANN)
    key = {Delivery.PUSH: timeline_key(network.ANN), Delivery.MERGE: merged_key(network.BOB)}
    [server] = [each for each in network.servers if key[delivery] in each.lists]
    clock[0] += 1_000.0
    await network.post(network.BOB, delivery=delivery)
    assert server.there(key[delivery])
    network.policies.policy = FeedPolicy(strategy=strategy, inactive_after_s=60.0)
    for _ in range(3):
        await network.post(network.BOB, delivery=delivery)
        assert server.there(key[delivery])
        clock[0] += 20.0
    assert not server.there(key[delivery])


@pytest.mark.parametrize("strategy", Strategy)
async def test_who_does_not_read_for_long_is_forgotten_unless_all_is_pushed(
    network_of, clock_of, strategy
):
    network = network_of(policy=FeedPolicy(strategy=strategy, inactive_after_s=60.0))
    clock = clock_of(network)
    network.follows.follow(network.ANN, network.BOB)
    await network.newest(network.ANN)
    post = network.write(network.BOB)

    async def reached():
        return await network.store.deliver(
            post, author_id=network.BOB, user_ids=[network.ANN], is_edge=False
        )

    clock[0] += 59.0
    assert await reached() == 1
    await network.newest(network.ANN)
    clock[0] += 59.0
    assert await reached() == 1
    clock[0] += 2.0
    assert await reached() == (1 if strategy is Strategy.PUSH else 0)
    assert await network.newest(network.ANN) == network.oracle(network.ANN)
