"""Many clients at one time, over HTTP, and the consumer that repeats what they did."""

import asyncio
import random
from contextlib import asynccontextmanager

import pytest

from reference_impl.chassis.events import Event
from reference_impl.chassis.settings import Settings
from reference_impl.follow.app import create_app
from reference_impl.follow.consumer import Mirror
from reference_impl.follow.service import FollowService

CLIENTS = 50
REQUESTS_EACH = 6


@pytest.fixture
def service(store, users):
    return FollowService(store, users)


@pytest.fixture
async def ask(aiohttp_client, service):
    """Return a function that sends a request, again for as long as the service is too busy."""
    client = await aiohttp_client(create_app(service, Settings()))

    async def ask(verb, who, whom):
        body, headers = {"target_id": str(whom)}, {"X-User-Id": str(who)}
        while True:
            answer = await client.post(f"/user/{who}/{verb}", json=body, headers=headers)
            if answer.status != 503:
                return answer.status

    return ask


@asynccontextmanager
async def repeating(service, follower, target, seed):
    """Handle events of changes that there were, and may have been, again and out of order."""
    luck = random.Random(seed)
    mirror = Mirror(service)

    async def repeat():
        while True:
            version = luck.randint(1, max(1, (await service.followees(follower)).seq))
            kind = "follow.followed" if version % 2 else "follow.unfollowed"
            body = {"follower_id": str(follower), "target_id": str(target), "version": version}
            await mirror.handle(Event(event_id="test:1", kind=kind, at_s=0.0, body=body))
            await service.mirror(follower, since=0)
            await asyncio.sleep(0)  # the store in memory never waits

    repeater = asyncio.create_task(repeat())
    yield
    repeater.cancel()
    await asyncio.gather(repeater, return_exceptions=True)


@pytest.mark.parametrize("last", ["follow", "unfollow"])
async def test_fifty_clients_that_change_one_pair_leave_what_was_acknowledged_last(
    service, ask, new_id, last
):
    follower, target, bystander = new_id(), new_id(), new_id()
    await ask("follow", bystander, target)

    async def client(number):
        luck = random.Random(number)
        return [
            await ask(luck.choice(["follow", "follow", "unfollow"]), follower, target)
            for _ in range(REQUESTS_EACH)
        ]

    async with repeating(service, follower, target, seed=last):
        statuses = await asyncio.gather(*(client(number) for number in range(CLIENTS)))
        statuses.append([await ask(last, follower, target)])
    assert {status for of_client in statuses for status in of_client} == {200}
    is_followed = last == "follow"
    followees = await service.followees(follower)
    assert followees.ids == [target] * is_followed
    assert followees.seq % 2 == is_followed  # every change flipped the pair
    assert await service.follower_count(target) == 1 + is_followed
    followers = await service.followers(target, after=0, limit=9)
    assert sorted(followers) == sorted([bystander] + [follower] * is_followed)


async def test_fifty_clients_that_repeat_one_follow_count_once(service, ask, new_id):
    follower, target = new_id(), new_id()
    statuses = await asyncio.gather(*(ask("follow", follower, target) for _ in range(CLIENTS)))
    assert set(statuses) == {200}
    assert (await service.followees(follower)).seq == 1
    assert await service.follower_count(target) == 1


async def test_follows_and_blocks_of_fifty_clients_leave_no_follow_across_a_block(
    service, ask, new_id
):
    one, other = new_id(), new_id()

    async def client(number):
        luck = random.Random(number)
        who, whom = luck.sample([one, other], 2)
        verbs = ["follow", "follow", "unfollow", "block", "unblock"]
        return [await ask(luck.choice(verbs), who, whom) for _ in range(REQUESTS_EACH)]

    statuses = await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    statuses.append([await ask("block", one, other)])
    assert {status for of_client in statuses for status in of_client} == {200, 403}
    for user in (one, other):
        assert (await service.followees(user)).ids == []
        assert await service.followers(user, after=0, limit=9) == []
        assert await service.follower_count(user) == 0
