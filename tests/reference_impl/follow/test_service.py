import asyncio

import pytest

from reference_impl.chassis.errors import BadRequest, Forbidden, NotFound, Unavailable
from reference_impl.follow import memory
from reference_impl.follow import store as on_postgres
from reference_impl.follow.memory import MemoryFollowStore
from reference_impl.follow.service import FollowService


class Wrapped:
    """A store of which some methods are replaced."""

    def __init__(self, store, **methods):
        self._store = store
        self._methods = methods

    def __getattr__(self, name):
        return self._methods.get(name) or getattr(self._store, name)


def dying_before(name, store):
    """Return the store as a process sees it that dies before the second write."""

    async def die(*_):
        raise Unavailable("user_db-2 did not answer in time")

    return Wrapped(store, **{name: die})


@pytest.fixture
def service(store, users):
    return FollowService(store, users)


async def follows(service, one, other):
    return other in (await service.followees(one)).ids


async def test_following_twice_is_following_once(service, new_id):
    one, other = new_id(), new_id()
    await service.set_following(one, other, following=True)
    await service.set_following(one, other, following=True)
    assert (await service.followees(one)).ids == [other]
    assert (await service.followees(one)).seq == 1
    assert await service.follower_count(other) == 1


async def test_unfollowing_twice_is_unfollowing_once(service, new_id):
    one, other = new_id(), new_id()
    for following in (True, False, False):
        await service.set_following(one, other, following=following)
    assert (await service.followees(one)).seq == 2
    assert await service.follower_count(other) == 0


async def test_nobody_follows_themselves(users):
    with pytest.raises(BadRequest, match="target_id"):
        await FollowService(MemoryFollowStore(), users).set_following(1, 1, following=True)


@pytest.mark.parametrize("following", [True, False])
async def test_nobody_follows_who_does_not_exist(users, following):
    store = MemoryFollowStore()
    users.gone.add(10)
    with pytest.raises(NotFound):
        await FollowService(store, users).set_following(1, 10, following=following)
    assert store.published == []


async def test_a_follow_of_who_departs_meanwhile_is_undone_and_refused(store, service, new_id):
    """The user service still knew them; their departure was handled before the second write."""
    one, gone = new_id(), new_id()
    await store.depart(gone)
    with pytest.raises(NotFound, match=str(gone)):
        await service.set_following(one, gone, following=True)
    assert not await follows(service, one, gone)
    assert await service.follower_count(gone) == 0


async def test_mirror_heals_a_follow_whose_request_died_between_the_writes(
    store, users, service, new_id
):
    one, other = new_id(), new_id()
    with pytest.raises(Unavailable):
        await FollowService(dying_before("reflect", store), users).set_following(
            one, other, following=True
        )
    answer = await service.mirror(one, since=0)
    assert (answer.ids, answer.seq) == ([other], 1)
    assert await service.followers(other, after=0, limit=9) == [one]
    assert await service.follower_count(other) == 1


async def test_mirror_heals_an_unfollow_too(store, users, service, new_id):
    one, other = new_id(), new_id()
    await service.set_following(one, other, following=True)
    with pytest.raises(Unavailable):
        await FollowService(dying_before("reflect", store), users).set_following(
            one, other, following=False
        )
    answer = await service.mirror(one, since=1)
    assert (answer.ids, answer.seq) == ([], 2)
    assert await service.followers(other, after=0, limit=9) == []
    assert await service.follower_count(other) == 0


async def test_mirror_heals_changes_from_before_the_count_asked_for(store, service, new_id):
    one, others = new_id(), [new_id() for _ in range(3)]
    for other in others:
        await store.follow(one, other)
    answer = await service.mirror(one, since=2)
    assert answer.ids == [others[2]]
    assert [await service.follower_count(other) for other in others] == [1, 1, 1]


async def test_mirror_heals_batch_by_batch(monkeypatch, store, service, new_id):
    monkeypatch.setattr(memory, "BATCH_MAX", 2)
    monkeypatch.setattr(on_postgres, "BATCH_MAX", 2)
    one, others = new_id(), [new_id() for _ in range(5)]
    for other in others:
        await store.follow(one, other)
    assert (await service.mirror(one, since=0)).seq == 5
    assert [await service.follower_count(other) for other in others] == [1] * 5


