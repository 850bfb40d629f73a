"""What other services ask the follow service about two users, over HTTP."""

import pytest
from aiohttp import web

from reference_impl.chassis.clients import ServiceClient
from reference_impl.chassis.errors import Unavailable
from reference_impl.follow.client import FollowClient
from reference_impl.follow.pairs import FollowerCount


@pytest.fixture
async def follows(aiohttp_server):
    async def count(request):
        return web.json_response({"count": int(request.match_info["user_id"]) * 2})

    async def hidden(request):
        blocked = {("7", "8")}
        ids = request.query["ids"].split(",")
        viewer = request.match_info["user_id"]
        return web.json_response({"ids": [one for one in ids if (viewer, one) in blocked]})

    async def follows(request):
        ids = request.query["ids"].split(",")
        viewer = request.match_info["user_id"]
        return web.json_response({"ids": [one for one in ids if int(one) == int(viewer) + 1]})

    async def counts(request):
        ids = request.query["ids"].split(",")
        told = {one: {"followers": int(one) * 2, "version": 3} for one in ids if one != "7"}
        return web.json_response({"counts": told}, status=200 if len(ids) <= 100 else 400)

    app = web.Application()
    app.router.add_get("/internal/users/{user_id}/follows", follows)
    app.router.add_get("/internal/follower-counts", counts)
    app.router.add_get("/internal/users/{user_id}/follower-count", count)
    app.router.add_get("/internal/users/{user_id}/hidden", hidden)
    url = str((await aiohttp_server(app)).make_url(""))
    async with ServiceClient([url], name="follow") as client:
        yield FollowClient(client)


async def test_followers_are_counted(follows):
    assert await follows.follower_count(21) == 42


async def test_who_is_hidden_is_asked_for_the_viewer(follows):
    assert await follows.is_hidden(8, viewer_id=7)
    assert not await follows.is_hidden(7, viewer_id=8)


async def test_of_many_those_who_are_hidden_are_told(follows):
    assert await follows.hidden_among([8, 9, 7], viewer_id=7) == {8}


async def test_whether_the_viewer_follows_is_asked_for_the_viewer(follows):
    assert await follows.is_followed(8, viewer_id=7)
    assert not await follows.is_followed(7, viewer_id=8)


async def test_counts_of_more_than_a_page_are_asked_for_page_by_page(follows):
    counts = await follows.follower_counts(range(1, 251))
    assert counts.keys() == {*range(1, 7), *range(8, 251)}
    assert counts[250] == FollowerCount(followers=500, version=3)


async def test_nobody_is_asked_for_no_counts():
    async with ServiceClient(["http://127.0.0.1:1"], name="follow") as client:
        assert await FollowClient(client).follower_counts([]) == {}


async def test_while_the_follow_service_is_away_nobody_is_shown():
    async with ServiceClient(["http://127.0.0.1:1"], name="follow") as client:
        with pytest.raises(Unavailable):
            await FollowClient(client).is_hidden(8, viewer_id=7)
