"""What the user service asks the post service and the broker."""

import secrets

import pytest
from aiohttp import web

from model.rules.ids import ID_MAX
from reference_impl.chassis.clients import ServiceClient
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.events import Event
from reference_impl.chassis.keyvalue import valkey
from reference_impl.cluster.orders import MEMORY_OF
from reference_impl.user import neighbours
from reference_impl.user.announcements import REBUILD_CHARS_MAX
from reference_impl.user.neighbours import ANNOUNCEMENTS_MAX, AnnouncementStream, PostClient
from reference_impl.user.open_fields import FIELDS_MAX, TEXT_CHARS_MAX
from reference_impl.user.profiles import (
    LOCATION_CHARS_MAX,
    NAME_CHARS_MAX,
    USERNAME_CHARS_MAX,
    announcement_of,
)

BROKER_BYTES = int(MEMORY_OF["broker"].removesuffix("mb")) << 20
IMAGE = f"/media/{'a' * 64}-{'b' * 16}.webp"


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


def test_the_longest_announcements_leave_the_broker_room():
    fields = {
        f"{'f' * 30}{number:02}": "\U0001f600" * TEXT_CHARS_MAX for number in range(FIELDS_MAX)
    }
    rendition = {"url": IMAGE, "width": 1080, "height": 1080, "type": "image/webp"}
    document = {
        "user_id": str(ID_MAX),
        "username": "u" * USERNAME_CHARS_MAX,
        "first_name": "\U0001f600" * NAME_CHARS_MAX,
        "last_name": "\U0001f600" * NAME_CHARS_MAX,
        "location": "\U0001f600" * LOCATION_CHARS_MAX,
        "profile_image": IMAGE,
        "profile_image_renditions": [rendition] * 6,
        "fields": fields,
        "created_ms": 1_764_135_000_123,
    }
    body = {**announcement_of(document, version=1), "rebuild": "1" * REBUILD_CHARS_MAX}
    event = Event(event_id="e" * 60, kind="user.announced", at_s=1_764_135_000.123, body=body)
    entry_bytes = sum(len(name) + len(text.encode()) for name, text in event.to_fields().items())
    assert entry_bytes * ANNOUNCEMENTS_MAX < BROKER_BYTES / 3


async def test_while_the_broker_is_away_nobody_says_that_there_is_room():
    async with valkey("unix:///nowhere/broker.sock") as broker:
        with pytest.raises(Unavailable):
            await AnnouncementStream(broker).has_room()
