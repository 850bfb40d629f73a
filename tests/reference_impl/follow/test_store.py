import asyncio
from dataclasses import replace

import pytest

from reference_impl.chassis.errors import Conflict
from reference_impl.follow import memory
from reference_impl.follow import store as on_postgres
from reference_impl.follow.service import Change
from reference_impl.follow.store import PostgresFollowStore


async def followed(store, follower_id, target_id, *, following=True):
    change = await store.change(follower_id, target_id, following=following)
    await store.reflect(change)
    return change


async def test_a_follow_is_seen_from_both_ends(store, new_id):
    follower, target = new_id(), new_id()
    await followed(store, follower, target)
    assert await store.followees(follower) == [target]
    assert await store.followers(target, after=0, limit=10) == [follower]
    assert await store.follower_count(target) == 1


async def test_nobody_follows_a_stranger(store, new_id):
    stranger = new_id()
    assert await store.followees(stranger) == []
    assert await store.followers(stranger, after=0, limit=10) == []
    assert await store.follower_count(stranger) == 0


async def test_an_unfollow_is_seen_from_both_ends(store, new_id):
    follower, target = new_id(), new_id()
    await followed(store, follower, target)
    await followed(store, follower, target, following=False)
    assert await store.followees(follower) == []
    assert await store.followers(target, after=0, limit=10) == []
    assert await store.follower_count(target) == 0


@pytest.mark.parametrize("following", [True, False])
async def test_what_already_is_so_is_no_change(store, new_id, following):
    follower, target = new_id(), new_id()
    if following:
        await followed(store, follower, target)
    assert await store.change(follower, target, following=following) is None


async def test_every_change_of_a_pair_has_the_next_version(store, new_id):
    follower, target = new_id(), new_id()
    changes = [
        await store.change(follower, target, following=following)
        for following in (True, False, True)
    ]
    assert [change.version for change in changes] == [1, 2, 3]


async def test_a_late_repeat_cannot_resurrect(store, new_id):
    follower, target = new_id(), new_id()
    first = await followed(store, follower, target)
    await followed(store, follower, target, following=False)
    await store.reflect(first)
    assert await store.followers(target, after=0, limit=10) == []
    assert await store.follower_count(target) == 0


async def test_a_repeat_counts_once(store, new_id):
    follower, target = new_id(), new_id()
    change = await followed(store, follower, target)
    await store.reflect(change)
    assert await store.follower_count(target) == 1


async def test_changes_that_arrive_in_the_wrong_order_end_as_the_latest(store, new_id):
    change = Change(follower_id=new_id(), target_id=new_id(), following=False, version=2)
    await store.reflect(change)
    await store.reflect(replace(change, following=True, version=1))
    assert await store.follower_count(change.target_id) == 0
    await store.reflect(replace(change, following=True, version=3))
    assert await store.follower_count(change.target_id) == 1


async def test_a_version_that_skips_one_does_not_count_twice(store, new_id):
    change = await followed(store, new_id(), new_id())
    await store.reflect(replace(change, version=3))
    assert await store.follower_count(change.target_id) == 1


async def test_changes_reflected_at_one_time_leave_a_true_count(store, new_id):
    target = new_id()
    changes = [
        Change(follower_id=follower, target_id=target, following=version != 2, version=version)
        for follower in [new_id() for _ in range(20)]
        for version in (3, 2, 1, 3)
    ]
    await asyncio.gather(*(store.reflect(change) for change in changes))
    assert await store.follower_count(target) == 20
    assert len(await store.followers(target, after=0, limit=100)) == 20


async def test_pages_of_followers_are_ascending_and_whole(store, new_id):
    target, followers = new_id(), [new_id() for _ in range(7)]
    for follower in followers:
        await followed(store, follower, target)
    first = await store.followers(target, after=0, limit=4)
    second = await store.followers(target, after=first[-1], limit=4)
    assert first + second == sorted(followers)


async def test_one_user_follows_only_so_many(store, new_id, monkeypatch):
    monkeypatch.setattr(memory, "FOLLOWEES_MAX", 2)
    monkeypatch.setattr(on_postgres, "FOLLOWEES_MAX", 2)
    follower, targets = new_id(), [new_id() for _ in range(3)]
    await followed(store, follower, targets[0])
    await followed(store, follower, targets[1])
    with pytest.raises(Conflict, match="at most 2"):
        await store.change(follower, targets[2], following=True)
    assert await store.change(follower, targets[1], following=True) is None
    await followed(store, follower, targets[0], following=False)
    assert await store.change(follower, targets[2], following=True)


async def test_the_event_of_a_change_lies_in_the_outbox_of_the_followers_server(
    user_database, new_id
):
    store, follower, target = PostgresFollowStore(user_database), new_id(), new_id()
    await store.change(follower, target, following=True)
    async with user_database.connection_of_id(follower) as connection:
        rows = await connection.execute(
            "SELECT stream, kind, body FROM outbox WHERE body ->> 'follower_id' = %s",
            [str(follower)],
        )
        assert await rows.fetchall() == [
            (
                "events:follow",
                "follow.followed",
                {"follower_id": str(follower), "target_id": str(target), "version": 1},
            )
        ]