async def test_mirroring_again_reflects_nothing_again(mirroring_store, users, new_id):
    one, other = new_id(), new_id()
    reflected = []

    async def reflect(changes):
        reflected.extend(changes)
        return await mirroring_store.reflect(changes)

    service = FollowService(Wrapped(mirroring_store, reflect=reflect), users)
    await mirroring_store.follow(one, other)
    answers = [await service.mirror(one, since=0) for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(reflected) == 1


async def test_mirrors_that_come_with_their_changes_leave_true_counts(store, service, new_id):
    readers, others = [new_id() for _ in range(4)], [new_id() for _ in range(6)]

    async def change(reader, other):
        for following in (True, False, True):
            await service.set_following(reader, other, following=following)
            await service.mirror(reader, since=0)

    await asyncio.gather(*(change(reader, other) for reader in readers for other in others))
    assert [await service.follower_count(other) for other in others] == [4] * 6
    assert [(await service.followees(reader)).seq for reader in readers] == [18] * 4


async def test_mirror_ends_a_follow_of_the_departed(mirroring_store, users, new_id):
    one, gone = new_id(), new_id()
    service = FollowService(mirroring_store, users)
    await mirroring_store.follow(one, gone)
    await mirroring_store.depart(gone)
    await service.mirror(one, since=0)
    assert not await follows(service, one, gone)


async def test_a_block_ends_the_follows_of_both_in_both_directions(service, new_id):
    one, other = new_id(), new_id()
    await service.set_following(one, other, following=True)
    await service.set_following(other, one, following=True)
    await service.set_blocked(one, other, blocked=True)
    for user in (one, other):
        assert (await service.followees(user)).ids == []
        assert await service.followers(user, after=0, limit=9) == []
        assert await service.follower_count(user) == 0


async def test_an_unblock_does_not_bring_follows_back(service, new_id):
    one, other = new_id(), new_id()
    await service.set_following(one, other, following=True)
    await service.set_blocked(one, other, blocked=True)
    await service.set_blocked(one, other, blocked=False)
    assert not await follows(service, one, other)
    assert await service.hidden_among(one, [other]) == []


async def test_an_unblock_without_a_block_changes_nothing(service, new_id):
    one, other = new_id(), new_id()
    await service.set_following(one, other, following=True)
    await service.set_blocked(one, other, blocked=False)
    assert await follows(service, one, other)


async def test_nobody_blocks_themselves(users):
    with pytest.raises(BadRequest, match="target_id"):
        await FollowService(MemoryFollowStore(), users).set_blocked(1, 1, blocked=True)


@pytest.mark.parametrize("blocked", [True, False])
async def test_nobody_blocks_who_does_not_exist(users, blocked):
    users.gone.add(10)
    with pytest.raises(NotFound):
        await FollowService(MemoryFollowStore(), users).set_blocked(1, 10, blocked=blocked)


@pytest.mark.parametrize("blocked", [True, False])
async def test_a_repeated_request_completes_a_block_that_died_between_the_writes(
    store, users, service, new_id, blocked
):
    one, other = new_id(), new_id()
    await service.set_following(other, one, following=True)
    if not blocked:
        await service.set_blocked(one, other, blocked=True)
    with pytest.raises(Unavailable):
        await FollowService(dying_before("mirror_block", store), users).set_blocked(
            one, other, blocked=blocked
        )
    await service.set_blocked(one, other, blocked=blocked)
    assert await service.hidden_among(other, [one]) == [one] * blocked
    assert not await follows(service, other, one)


async def test_a_follow_and_a_block_at_one_time_never_leave_a_follow(service, new_id):
    async def follow(follower, target):
        try:
            await service.set_following(follower, target, following=True)
        except Forbidden:
            return "refused"
        return "followed"

    answers = set()
    for _ in range(25):
        one, other = new_id(), new_id()
        answers |= {
            *await asyncio.gather(
                follow(other, one),
                follow(one, other),
                service.set_blocked(one, other, blocked=True),
                follow(other, one),
                follow(one, other),
            )
        }
        assert not await follows(service, one, other)
        assert not await follows(service, other, one)
        assert await service.follower_count(one) == await service.follower_count(other) == 0
    assert answers == {"followed", "refused", None}
