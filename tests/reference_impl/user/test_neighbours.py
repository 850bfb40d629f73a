"""What the user service asks the post service for, over HTTP."""

import pytest
from aiohttp import web

from reference_impl.chassis.clients import ServiceClient
from reference_impl.chassis.errors import Unavailable
from reference_impl.user.neighbours import PostClient


async def test_a_departure_is_told_by_the_id(aiohttp_server):
    asked = []

    async def depart(request):
        asked.append(request.match_info["user_id"])
        return web.json_response({"departed": True})

    app = web.Application()
    app.router.add_post("/internal/authors/{user_id}/departure", depart)
    url = str((await aiohttp_server(app)).make_url(""))
    async with ServiceClient([url], name="post") as client:
        await PostClient(client).depart(7)
    assert asked == ["7"]


async def test_while_the_post_service_is_away_nothing_can_be_hidden():
    async with ServiceClient(["http://127.0.0.1:1"], name="post") as client:
        with pytest.raises(Unavailable):
            await PostClient(client).depart(7)
