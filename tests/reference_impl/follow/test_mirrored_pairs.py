"""What stores promise that keep pairs a second time, by target."""

import asyncio
from dataclasses import replace

import pytest

from reference_impl.follow.pairs import Change


@pytest.fixture
def store(mirroring_store):
    return mirroring_store


async def test_a_late_repeat_cannot_resurrect(store, new_id):
    follower, target = new_id(), new_id()
    first = await store.follow(follower, target)
    await store.reflect([first])
    await store.reflect(await store.end([first.pair]))
    await store.reflect([first])
    assert await store.followers(target, after=0, limit=10) == []
    assert await store.follower_count(target) == 0


async def test_a_repeat_counts_once(store, new_id):
    change = await store.follow(new_id(), new_id())
    await store.reflect([change])
    await store.reflect([change])
    assert await store.follower_count(change.target_id) == 1


async def test_of_two_changes_of_a_pair_in_one_batch_the_newer_wins(store, new_id):
    followed = await store.follow(new_id(), new_id())
    [ended] = await store.end([followed.pair])
    await store.reflect([ended, followed])
    assert await store.follower_count(followed.target_id) == 0


async def test_changes_that_arrive_in_the_wrong_order_end_as_the_latest(store, new_id):
    change = Change(follower_id=new_id(), target_id=new_id(), following=False, version=2)
    await store.reflect([change])
    await store.reflect([replace(change, following=True, version=1)])
    assert await store.follower_count(change.target_id) == 0
    await store.reflect([replace(change, following=True, version=3)])
    assert await store.follower_count(change.target_id) == 1


async def test_a_version_that_skips_one_does_not_count_twice(store, new_id):
    change = await store.follow(new_id(), new_id())
    await store.reflect([change])
    await store.reflect([replace(change, version=3)])
    assert await store.follower_count(change.target_id) == 1


async def test_changes_reflected_at_one_time_leave_a_true_count(store, new_id):
    target = new_id()
    changes = [
        Change(follower_id=follower, target_id=target, following=version != 2, version=version)
        for follower in [new_id() for _ in range(20)]
        for version in (3, 2, 1, 3)
    ]
    await asyncio.gather(*(store.reflect([change]) for change in changes))
    assert await store.follower_count(target) == 20
    assert len(await store.followers(target, after=0, limit=100)) == 20


async def test_batches_reflected_at_one_time_leave_true_counts(store, new_id):
    """Batches cross: each has every target, in an order of its own, and all come thrice."""
    targets = [new_id() for _ in range(12)]
    batches = [
        [
            Change(follower_id=follower, target_id=target, following=version != 2, version=version)
            for target in (targets if version % 2 else reversed(targets))
        ]
        for follower in [new_id() for _ in range(8)]
        for version in (1, 2, 3)
    ]
    await asyncio.gather(*(store.reflect(batch) for batch in [*batches, *batches, *batches]))
    assert [await store.follower_count(target) for target in targets] == [8] * 12
