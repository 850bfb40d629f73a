"""Purges: after what is new, not before the deliveries that they undo, nor for servers away."""

import asyncio

import pytest

from model.rules.fanouts import PURGE
from model.rules.ids import EPOCH_MS, id_of
from reference_impl.timeline.fanout import tasks
from reference_impl.timeline.fanout.worker import ERASURES


@pytest.fixture
async def delivered(floor, fake_store, follows, small, by_small):
    """The event of a post that everybody has."""
    [event] = by_small(1)
    await floor.publish(event)
    async with floor.working(floor.worker(fake_store, follows)):
        await floor.drained()
    return event


async def test_a_purge_takes_a_post_from_all_servers_but_those_that_are_away(
    floor, fake_store, follows, make_event, small, on, delivered, post_of
):
    author, followers = small
    post = post_of(delivered)
    fake_store.away = {1}
    await floor.publish(make_event("post.deleted", post, author))
    async with floor.working(floor.worker(fake_store, follows)):
        await floor.until(lambda: fake_store.readers_of(post) == on(1, followers))
        fake_store.away = set()
        await floor.drained()
    assert fake_store.readers_of(post) == []


async def test_a_purge_of_a_big_post_walks_its_readers_once_for_others_and_once_for_who_was_away(
    floor, fake_store, follows, big, of_big, on
):
    post, _, followers = big
    async with floor.working(floor.worker(fake_store, follows)):
        await floor.publish(of_big())
        await floor.drained()
        fake_store.away = {1}
        await floor.publish(of_big("post.deleted"))
        await floor.until(lambda: not set(fake_store.readers_of(post)) & set(on(0, followers)))
        fake_store.away = set()
        await floor.drained()
    assert fake_store.readers_of(post) == []
    assert await floor.broker.xlen(floor.late[1]) == 1  # what comes of it is a purge as any other


async def test_a_purge_does_not_overtake_a_delivery_that_waits_for_a_server(
    floor, fake_store, follows, make_event, small, by_small, monkeypatch, post_of
):
    """The server answers again before the delivery has been tried anew."""
    monkeypatch.setattr(tasks, "LOOK_S", 0.01)
    author, _ = small
    [event] = by_small(1)
    post = post_of(event)
    fake_store.away = {1}
    await floor.publish(event)
    worker = floor.worker(fake_store, follows, retry_s=0.2)
    async with floor.working(worker):
        await floor.until(lambda: fake_store.asked[1] == 2)
        fake_store.away = set()
        await floor.publish(make_event("post.deleted", post, author))
        await floor.drained()
    kinds = [kind for kind, _, _ in fake_store.calls]
    assert "remove" not in kinds[: kinds.index("deliver") + 2]
    assert fake_store.readers_of(post) == []


async def test_a_purge_waits_for_a_young_post_whose_delivery_nobody_has_begun(
    floor, fake_store, follows, make_event, small, by_small, monkeypatch, post_of
):
    monkeypatch.setattr(tasks, "LOOK_S", 0.01)
    author, _ = small
    [event] = by_small(1)
    post = post_of(event)
    await floor.publish(make_event("post.deleted", post, author), which=ERASURES)
    async with floor.working(floor.worker(fake_store, follows)):
        while not await floor.in_hand(PURGE):  # noqa: ASYNC110 - the broker has no event for it
            await asyncio.sleep(0.002)
        await floor.publish(event)
        await floor.drained()
    assert [kind for kind, _, _ in fake_store.calls] == ["deliver"] * 2 + ["remove"] * 3
    assert fake_store.readers_of(post) == []


async def test_a_purge_does_not_wait_for_ever(
    floor, fake_store, follows, make_event, small, new_id, monkeypatch
):
    monkeypatch.setattr(tasks, "PATIENCE_S", 0.0)
    await floor.publish(make_event("post.deleted", new_id(), small[0]))
    async with floor.working(floor.worker(fake_store, follows)):
        await floor.drained()
    assert {kind for kind, _, _ in fake_store.calls} == {"remove"}


async def test_posts_that_go_with_an_account_are_purged_after_what_is_new(
    floor, fake_store, follows, make_event, small, by_small
):
    author, _ = small
    gone = [id_of(EPOCH_MS, 0, number) for number in range(5)]
    await floor.publish(
        *(make_event("post.deleted", post, author) for post in gone), which=ERASURES
    )
    await floor.publish(*by_small(7))
    begun = []

    async def count_purges(_):
        begun.append(await floor.broker.xlen(floor.streams[PURGE]))

    fake_store.before_call = count_purges
    async with floor.working(floor.worker(fake_store, follows)):
        await floor.drained()
    assert begun == [0] * 14
    assert {kind for kind, _, _ in fake_store.calls[14:]} == {"remove"}
    assert [fake_store.readers_of(post) for post in gone] == [[]] * 5
