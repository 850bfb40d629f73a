"""What the service makes of events, in whatever order and however often they come."""

import random

import pytest

from reference_impl.chassis.events import Event
from reference_impl.follow.consumer import Farewell, Mirror
from reference_impl.follow.departures import Departures
from reference_impl.follow.memory import MemoryFollowStore
from reference_impl.follow.news import news_of, told
from reference_impl.follow.service import FollowService


def event_of(news):
    kind, body = told(news)
    return Event(event_id="user_db-1:1", kind=kind, at_s=0.0, body=body)


@pytest.fixture
def service(store, users):
    return FollowService(store, users)


@pytest.fixture
def mirror(service):
    return Mirror(service)


async def test_what_is_told_is_heard(store, new_id):
    one, other = new_id(), new_id()
    followed = await store.follow(one, other)
    block, [ended] = await store.block(one, other)
    lifted = await store.unblock(one, other)
    for news in (followed, block, ended, lifted):
        assert news_of(event_of(news)) == news


async def test_the_event_heals_a_follow_that_died_between_the_writes(store, mirror, new_id):
    one, other = new_id(), new_id()
    change = await store.follow(one, other)
    await mirror.handle(event_of(change))
    assert await store.followers(other, after=0, limit=10) == [one]
    assert await store.follower_count(other) == 1


async def test_the_event_heals_a_block_that_died_between_the_writes(store, mirror, new_id):
    one, other = new_id(), new_id()
    await mirror.handle(event_of(await store.follow(other, one)))
    block, _ = await store.block(one, other)
    await mirror.handle(event_of(block))
    assert await store.hidden_among(other, [one]) == [one]
    assert (await store.followees(other)).ids == []
    assert await store.follower_count(one) == 0


async def test_the_event_heals_an_unblock_that_died_between_the_writes(store, mirror, new_id):
    one, other = new_id(), new_id()
    block, _ = await store.block(one, other)
    await store.mirror_block(block)
    await mirror.handle(event_of(await store.unblock(one, other)))
    assert await store.hidden_among(other, [one]) == []


async def test_the_event_ends_a_follow_of_the_departed_whose_request_died(store, mirror, new_id):
    one, gone = new_id(), new_id()
    change = await store.follow(one, gone)
    await store.depart(gone)
    await mirror.handle(event_of(change))
    assert (await store.followees(one)).ids == []
    assert await store.follower_count(gone) == 0


@pytest.mark.parametrize("seed", range(10))
async def test_events_in_any_order_and_twice_change_nothing_that_was_answered(users, seed):
    store, luck = MemoryFollowStore(), random.Random(seed)
    service = FollowService(store, users)
    mirror = Mirror(service)
    await service.set_following(2, 1, following=True)
    await service.set_blocked(1, 2, blocked=True)
    await service.set_blocked(1, 2, blocked=False)
    await service.set_following(2, 1, following=True)
    await service.set_following(1, 2, following=True)
    await service.set_following(1, 2, following=False)
    events = [event_of(news) for news in store.published] * 2
    luck.shuffle(events)
    for event in events:
        await mirror.handle(event)
    assert (await service.followees(2)).ids == [1]
    assert await service.followers(1, after=0, limit=9) == [2]
    assert await service.follower_count(1) == 1
    assert await service.follower_count(2) == 0
    assert await service.hidden_among(2, [1]) == []


@pytest.mark.parametrize("kind", ["follow.muted", "user.deleted", "user.updated"])
async def test_the_mirror_lets_other_events_pass(mirror, kind):
    await mirror.handle(Event(event_id="user_db-1:1", kind=kind, at_s=0.0, body={}))


async def test_a_deleted_user_departs(store, service, new_id):
    one, gone = new_id(), new_id()
    await service.set_following(gone, one, following=True)
    farewell = Farewell(Departures(store, service))
    body = {"user_id": str(gone)}
    await farewell.handle(Event(event_id="user_db-1:1", kind="user.deleted", at_s=0.0, body=body))
    assert await service.follower_count(one) == 0


@pytest.mark.parametrize("kind", ["user.registered", "user.updated"])
async def test_nobody_departs_for_another_event(store, service, new_id, kind):
    one, other = new_id(), new_id()
    await service.set_following(one, other, following=True)
    farewell = Farewell(Departures(store, service))
    body = {"user_id": str(one)}
    await farewell.handle(Event(event_id="user_db-1:1", kind=kind, at_s=0.0, body=body))
    assert (await service.followees(one)).ids == [other]
