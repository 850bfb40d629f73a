import pytest

from reference_impl.chassis.errors import NotFound
from reference_impl.chassis.settings import Settings
from reference_impl.follow.app import create_app
from reference_impl.follow.memory import MemoryFollowStore
from reference_impl.follow.service import FollowService

AS_1 = {"X-User-Id": "1"}


class Users:
    """Knows the users 1 to 9."""

    async def require(self, user_id):
        if user_id > 9:
            raise NotFound(f"no user {user_id}")


@pytest.fixture
async def client(aiohttp_client):
    service = FollowService(MemoryFollowStore(), Users())
    return await aiohttp_client(create_app(service, Settings()))


async def test_follow_and_unfollow_say_how_it_is_now(client):
    answer = await client.post("/user/1/follow", json={"target_id": "2"}, headers=AS_1)
    assert (answer.status, await answer.json()) == (200, {"following": True})
    answer = await client.post("/user/1/unfollow", json={"target_id": "2"}, headers=AS_1)
    assert (answer.status, await answer.json()) == (200, {"following": False})


async def test_ids_are_text_and_counts_are_numbers(client):
    for follower in "345":
        await client.post(
            f"/user/{follower}/follow", json={"target_id": "2"}, headers={"X-User-Id": follower}
        )
    followees = await client.get("/internal/users/3/followees")
    followers = await client.get("/internal/users/2/followers", params={"after": "3", "limit": "1"})
    count = await client.get("/internal/users/2/follower-count")
    assert await followees.json() == {"ids": ["2"]}
    assert await followers.json() == {"ids": ["4"]}
    assert await count.json() == {"count": 3}


@pytest.mark.parametrize("verb", ["follow", "unfollow"])
@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"json": {"target_id": "2"}, "headers": {}}, 401),
        ({"json": {"target_id": "2"}, "headers": {"X-User-Id": "7"}}, 403),
        ({"json": {"target_id": "10"}, "headers": AS_1}, 404),
        ({"json": {"target_id": "1"}, "headers": AS_1}, 400),
        ({"json": {"target_id": 2}, "headers": AS_1}, 400),
        ({"json": {"target_id": "two"}, "headers": AS_1}, 400),
        ({"json": {"target_id": "9" * 19}, "headers": AS_1}, 400),
        ({"json": {}, "headers": AS_1}, 400),
        ({"json": ["2"], "headers": AS_1}, 400),
        ({"data": b"{", "headers": {**AS_1, "Content-Type": "application/json"}}, 400),
        ({"data": b"target_id=2", "headers": AS_1}, 415),
        ({"json": {"target_id": "2", "pad": "x" * 70_000}, "headers": AS_1}, 413),
    ],
)
async def test_refusals_are_problems(client, verb, request_, status):
    answer = await client.post(f"/user/1/{verb}", **request_)
    assert answer.status == status
    assert answer.content_type == "application/problem+json"
    assert (await answer.json())["status"] == status


@pytest.mark.parametrize(
    "path",
    [
        "/internal/users/2/followers?limit=0",
        "/internal/users/2/followers?limit=-1",
        "/internal/users/2/followers?limit=abc",
        "/internal/users/2/followers?limit=1001",
        "/internal/users/2/followers?after=x",
        "/internal/users/99999999999999999999/followees",
    ],
)
async def test_questions_that_make_no_sense_are_refused(client, path):
    assert (await client.get(path)).status == 400
