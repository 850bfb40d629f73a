"""What every store of pairs promises."""

import asyncio

import pytest

from model.rules.ids import id_of, logical_shard_of
from reference_impl.chassis.errors import Conflict, NotFound
from reference_impl.follow import memory, writing
from reference_impl.follow import store as on_postgres


async def followed(store, follower_id, target_id):
    change = await store.follow(follower_id, target_id)
    await store.reflect([change])
    return change


async def unfollowed(store, follower_id, target_id):
    changes = await store.end([(follower_id, target_id)])
    await store.reflect(changes)
    return changes[0]


async def ids_of_followees(store, follower_id):
    return sorted((await store.followees(follower_id)).ids)


async def test_a_follow_is_seen_from_both_ends(store, new_id):
    follower, target = new_id(), new_id()
    await followed(store, follower, target)
    assert await ids_of_followees(store, follower) == [target]
    assert await store.followers(target, after=0, limit=10) == [follower]
    assert await store.follower_count(target) == 1


async def test_nobody_follows_a_stranger(store, new_id):
    stranger = new_id()
    followees = await store.followees(stranger)
    assert (followees.ids, followees.seq) == ([], 0)
    assert await store.followers(stranger, after=0, limit=10) == []
    assert await store.follower_count(stranger) == 0


async def test_an_unfollow_is_seen_from_both_ends(store, new_id):
    follower, target = new_id(), new_id()
    await followed(store, follower, target)
    await unfollowed(store, follower, target)
    assert await ids_of_followees(store, follower) == []
    assert await store.followers(target, after=0, limit=10) == []
    assert await store.follower_count(target) == 0


async def test_what_is_followed_cannot_be_followed_again(store, new_id):
    follower, target = new_id(), new_id()
    await followed(store, follower, target)
    assert await store.follow(follower, target) is None


async def test_what_is_not_followed_cannot_end(store, new_id):
    follower, target = new_id(), new_id()
    assert await store.end([(follower, target)]) == []
    await followed(store, follower, target)
    await unfollowed(store, follower, target)
    assert await store.end([(follower, target)]) == []


async def test_every_change_of_a_pair_has_the_next_version(store, new_id):
    follower, target = new_id(), new_id()
    first = await store.follow(follower, target)
    [second] = await store.end([(follower, target)])
    third = await store.follow(follower, target)
    changes = [first, second, third]
    assert [change.version for change in changes] == [1, 2, 3]
    assert [change.following for change in changes] == [True, False, True]


async def test_every_change_of_any_pair_is_counted_for_its_follower(store, new_id):
    follower, one, other = new_id(), new_id(), new_id()
    seqs = []
    for change in (
        store.follow(follower, one),
        store.follow(follower, other),
        store.end([(follower, one)]),
        store.follow(follower, one),
    ):
        await change
        seqs.append((await store.followees(follower)).seq)
    assert seqs == [1, 2, 3, 4]


async def test_what_changes_nothing_is_not_counted(store, new_id):
    follower, target = new_id(), new_id()
    await store.end([(follower, target)])
    await store.follow(follower, target)
    await store.follow(follower, target)
    assert (await store.followees(follower)).seq == 1


async def test_a_change_counts_for_nobody_else(store, new_id):
    follower, target = new_id(), new_id()
    await followed(store, follower, target)
    assert (await store.followees(target)).seq == 0


async def test_many_pairs_end_at_once_and_each_is_counted(store, new_id):
    followers, targets = [new_id() for _ in range(3)], [new_id() for _ in range(4)]
    pairs = [(follower, target) for follower in followers for target in targets]
    for pair in pairs:
        await followed(store, *pair)
    ended = await store.end([*pairs, *pairs])
    await store.reflect(ended)
    assert sorted(change.pair for change in ended) == sorted(pairs)
    assert [(await store.followees(follower)).seq for follower in followers] == [8, 8, 8]
    assert [await store.follower_count(target) for target in targets] == [0, 0, 0, 0]


async def test_of_many_pairs_only_those_followed_end(store, new_id):
    follower, target, other = new_id(), new_id(), new_id()
    await followed(store, follower, target)
    ended = await store.end([(follower, target), (follower, other), (other, target)])
    assert [change.pair for change in ended] == [(follower, target)]
    assert (await store.followees(other)).seq == 0


