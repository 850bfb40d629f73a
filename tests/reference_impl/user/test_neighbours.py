"""What the user service asks the post service and the broker."""

import secrets

import pytest
from aiohttp import web

from reference_impl.chassis.clients import ServiceClient
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.keyvalue import valkey
from reference_impl.user import neighbours
from reference_impl.user.neighbours import AnnouncementStream, PostClient


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


@pytest.fixture
async def broker(engines):
    async with valkey(engines.broker) as broker:
        yield broker


@pytest.fixture
async def announcements(broker, monkeypatch):
    """The name of a stream of its own that is full with three entries."""
    monkeypatch.setattr(neighbours, "ANNOUNCEMENTS_MAX", 3)
    name = f"test:announcements:{secrets.token_hex(4)}"
    yield name
    await broker.delete(name)


async def test_a_stream_has_room_until_it_is_full(broker, announcements):
    stream = AnnouncementStream(broker, announcements)
    for _ in range(3):
        assert await stream.has_room()
        await broker.xadd(announcements, {"kind": "user.announced"})
    assert not await stream.has_room()


async def test_what_every_group_has_finished_makes_room_at_once(broker, announcements):
    stream = AnnouncementStream(broker, announcements)
    for group in ("search-1", "search-2"):
        await broker.xgroup_create(announcements, group, id="0", mkstream=True)
    entries = [await broker.xadd(announcements, {"kind": "user.announced"}) for _ in range(3)]
    for group, has_room in (("search-1", False), ("search-2", True)):
        await broker.xreadgroup(group, "reader", {announcements: ">"})
        await broker.xack(announcements, group, *entries)
        assert await stream.has_room() is has_room
    assert await broker.xlen(announcements) == 0


async def test_while_the_broker_is_away_nobody_says_that_there_is_room():
    async with valkey("unix:///nowhere/broker.sock") as broker:
        with pytest.raises(Unavailable):
            await AnnouncementStream(broker).has_room()
