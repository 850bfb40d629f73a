import pytest

from reference_impl.chassis.settings import Settings
from reference_impl.follow.app import create_app
from reference_impl.follow.memory import MemoryFollowStore
from reference_impl.follow.service import FollowService

SETTINGS = Settings(secret="of the test", page_limit=2)
AS_1 = {"X-User-Id": "1"}


@pytest.fixture
async def client(aiohttp_client, users):
    users.gone = {10}
    return await aiohttp_client(create_app(FollowService(MemoryFollowStore(), users), SETTINGS))


async def say(client, verb, who, whom):
    answer = await client.post(
        f"/user/{who}/{verb}", json={"target_id": whom}, headers={"X-User-Id": who}
    )
    assert answer.status == 200
    return await answer.json()


async def test_follow_and_unfollow_say_how_it_is_now(client):
    assert await say(client, "follow", "1", "2") == {"following": True}
    assert await say(client, "follow", "1", "2") == {"following": True}
    assert await say(client, "unfollow", "1", "2") == {"following": False}


async def test_block_and_unblock_say_how_it_is_now(client):
    assert await say(client, "block", "1", "2") == {"blocked": True}
    assert await say(client, "block", "1", "2") == {"blocked": True}
    assert await say(client, "unblock", "1", "2") == {"blocked": False}
    assert await say(client, "unblock", "1", "2") == {"blocked": False}


async def test_ids_are_text_and_counts_are_numbers(client):
    for follower in "345":
        await say(client, "follow", follower, "2")
    followees = await client.get("/internal/users/3/followees")
    followers = await client.get("/internal/users/2/followers", params={"after": "3", "limit": "1"})
    count = await client.get("/internal/users/2/follower-count")
    assert await followees.json() == {"ids": ["2"], "seq": 1}
    assert await followers.json() == {"ids": ["4"]}
    assert await count.json() == {"count": 3}


async def test_mirror_tells_what_changed_since(client):
    for target in "234":
        await say(client, "follow", "1", target)
    answer = await client.post("/internal/users/1/mirror", json={"since": 1})
    assert await answer.json() == {"ids": ["3", "4"], "seq": 3}


async def test_mirror_tells_once_that_ones_own_posts_are_to_be_looked_for(client):
    await say(client, "follow", "1", "2")
    answer = await client.post("/internal/users/1/look-for-own")
    assert (answer.status, await answer.json()) == (200, {})
    for since, ids in ((0, {"1", "2"}), (1, {"1"}), (2, set())):
        answer = await client.post("/internal/users/1/mirror", json={"since": since})
        told = await answer.json()
        assert (set(told["ids"]), told["seq"]) == (ids, 2)


async def test_followers_are_told_of_some_shards_only(client):
    for shard in (0, 1, 2, 3):
        await say(client, "follow", str((shard << 10) + 5), "2")
    answer = await client.get("/internal/users/2/followers", params={"shards": "1-2"})
    assert await answer.json() == {"ids": [str((1 << 10) + 5), str((2 << 10) + 5)]}


async def test_hidden_tells_who_is_behind_a_block(client):
    await say(client, "block", "1", "2")
    await say(client, "block", "3", "1")
    answer = await client.get("/internal/users/1/hidden", params={"ids": "4,3,2"})
    assert sorted((await answer.json())["ids"]) == ["2", "3"]


async def test_whom_somebody_follows_is_told_among_those_asked_for(client):
    for target in "246":
        await say(client, "follow", "1", target)
    await say(client, "unfollow", "1", "4")
    await say(client, "follow", "3", "1")
    answer = await client.get("/internal/users/1/follows", params={"ids": "2,3,4"})
    assert await answer.json() == {"ids": ["2"]}


async def test_of_many_each_count_is_told_with_its_version(client):
    for follower in "345":
        await say(client, "follow", follower, "2")
    await say(client, "unfollow", "3", "2")
    answer = await client.get("/internal/follower-counts", params={"ids": "2,9"})
    assert await answer.json() == {"counts": {"2": {"followers": 2, "version": 4}}}


@pytest.mark.parametrize(
    "path", ["/internal/users/1/hidden", "/internal/users/1/follows", "/internal/follower-counts"]
)
@pytest.mark.parametrize(
    ("ids", "status"),
    [
        (None, 400),
        ("2,,3", 400),
        ("x", 400),
        (",".join("2" * 100), 200),
        (",".join("2" * 101), 400),
    ],
    ids=lambda value: str(value)[:10],
)
async def test_how_many_ids_can_be_asked_for(client, path, ids, status):
    answer = await client.get(path, params={} if ids is None else {"ids": ids})
    assert answer.status == status


@pytest.mark.parametrize("verb", ["follow", "unfollow", "block", "unblock"])
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


