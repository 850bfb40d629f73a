"""Accounts that are gone: nothing of theirs stands, whatever happens at the same time."""

import asyncio

import pytest

from model.rules.ids import id_of
from reference_impl.chassis.errors import NotFound, Unavailable
from reference_impl.follow import departures, memory
from reference_impl.follow import store as on_postgres
from reference_impl.follow.departures import Departures
from reference_impl.follow.memory import MemoryFollowStore
from reference_impl.follow.news import told
from reference_impl.follow.service import FollowService


class Wrapped:
    """A store of which some methods are replaced."""

    def __init__(self, store, **methods):
        self._store = store
        self._methods = methods

    def __getattr__(self, name):
        return self._methods.get(name) or getattr(self._store, name)


@pytest.fixture
def service(store, users):
    return FollowService(store, users)


@pytest.fixture
def depart(store, service):
    return Departures(store, service).depart


@pytest.fixture
def small_batches(monkeypatch):
    for module in (departures, memory, on_postgres):
        monkeypatch.setattr(module, "BATCH_MAX", 2)


async def following(service, *pairs):
    for follower, target in pairs:
        await service.set_following(follower, target, following=True)


@pytest.mark.usefixtures("small_batches")
async def test_no_pair_of_the_departed_stands_in_any_direction(service, depart, new_id):
    gone, others = new_id(), [new_id() for _ in range(5)]
    await following(service, *((gone, each) for each in others))
    await following(service, *((each, gone) for each in others))
    await depart(gone)
    assert await service.follower_count(gone) == 0
    assert [await service.follower_count(each) for each in others] == [0] * 5
    assert (await service.followees(gone)).ids == []
    assert await service.followers(gone, after=0, limit=9) == []
    assert [(await service.followees(each)).ids for each in others] == [[]] * 5


async def test_followers_of_every_logical_shard_are_lost(service, depart, new_id):
    gone = new_id()
    shards = (0, 255, 256, 2047, 2048, 3839, 3840, 4095)
    followers = [id_of(1_800_000_000_001, shard, new_id() % 1024) for shard in shards]
    await following(service, *((follower, gone) for follower in followers))
    await depart(gone)
    assert await service.follower_count(gone) == 0


async def test_every_pair_ends_with_an_event_of_its_own(users):
    store = MemoryFollowStore()
    service = FollowService(store, users)
    await following(service, (1, 2), (1, 3), (2, 1), (4, 1))
    store.published.clear()
    await Departures(store, service).depart(1)
    events = [told(news) for news in store.published]
    assert {kind for kind, _ in events} == {"follow.unfollowed"}
    pairs = sorted((body["follower_id"], body["target_id"]) for _, body in events)
    assert pairs == [("1", "2"), ("1", "3"), ("2", "1"), ("4", "1")]


async def test_pairs_of_others_stay(service, depart, new_id):
    gone, one, other = new_id(), new_id(), new_id()
    await following(service, (one, other), (other, one), (one, gone))
    await depart(gone)
    assert (await service.followees(one)).ids == [other]
    assert await service.followers(one, after=0, limit=9) == [other]


@pytest.mark.usefixtures("small_batches")
async def test_blocks_are_lifted_both_ways(store, service, depart, new_id):
    gone, others = new_id(), [new_id() for _ in range(3)]
    for other in others:
        await service.set_blocked(gone, other, blocked=True)
        await service.set_blocked(other, gone, blocked=True)
    await depart(gone)
    assert await service.hidden_among(gone, others) == []
    assert [await service.hidden_among(other, [gone]) for other in others] == [[]] * 3
    assert [await store.blocked_page(other, after=0, limit=9) for other in others] == [[]] * 3


async def test_departing_twice_is_departing_once(service, depart, new_id):
    gone, other = new_id(), new_id()
    await following(service, (gone, other), (other, gone))
    await depart(gone)
    seqs = [(await service.followees(each)).seq for each in (gone, other)]
    await depart(gone)
    assert [(await service.followees(each)).seq for each in (gone, other)] == seqs == [2, 2]


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("method", ["end", "reflect"])
async def test_a_departure_that_was_broken_off_goes_on_where_it_was(
    store, users, service, depart, new_id, method
):
    gone, others = new_id(), [new_id() for _ in range(5)]
    await following(service, *((gone, each) for each in others))
    await following(service, *((each, gone) for each in others))
    calls = []

    async def dies_the_third_time(argument):
        calls.append(argument)
        if len(calls) == 3:
            raise Unavailable("user_db-2 did not answer in time")
        return await getattr(store, method)(argument)

    dying = FollowService(Wrapped(store, **{method: dies_the_third_time}), users)
    with pytest.raises(Unavailable):
        await Departures(store, dying).depart(gone)
    assert (await service.followees(others[-1])).ids == [gone]
    await depart(gone)
    assert (await service.followees(gone)).ids == []
    assert [(await service.followees(each)).ids for each in others] == [[]] * 5


async def test_the_departed_cannot_follow_with_a_request_that_was_under_way(
    service, depart, new_id
):
    gone, other = new_id(), new_id()
    await depart(gone)
    with pytest.raises(NotFound, match=str(gone)):
        await following(service, (gone, other))
    with pytest.raises(NotFound, match=str(gone)):
        await service.set_blocked(gone, other, blocked=True)


async def test_a_follow_whose_second_write_comes_after_the_departure_is_ended(
    store, users, service, depart, new_id
):
    gone, other = new_id(), new_id()
    written, departed = asyncio.Event(), asyncio.Event()

    async def reflect(changes):
        written.set()
        await departed.wait()
        return await store.reflect(changes)

    slow = FollowService(Wrapped(store, reflect=reflect), users)
    request = asyncio.create_task(following(slow, (other, gone)))
    await written.wait()
    await depart(gone)
    departed.set()
    with pytest.raises(NotFound, match=str(gone)):
        await request
    assert (await service.followees(other)).ids == []
    assert await service.follower_count(gone) == 0


async def test_follows_that_begin_while_an_account_goes_do_not_survive_it(service, depart, new_id):
    kinds = set()
    for _ in range(15):
        gone, other, third = new_id(), new_id(), new_id()
        outcomes = await asyncio.gather(
            following(service, (gone, other)),
            following(service, (other, gone)),
            depart(gone),
            following(service, (third, gone)),
            following(service, (gone, third)),
            return_exceptions=True,
        )
        for user in (gone, other, third):
            assert (await service.followees(user)).ids == []
            assert await service.followers(user, after=0, limit=9) == []
            assert await service.follower_count(user) == 0
        kinds |= {type(each) for each in outcomes}
    assert kinds == {type(None), NotFound}
