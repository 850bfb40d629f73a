import pytest

from reference_impl.chassis.errors import BadRequest, NotFound, Unavailable
from reference_impl.chassis.events import Event
from reference_impl.follow.consumer import Mirror
from reference_impl.follow.memory import MemoryFollowStore
from reference_impl.follow.service import FollowService
from reference_impl.follow.store import KINDS, body_of


class Users:
    """Knows the users 1 to 9."""

    async def require(self, user_id):
        if user_id > 9:
            raise NotFound(f"no user {user_id}")


class HalfStore(MemoryFollowStore):
    """Dies between the two writes of a change."""

    async def reflect(self, change):
        raise Unavailable("user_db-2 did not answer in time")


def event_of(change):
    return Event(
        event_id="user_db-1:1", kind=KINDS[change.following], at_s=0.0, body=body_of(change)
    )


async def test_following_twice_is_following_once():
    store = MemoryFollowStore()
    service = FollowService(store, Users())
    await service.set_following(1, 2, following=True)
    await service.set_following(1, 2, following=True)
    assert await service.followees(1) == [2]
    assert await service.follower_count(2) == 1
    assert len(store.published) == 1


async def test_nobody_follows_themselves():
    with pytest.raises(BadRequest, match="target_id"):
        await FollowService(MemoryFollowStore(), Users()).set_following(1, 1, following=True)


async def test_nobody_follows_who_does_not_exist():
    store = MemoryFollowStore()
    with pytest.raises(NotFound):
        await FollowService(store, Users()).set_following(1, 10, following=True)
    assert store.published == []


async def test_the_event_heals_what_a_death_between_the_writes_left():
    dying, mirrored = HalfStore(), MemoryFollowStore()
    with pytest.raises(Unavailable):
        await FollowService(dying, Users()).set_following(1, 2, following=True)
    [change] = dying.published
    await Mirror(mirrored).handle(event_of(change))
    assert await mirrored.followers(2, after=0, limit=10) == [1]
    assert await mirrored.follower_count(2) == 1


async def test_a_repeated_event_after_an_unfollow_changes_nothing():
    store = MemoryFollowStore()
    service = FollowService(store, Users())
    await service.set_following(1, 2, following=True)
    await service.set_following(1, 2, following=False)
    for change in [*store.published, *reversed(store.published)]:
        await Mirror(store).handle(event_of(change))
    assert await service.followers(2, after=0, limit=10) == []
    assert await service.follower_count(2) == 0


async def test_other_events_pass():
    event = Event(event_id="user_db-1:1", kind="follow.muted", at_s=0.0, body={})
    await Mirror(MemoryFollowStore()).handle(event)