@pytest.mark.parametrize(("follower", "target"), [("1", "2"), ("2", "1")])
async def test_following_across_a_block_is_forbidden(client, follower, target):
    await say(client, "block", "1", "2")
    answer = await client.post(
        f"/user/{follower}/follow", json={"target_id": target}, headers={"X-User-Id": follower}
    )
    assert answer.status == 403
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    [
        "/internal/users/2/followers?limit=0",
        "/internal/users/2/followers?limit=-1",
        "/internal/users/2/followers?limit=abc",
        "/internal/users/2/followers?limit=1001",
        "/internal/users/2/followers?after=x",
        "/internal/users/2/followers?shards=",
        "/internal/users/2/followers?shards=7",
        "/internal/users/2/followers?shards=7-",
        "/internal/users/2/followers?shards=8-7",
        "/internal/users/2/followers?shards=0-4096",
        "/internal/users/2/followers?shards=-1-3",
        "/internal/users/2/hidden",
        "/internal/users/2/hidden?ids=",
        "/internal/users/2/hidden?ids=1,,2",
        "/internal/users/2/hidden?ids=" + ",".join(["3"] * 101),
        "/internal/users/99999999999999999999/followees",
        "/internal/users/99999999999999999999/hidden?ids=1",
    ],
)
async def test_questions_that_make_no_sense_are_refused(client, path):
    assert (await client.get(path)).status == 400


async def test_a_hundred_may_be_asked_about_at_once(client):
    answer = await client.get("/internal/users/2/hidden", params={"ids": ",".join(["3"] * 100)})
    assert answer.status == 200


@pytest.mark.parametrize("since", [None, -1, 1 << 63, True, "1", 1.0, [1]])
async def test_mirror_refuses_what_is_no_count(client, since):
    answer = await client.post("/internal/users/1/mirror", json={"since": since})
    assert answer.status == 400


async def page(client, path, viewer="1", **query):
    answer = await client.get(path, params=query, headers={"X-User-Id": viewer})
    assert answer.status == 200
    return answer, await answer.json()


async def lists_of_three(client):
    """Return the paths at which user 1 finds a list of the users 2, 3 and 4."""
    for other in "234":
        await say(client, "follow", "9", other)
        await say(client, "follow", other, "8")
        await say(client, "block", "1", other + "0")
    return {"/user/9/followees": "234", "/user/8/followers": "234", "/user/1/blocked": "234"}


async def test_lists_come_in_pages_with_a_link_to_the_next(client):
    for path in await lists_of_three(client):
        first, told = await page(client, path)
        assert first.links["next"]["url"].path == path
        assert first.links["next"]["url"].query["cursor"] == told["next"]
        _, rest = await page(client, path, cursor=told["next"])
        assert [len(told["users"]), len(rest["users"])] == [2, 1]
        assert rest["next"] is None


async def test_lists_hold_public_profiles(client):
    await say(client, "follow", "3", "2")
    _, told = await page(client, "/user/2/followers")
    assert told == {"users": [{"user_id": "3", "username": "user3"}], "next": None}


async def test_a_page_is_as_long_as_asked_for(client):
    for path in await lists_of_three(client):
        _, told = await page(client, path, limit="3")
        assert (len(told["users"]), told["next"]) == (3, None)


async def test_a_cursor_is_good_for_one_list_of_one_viewer(client):
    paths = await lists_of_three(client)
    for path in paths:
        _, told = await page(client, path)
        subject, name = path.removesuffix(path[path.rindex("/") :]), path[path.rindex("/") :]
        others = {f"{subject}/followers", f"{subject}/followees", f"/user/7{name}", *paths}
        for other in others - {path, "/user/7/blocked"}:
            answer = await client.get(other, params={"cursor": told["next"]}, headers=AS_1)
            assert answer.status == 400
        stranger = {"X-User-Id": "5"}
        answer = await client.get(path, params={"cursor": told["next"]}, headers=stranger)
        assert answer.status in {400, 403}


@pytest.mark.parametrize("name", ["followers", "followees", "blocked"])
@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("", {}, 401),
        ("?limit=0", AS_1, 400),
        ("?limit=101", AS_1, 400),
        ("?limit=x", AS_1, 400),
        ("?cursor=", AS_1, 400),
        ("?cursor=abc", AS_1, 400),
        ("?cursor=WzEsMl0.forged", AS_1, 400),
    ],
)
async def test_pages_that_make_no_sense_are_refused(client, name, query, headers, status):
    answer = await client.get(f"/user/1/{name}{query}", headers=headers)
    assert answer.status == status
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize("name", ["followers", "followees"])
async def test_the_unknown_and_the_hidden_get_the_same_refusal(client, users, name):
    await say(client, "block", "1", "2")
    users.gone.add(3)
    hidden = await client.get(f"/user/2/{name}", headers=AS_1)
    unknown = await client.get(f"/user/3/{name}", headers=AS_1)
    assert (hidden.status, unknown.status) == (404, 404)
    assert (await hidden.text()).replace("2", "3") == await unknown.text()


async def test_only_oneself_sees_whom_one_has_blocked(client):
    answer = await client.get("/user/2/blocked", headers=AS_1)
    assert answer.status == 403


@pytest.mark.parametrize("name", ["followers", "followees"])
async def test_a_path_that_names_nobody_possible_is_refused(client, name):
    answer = await client.get(f"/user/{10**19}/{name}", headers=AS_1)
    assert answer.status == 400
