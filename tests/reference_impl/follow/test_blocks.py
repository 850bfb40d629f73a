"""What every store of blocks promises."""

import asyncio

import pytest

from reference_impl.chassis.errors import Conflict, Forbidden, NotFound
from reference_impl.follow import memory
from reference_impl.follow import store as on_postgres
from reference_impl.follow.blocks import Block


async def blocked(store, user_id, target_id):
    block, ended = await store.block(user_id, target_id)
    return block, ended + await store.mirror_block(block)


async def unblocked(store, user_id, target_id):
    block = await store.unblock(user_id, target_id)
    assert await store.mirror_block(block) == []
    return block


async def test_a_block_hides_each_from_the_other(store, new_id):
    one, other = new_id(), new_id()
    await blocked(store, one, other)
    assert await store.hidden_among(one, [other, new_id()]) == [other]
    assert await store.hidden_among(other, [new_id(), one]) == [one]


async def test_whoever_blocks_is_hidden_once_though_both_do(store, new_id):
    one, other = new_id(), new_id()
    await blocked(store, one, other)
    await blocked(store, other, one)
    assert await store.hidden_among(one, [other]) == [other]


async def test_nobody_is_hidden_without_a_block(store, new_id):
    one, other = new_id(), new_id()
    assert await store.hidden_among(one, [one, other]) == []


async def test_an_unblock_shows_each_to_the_other_again(store, new_id):
    one, other = new_id(), new_id()
    await blocked(store, one, other)
    await unblocked(store, one, other)
    assert await store.hidden_among(one, [other]) == []
    assert await store.hidden_among(other, [one]) == []


async def test_a_block_of_the_other_outlasts_ones_own(store, new_id):
    one, other = new_id(), new_id()
    await blocked(store, one, other)
    await blocked(store, other, one)
    await unblocked(store, one, other)
    assert await store.hidden_among(one, [other]) == [other]


async def test_a_block_ends_the_follows_of_both(store, new_id):
    one, other = new_id(), new_id()
    await store.follow(one, other)
    await store.follow(other, one)
    _, ended = await blocked(store, one, other)
    assert [(change.pair, change.following) for change in ended] == [
        ((one, other), False),
        ((other, one), False),
    ]
    assert (await store.followees(one)).ids == (await store.followees(other)).ids == []


async def test_the_follow_that_a_block_ends_is_a_change_like_any_other(store, new_id):
    one, other = new_id(), new_id()
    await store.follow(other, one)
    _, [ended] = await blocked(store, one, other)
    assert ended.version == 2
    assert (await store.followees(other)).seq == 2


async def test_a_block_leaves_other_follows_alone(store, new_id):
    one, other, third = new_id(), new_id(), new_id()
    await store.follow(one, third)
    await store.follow(third, other)
    assert (await blocked(store, one, other))[1] == []
    assert (await store.followees(one)).ids == [third]


@pytest.mark.parametrize("who", ["one who blocks", "one who is blocked"])
async def test_nobody_follows_across_a_block(store, new_id, who):
    one, other = new_id(), new_id()
    await blocked(store, one, other)
    pair = (one, other) if who == "one who blocks" else (other, one)
    with pytest.raises(Forbidden, match="blocked"):
        await store.follow(*pair)
    assert (await store.followees(pair[0])).seq == 0


async def test_both_may_follow_again_after_the_block(store, new_id):
    one, other = new_id(), new_id()
    await blocked(store, one, other)
    await unblocked(store, one, other)
    assert await store.follow(one, other)
    assert await store.follow(other, one)


async def test_blocking_twice_is_blocking_once(store, new_id):
    one, other = new_id(), new_id()
    first, _ = await blocked(store, one, other)
    second, _ = await blocked(store, one, other)
    assert first == second == Block(user_id=one, target_id=other, blocked=True, version=1)


async def test_unblocking_twice_is_unblocking_once(store, new_id):
    one, other = new_id(), new_id()
    await blocked(store, one, other)
    first = await unblocked(store, one, other)
    second = await unblocked(store, one, other)
    assert first == second == Block(user_id=one, target_id=other, blocked=False, version=2)


async def test_there_is_nothing_to_unblock_where_nobody_blocked(store, new_id):
    assert await store.unblock(new_id(), new_id()) is None


async def test_a_late_repeat_of_a_block_ends_no_follow_made_since(store, new_id):
    one, other = new_id(), new_id()
    block, _ = await blocked(store, one, other)
    await unblocked(store, one, other)
    await store.follow(other, one)
    assert await store.mirror_block(block) == []
    assert (await store.followees(other)).ids == [one]
    assert await store.hidden_among(other, [one]) == []


async def test_a_repeat_of_an_unblock_ends_no_follow(store, new_id):
    one, other = new_id(), new_id()
    await blocked(store, one, other)
    lifted = await unblocked(store, one, other)
    await store.follow(other, one)
    assert await store.mirror_block(lifted) == []


async def test_a_block_that_was_lifted_before_it_was_known_has_ended_the_follow(store, new_id):
    one, other = new_id(), new_id()
    await store.follow(other, one)
    await store.block(one, other)
    ended = await store.mirror_block(await store.unblock(one, other))
    assert [change.pair for change in ended] == [(other, one)]


async def test_lists_of_the_blocked_and_of_blockers_are_ascending_pages(store, new_id):
    one, others = new_id(), [new_id() for _ in range(4)]
    for other in others:
        await blocked(store, one, other)
        await blocked(store, other, one)
    await unblocked(store, one, others[0])
    await unblocked(store, others[0], one)
    left = sorted(others[1:])
    for page in (store.blocked_page, store.blockers_page):
        assert await page(one, after=0, limit=2) == left[:2]
        assert await page(one, after=left[1], limit=2) == left[2:]


async def test_one_user_blocks_only_so_many(store, new_id, monkeypatch):
    monkeypatch.setattr(memory, "BLOCKED_MAX", 2)
    monkeypatch.setattr(on_postgres, "BLOCKED_MAX", 2)
    user, targets = new_id(), [new_id() for _ in range(3)]
    for target in targets[:2]:
        await blocked(store, user, target)
    with pytest.raises(Conflict, match="at most 2"):
        await store.block(user, targets[2])
    assert (await store.block(user, targets[1]))[0].version == 1
    await unblocked(store, user, targets[0])
    assert (await store.block(user, targets[2]))[0].blocked
    with pytest.raises(Conflict, match="at most 2"):
        await store.block(user, targets[0])


async def test_the_departed_block_nobody(store, new_id):
    user, target = new_id(), new_id()
    await store.depart(user)
    with pytest.raises(NotFound, match=str(user)):
        await store.block(user, target)


async def test_the_departed_may_still_unblock(store, new_id):
    user, target = new_id(), new_id()
    await blocked(store, user, target)
    await store.depart(user)
    assert (await unblocked(store, user, target)).blocked is False


async def test_blocks_that_come_at_one_time_are_one(store, new_id):
    one, other = new_id(), new_id()
    outcomes = await asyncio.gather(*(blocked(store, one, other) for _ in range(10)))
    assert {block.version for block, _ in outcomes} == {1}
