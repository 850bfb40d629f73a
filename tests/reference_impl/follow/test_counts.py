"""Counts of followers: of many at once, and when they are told of."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.rules.followers import FOLLOWERS_BOUNDS, followers_bucket
from reference_impl.follow.memory import MemoryFollowStore
from reference_impl.follow.pairs import FollowerCount
from reference_impl.follow.store import PostgresFollowStore

ABOUT = """
    SELECT stream, body FROM outbox
    WHERE kind = 'user.followers' AND body ->> 'user_id' = %s ORDER BY event_id
"""
SEED = "INSERT INTO follower_counts (target_id, count) VALUES (%s, %s)"


@pytest.fixture
def postgres_store(user_database):
    return PostgresFollowStore(user_database)


@pytest.fixture
def told_of(mirroring_store, user_database):
    """Return (followers, version) of every event about somebody's count, in their order."""

    async def in_memory(user_id):
        told = mirroring_store.told
        return [(count.followers, count.version) for each, count in told if each == user_id]

    async def in_outbox(user_id):
        async with user_database.connection_of_id(user_id) as connection:
            rows = await (await connection.execute(ABOUT, [str(user_id)])).fetchall()
        assert {stream for stream, _ in rows} <= {"events:user"}
        assert {body["user_id"] for _, body in rows} <= {str(user_id)}
        return [(body["followers"], body["version"]) for _, body in rows]

    return in_memory if isinstance(mirroring_store, MemoryFollowStore) else in_outbox


async def followed_by(store, target, count, new_id):
    changes = [await store.follow(new_id(), target) for _ in range(count)]
    for change in changes:
        await store.reflect([change])
    return changes


async def test_a_count_is_told_of_when_it_reaches_a_power_of_two(mirroring_store, told_of, new_id):
    target = new_id()
    await followed_by(mirroring_store, target, 9, new_id)
    assert await told_of(target) == [(1, 1), (2, 2), (4, 4), (8, 8)]


async def test_a_count_is_told_of_when_it_falls_below_one(mirroring_store, told_of, new_id):
    target = new_id()
    changes = await followed_by(mirroring_store, target, 4, new_id)
    for change in changes:
        await mirroring_store.reflect(await mirroring_store.end([change.pair]))
    assert (await told_of(target))[3:] == [(3, 5), (1, 7), (0, 8)]


async def test_many_changes_at_once_are_told_of_once(postgres_store, user_database, new_id):
    store, target = postgres_store, new_id()
    await store.reflect([await store.follow(new_id(), target) for _ in range(9)])
    async with user_database.connection_of_id(target) as connection:
        rows = await (await connection.execute(ABOUT, [str(target)])).fetchall()
    assert [(body["followers"], body["version"]) for _, body in rows] == [(9, 1)]


async def test_a_repeat_is_not_told_of(mirroring_store, told_of, new_id):
    target = new_id()
    [change] = await followed_by(mirroring_store, target, 1, new_id)
    await mirroring_store.reflect([change])
    assert await told_of(target) == [(1, 1)]


async def test_a_count_that_was_written_in_bulk_is_told_of_from_its_next_bound(
    postgres_store, user_database, new_id
):
    store, target = postgres_store, new_id()
    async with user_database.connection_of_id(target) as connection:
        await connection.execute(SEED, [target, 14])
    await followed_by(store, target, 3, new_id)
    async with user_database.connection_of_id(target) as connection:
        rows = await (await connection.execute(ABOUT, [str(target)])).fetchall()
    assert [(body["followers"], body["version"]) for _, body in rows] == [(16, 3)]


async def test_where_follows_are_kept_by_follower_no_count_is_told_of(one_way_database, new_id):
    store, target = PostgresFollowStore(one_way_database, kept="follower"), new_id()
    await followed_by(store, target, 2, new_id)
    async with one_way_database.connection_of_id(target) as connection:
        assert await (await connection.execute(ABOUT, [str(target)])).fetchall() == []


async def test_the_relay_is_notified_of_a_count(postgres_store, user_database, new_id):
    """The follower is on no server of the target's, so that nothing else notifies there."""
    store, target = postgres_store, new_id()
    own = user_database.table.server_of_id(target)
    follower = new_id()
    while user_database.table.server_of_id(follower) == own:
        follower = new_id()
    change = await store.follow(follower, target)
    async with user_database.connection_of_id(target) as listening:
        await listening.execute("LISTEN outbox")
        try:
            await store.reflect([change])
            async with asyncio.timeout(10):
                notified = [each async for each in listening.notifies(timeout=10, stop_after=1)]
        finally:
            await listening.execute("UNLISTEN outbox")
    assert [each.channel for each in notified] == ["outbox"]


async def test_counts_of_many_are_those_of_each(store, new_id):
    targets = [new_id() for _ in range(4)]
    for count, target in enumerate(targets):
        await followed_by(store, target, count, new_id)
    counts = await store.follower_counts([*targets, new_id()])
    assert {target: its.followers for target, its in counts.items() if its.followers} == {
        target: count for count, target in enumerate(targets) if count
    }


async def test_where_nobody_counts_the_changes_everybody_has_a_count_and_none_a_version(
    one_way_database, new_id
):
    """So that one who has lost their last follower is told of, too."""
    store = PostgresFollowStore(one_way_database, kept="follower")
    target, nobodys = new_id(), new_id()
    await followed_by(store, target, 2, new_id)
    assert await store.follower_counts([target, nobodys]) == {
        target: FollowerCount(followers=2, version=0),
        nobodys: FollowerCount(followers=0, version=0),
    }


async def test_the_version_of_a_count_grows_with_every_change(mirroring_store, new_id):
    target = new_id()
    [change] = await followed_by(mirroring_store, target, 1, new_id)
    await mirroring_store.reflect(await mirroring_store.end([change.pair]))
    counts = await mirroring_store.follower_counts([target])
    assert counts == {target: FollowerCount(followers=0, version=2)}


async def test_those_whom_somebody_follows_are_found_among_many(store, new_id):
    follower, followed, ended, follows_back = (new_id() for _ in range(4))
    await store.follow(follower, followed)
    await store.end([(await store.follow(follower, ended)).pair])
    await store.follow(follows_back, follower)
    asked = [followed, ended, follows_back, new_id()]
    assert await store.followed_among(follower, asked) == [followed]


async def test_the_database_has_the_same_buckets_as_the_rule(user_database):
    about = {bound + by for bound in FOLLOWERS_BOUNDS for by in (-1, 0, 1)}
    query = """
        SELECT count, width_bucket(count, %s::bigint[]) FROM unnest(%s::bigint[]) AS count
    """
    async with user_database.connection(0) as connection:
        rows = await connection.execute(query, [list(FOLLOWERS_BOUNDS), sorted(about)])
        found = dict(await rows.fetchall())
    assert found == {count: followers_bucket(count) for count in about}


async def follow(store, follower):
    await store.reflect([await store.follow(follower, 1)])


@given(st.lists(st.booleans(), max_size=40))
def test_whoever_is_told_knows_the_bucket_of_now(comings):
    """Whatever comes and goes, in a store that tells only when the bucket changes."""

    async def play():
        store, standing, number = MemoryFollowStore(), [], 1
        for comes in comings:
            if comes:
                number += 1
                standing.append(number)
                await follow(store, number)
            elif standing:
                await store.reflect(await store.end([(standing.pop(), 1)]))
        last = store.told[-1][1].followers if store.told else 0
        assert followers_bucket(last) == followers_bucket(len(standing))

    asyncio.run(play())