async def test_only_later_changes_are_told_since_a_count(store, new_id):
    follower, targets = new_id(), [new_id() for _ in range(3)]
    for target in targets:
        await store.follow(follower, target)
    later = await store.followees_since(follower, 1)
    assert (sorted(later.ids), later.seq) == (sorted(targets[1:]), 3)


async def test_whoever_was_unfollowed_since_is_not_among_the_followees(store, new_id):
    follower, target = new_id(), new_id()
    await store.follow(follower, target)
    await store.end([(follower, target)])
    later = await store.followees_since(follower, 0)
    assert (later.ids, later.seq) == ([], 2)


async def test_who_is_to_look_for_own_posts_is_among_what_changed_since_and_follows_nobody_more(
    store, new_id
):
    follower, target, later = new_id(), new_id(), new_id()
    await store.look_for_own(follower)
    assert (await store.followees_since(follower, 0)).ids == [follower]
    await store.follow(follower, target)
    await store.look_for_own(follower)
    await store.follow(follower, later)
    followees = await store.followees(follower)
    assert (set(followees.ids), followees.seq) == ({target, later}, 4)
    for since, ids in ((0, {follower, target, later}), (2, {follower, later}), (3, {later})):
        found = await store.followees_since(follower, since)
        assert (set(found.ids), found.seq) == (ids, 4)
    assert await store.followees_page(follower, after=0, limit=9) == sorted([target, later])
    assert await store.follower_count(follower) == 0


async def test_followers_come_by_logical_shard_and_then_by_id(store, new_id):
    target = new_id()
    times_and_shards = [(3, 5), (2, 5), (1, 4000), (4, 2047), (5, 0), (0, 2048)]
    followers = [
        id_of(1_800_000_000_000 + ms, shard, new_id() % 1024) for ms, shard in times_and_shards
    ]
    for follower in followers:
        await followed(store, follower, target)
    expected = [followers[place] for place in (4, 1, 0, 3, 5, 2)]
    assert await store.followers(target, after=0, limit=100) == expected


async def test_pages_of_followers_are_whole(store, new_id):
    target, followers = new_id(), [new_id() for _ in range(7)]
    for follower in followers:
        await followed(store, follower, target)
    first = await store.followers(target, after=0, limit=4)
    second = await store.followers(target, after=first[-1], limit=4)
    assert len(first) == 4
    assert sorted(first + second) == sorted(followers)


async def test_followers_of_one_shard_come_by_id(store, new_id):
    target, shard = new_id(), 1_234
    followers = [id_of(1_800_000_000_000 + ms, shard, new_id() % 1024) for ms in (3, 1, 2)]
    for follower in followers:
        await followed(store, follower, target)
    page = await store.followers(target, after=0, limit=2, shards=range(shard, shard + 1))
    rest = await store.followers(target, after=page[-1], limit=2, shards=range(shard, shard + 1))
    assert page + rest == sorted(followers)


@pytest.mark.parametrize("bounds", [(0, 4095), (0, 2047), (2048, 4095), (1000, 3000), (7, 7)])
async def test_a_range_of_shards_holds_its_followers_and_no_others(store, new_id, bounds):
    low, high = bounds
    target = new_id()
    shards = (0, 7, 999, 1000, 2047, 2048, 3000, 3001, 4095)
    followers = [id_of(1_800_000_000_000, shard, new_id() % 1024) for shard in shards]
    for follower in followers:
        await followed(store, follower, target)
    found = []
    after = 0
    while page := await store.followers(target, after=after, limit=2, shards=range(low, high + 1)):
        found += page
        after = page[-1]
    assert found == [each for each in followers if low <= logical_shard_of(each) <= high]


async def test_a_place_before_the_range_begins_with_the_range(store, new_id):
    target = new_id()
    low, between, high = (
        id_of(1_800_000_000_000, shard, new_id() % 1024) for shard in (5, 7, 4000)
    )
    for follower in (low, between, high):
        await followed(store, follower, target)
    assert await store.followers(target, after=low, limit=9, shards=range(10, 4096)) == [high]
    assert await store.followers(target, after=high, limit=9, shards=range(10)) == []


