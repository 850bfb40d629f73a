"""Timeline servers that are away: what is bound for them waits, and nothing else does."""

import asyncio
from collections import Counter

import pytest

from model.rules.deliveries import TRIES_MAX
from model.rules.fanouts import ALL_SHARDS, class_of
from reference_impl.timeline.fanout.jobs import Job

BIG = 3_500
FAR_S = 3_600.0  # no second try in a test


async def test_others_get_posts_while_a_server_is_away_and_it_gets_them_when_it_is_back(
    floor, fake_store, follows, small, on, by_small, post_of
):
    author, followers = small
    fake_store.away = {1}
    first, *more = by_small(3)
    there = on(0, [author, *followers])
    async with floor.working(floor.worker(fake_store, follows)):
        await floor.publish(first)
        await floor.until(lambda: fake_store.readers_of(post_of(first)) == there)
        await floor.publish(*more)
        await floor.until(lambda: fake_store.readers_of(post_of(more[-1])) == there)
        assert await floor.records(post_of(first)) == []
        fake_store.away = set()
        await floor.drained()
    for event in (first, *more):
        assert fake_store.readers_of(post_of(event)) == sorted([author, *followers])
        [record] = await floor.records(post_of(event))
        assert int(record[b"followers"]) == len(followers)
    assert await floor.dead() == []


async def test_a_server_that_was_found_away_is_asked_by_what_waits_for_it_alone(
    floor, fake_store, follows, by_small
):
    fake_store.away = {1}
    events = by_small(10)
    await floor.publish(*events)
    async with floor.working(floor.worker(fake_store, follows, retry_s=FAR_S)):
        await floor.until(lambda: fake_store.asked[0] == 10)
        await floor.until(lambda: fake_store.asked[1] == 2)
    assert fake_store.asked == Counter({0: 10, 1: 2})
    assert await floor.waiting(1) == 10


async def test_waiting_for_a_server_costs_no_try(
    floor, fake_store, follows, small, by_small, post_of
):
    fake_store.away = {1}
    [event] = by_small(1)
    await floor.publish(event)
    async with floor.working(floor.worker(fake_store, follows, retry_s=1e-9)):
        await floor.until(lambda: fake_store.asked[1] > 3 * TRIES_MAX)
        fake_store.away = set()
        await floor.drained()
    assert fake_store.readers_of(post_of(event)) == sorted([small[0], *small[1]])
    assert await floor.broker.xlen(f"{floor.late[1]}:dead") == 0


async def test_ranges_of_a_big_post_on_other_servers_do_not_wait(
    floor, fake_store, follows, big, of_big, on
):
    post, author, followers = big
    fake_store.away = {1}
    await floor.publish(of_big())
    async with floor.working(floor.worker(fake_store, follows)):
        await floor.until(lambda: set(fake_store.readers_of(post)) >= set(on(0, followers)))
        assert not set(fake_store.readers_of(post)) & set(on(1, [author, *followers]))
        fake_store.away = set()
        await floor.drained()
    assert fake_store.readers_of(post) == sorted([author, *followers])
    [record] = await floor.records(post)
    assert int(record[b"followers"]) == BIG


async def test_a_range_on_several_servers_is_cut_so_that_one_does_not_wait_for_another(
    floor, fake_store, follows, big, on
):
    post, author, followers = big
    fake_store.away = {0}
    job = Job(
        post_id=post,
        author_id=author,
        is_edge=False,
        followers=BIG,
        created_s=1.5,
        begun_s=2.5,
        ranges=1,
    )
    assert job.shards == ALL_SHARDS
    await floor.broker.xadd(floor.streams[class_of(BIG)], job.to_fields())
    async with floor.working(floor.worker(fake_store, follows)):
        await floor.until(lambda: fake_store.readers_of(post) == on(1, followers))
        assert await floor.records(post) == []
        fake_store.away = set()
        await floor.drained()
    assert fake_store.readers_of(post) == sorted(followers)
    [record] = await floor.records(post)
    assert int(record[b"followers"]) == BIG


@pytest.mark.parametrize("away", [{0}, {1}, {0, 1}])
@pytest.mark.parametrize("delivery", ["merge", "edge"])
async def test_what_is_kept_for_merging_waits_for_whichever_server_is_away(
    floor, fake_store, follows, by_famous, famous, away, delivery, post_of
):
    author, followers = famous
    fake_store.away = set(away)
    event = by_famous(delivery)
    post = post_of(event)
    await floor.publish(event)
    async with floor.working(floor.worker(fake_store, follows)):
        await floor.until(lambda: any(fake_store.asked[server] for server in away))
        fake_store.away.discard(1)  # where the author is
        await floor.until(lambda: author in fake_store.readers_of(post))
        fake_store.away.discard(0)  # where the set of all authors is
        await floor.drained()
    assert fake_store.readers_of(post) == (
        [author] if delivery == "merge" else sorted([author, *followers])
    )
    kinds = {kind for kind, _, _ in fake_store.calls}
    assert ("merge" in kinds) == (delivery == "merge")
    assert post in fake_store.merged[author]
    assert len(await floor.records(post)) == 1


async def test_what_is_kept_waits_for_the_set_of_authors_where_only_that_is_away(
    floor, fake_store, follows, by_famous, famous, post_of
):
    fake_store.away = {0}
    event = by_famous("merge")
    await floor.publish(event)
    async with floor.working(floor.worker(fake_store, follows)):
        await floor.until_waiting(0)
        assert await floor.waiting(1) == 0
        assert post_of(event) in fake_store.merged[famous[0]]
        fake_store.away = set()
        await floor.drained()


@pytest.mark.parametrize("name", ["fanout-1", "fanout-2"])
async def test_what_waits_outlives_the_worker_that_was_waiting(
    floor, fake_store, follows, small, by_small, name, post_of
):
    author, followers = small
    fake_store.away = {1}
    events = by_small(3)
    await floor.publish(*events)
    doomed = floor.worker(fake_store, follows, "fanout-1", retry_s=FAR_S)
    task = asyncio.create_task(doomed.run(asyncio.Event()))
    await floor.until(lambda: fake_store.asked[1] == 2)  # by the event, and by what waits
    while not task.done():  # the broker's client may swallow a cancellation
        task.cancel()
        await asyncio.wait([task], timeout=0.1)
    fake_store.away = set()
    async with floor.working(floor.worker(fake_store, follows, name, abandoned_s=0.02)):
        await floor.drained()
    for event in events:
        assert fake_store.readers_of(post_of(event)) == sorted([author, *followers])
        assert len(await floor.records(post_of(event))) == 1


async def test_what_waits_and_cannot_be_done_is_set_aside(floor, fake_store, follows, by_small):
    fake_store.away = {1}
    [event] = by_small(1)
    await floor.publish(event)
    async with floor.working(floor.worker(fake_store, follows)):
        await floor.until(lambda: fake_store.asked[1] == 2)
        fake_store.failures = [ValueError("not today")] * TRIES_MAX
        fake_store.away = set()
        await floor.drained()
    [(_, letter)] = await floor.broker.xrange(f"{floor.late[1]}:dead")
    assert letter[b"dead:tries"] == str(TRIES_MAX).encode()