async def test_pages_of_followees_are_ascending_and_whole(store, new_id):
    follower, targets = new_id(), [new_id() for _ in range(7)]
    for target in targets:
        await followed(store, follower, target)
    await unfollowed(store, follower, targets[2])
    first = await store.followees_page(follower, after=0, limit=4)
    second = await store.followees_page(follower, after=first[-1], limit=4)
    assert first + second == sorted({*targets} - {targets[2]})


async def test_one_user_follows_only_so_many(store, new_id, monkeypatch):
    monkeypatch.setattr(memory, "FOLLOWEES_MAX", 2)
    monkeypatch.setattr(writing, "FOLLOWEES_MAX", 2)
    follower, targets = new_id(), [new_id() for _ in range(3)]
    await followed(store, follower, targets[0])
    await followed(store, follower, targets[1])
    with pytest.raises(Conflict, match="at most 2"):
        await store.follow(follower, targets[2])
    assert await store.follow(follower, targets[1]) is None
    await unfollowed(store, follower, targets[0])
    assert await store.follow(follower, targets[2])


async def test_follows_that_come_at_one_time_do_not_exceed_the_limit(store, new_id, monkeypatch):
    monkeypatch.setattr(memory, "FOLLOWEES_MAX", 3)
    monkeypatch.setattr(writing, "FOLLOWEES_MAX", 3)
    follower = new_id()
    outcomes = await asyncio.gather(
        *(store.follow(follower, new_id()) for _ in range(12)), return_exceptions=True
    )
    assert [type(each) for each in outcomes].count(Conflict) == 9
    assert len((await store.followees(follower)).ids) == 3


async def test_the_departed_follow_nobody(store, new_id):
    follower, target = new_id(), new_id()
    await store.depart(follower)
    with pytest.raises(NotFound, match=str(follower)):
        await store.follow(follower, target)
    assert await ids_of_followees(store, follower) == []


async def test_departing_twice_is_departing_once(store, new_id):
    user = new_id()
    await store.depart(user)
    await store.depart(user)
    with pytest.raises(NotFound):
        await store.follow(user, new_id())


async def test_whoever_reflects_learns_which_targets_have_departed(store, new_id):
    follower, gone, there = new_id(), new_id(), new_id()
    await store.depart(gone)
    late, good = await store.follow(follower, gone), await store.follow(follower, there)
    assert await store.reflect([late, good]) == [late]
    assert await store.reflect(await store.end([late.pair, good.pair])) == []


async def test_batches_are_no_larger_than_they_may_be(monkeypatch, mirroring_store, new_id):
    monkeypatch.setattr(memory, "BATCH_MAX", 2)
    monkeypatch.setattr(on_postgres, "BATCH_MAX", 2)
    follower, targets = new_id(), [new_id() for _ in range(3)]
    for target in targets:
        await mirroring_store.follow(follower, target)
    first = await mirroring_store.backlog(follower)
    await mirroring_store.note_reflected(follower, first.upto)
    second = await mirroring_store.backlog(follower)
    assert [change.target_id for change in first.changes + second.changes] == targets
    assert (first.upto, second.upto) == (2, 3)


async def test_the_backlog_has_unfollows_too_and_each_pair_once(mirroring_store, new_id):
    follower, target, other = new_id(), new_id(), new_id()
    await mirroring_store.follow(follower, target)
    await mirroring_store.follow(follower, other)
    [ended] = await mirroring_store.end([(follower, target)])
    backlog = await mirroring_store.backlog(follower)
    assert [change.target_id for change in backlog.changes] == [other, target]
    assert backlog.changes[-1] == ended
    assert backlog.upto == 3


async def test_what_is_noted_as_reflected_is_no_backlog(mirroring_store, new_id):
    follower = new_id()
    await mirroring_store.follow(follower, new_id())
    await mirroring_store.note_reflected(follower, 1)
    assert (await mirroring_store.backlog(follower)).changes == []


async def test_notes_never_go_back(mirroring_store, new_id):
    follower = new_id()
    for _ in range(2):
        await mirroring_store.follow(follower, new_id())
    await mirroring_store.note_reflected(follower, 2)
    await mirroring_store.note_reflected(follower, 1)
    assert (await mirroring_store.backlog(follower)).changes == []
