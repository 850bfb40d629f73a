"""The service as it is wired: its neighbour over HTTP, its stores, and the streams it reads."""

import asyncio
import secrets
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from reference_impl.chassis.events import Event
from reference_impl.chassis.keyvalue import valkey
from reference_impl.follow import app as wiring
from reference_impl.follow.app import assemble

PATIENCE_S = 20.0


@pytest.fixture
async def user_service(aiohttp_server):
    """A user service that knows everybody."""

    async def require(request):
        return web.json_response({"user_id": request.match_info["user_id"]})

    async def profiles(request):
        ids = request.query["ids"].split(",")
        return web.json_response({"users": [{"user_id": each} for each in ids]})

    app = web.Application()
    app.router.add_get("/internal/users/{user_id}", require)
    app.router.add_get("/internal/users", profiles)
    return await aiohttp_server(app)


@pytest.fixture
def streams(monkeypatch):
    """The streams that the service reads, of its own: the broker is shared."""
    streams = {}
    for name in ("FOLLOW_EVENTS", "USER_EVENTS"):
        streams[name] = f"test:{name}:{secrets.token_hex(4)}"
        monkeypatch.setattr(wiring, name, streams[name])
    return streams


@pytest.fixture(params=["both", "follower"])
def settings(request, engines, user_service, streams, one_way_database):
    return replace(
        engines.settings,
        user_urls=(f"http://{user_service.host}:{user_service.port}",),
        follows_kept=request.param,
        instance="follow-1",
    )


@pytest.fixture
async def client(settings, aiohttp_client):
    async with assemble(settings) as app:
        yield await aiohttp_client(app)


async def publish(settings, stream, kind, body):
    event = Event(event_id=f"test:{secrets.token_hex(8)}", kind=kind, at_s=0.0, body=body)
    fields: dict[Any, Any] = dict(event.to_fields())
    async with valkey(settings.broker) as broker:
        await broker.xadd(stream, fields)


async def followees_become(client, user, expected):
    async with asyncio.timeout(PATIENCE_S):
        while True:
            answer = await client.get(f"/internal/users/{user}/followees")
            if (await answer.json())["ids"] == expected:
                return
            await asyncio.sleep(0.02)


async def follow(client, follower, target):
    answer = await client.post(
        f"/user/{follower}/follow",
        json={"target_id": str(target)},
        headers={"X-User-Id": str(follower)},
    )
    assert answer.status == 200


async def test_a_follower_is_listed_with_the_profile_that_the_user_service_knows(client, new_id):
    follower, target = new_id(), new_id()
    await follow(client, follower, target)
    answer = await client.get(f"/user/{target}/followers", headers={"X-User-Id": str(target)})
    assert await answer.json() == {"users": [{"user_id": str(follower)}], "next": None}


async def test_follows_are_kept_as_the_settings_say(client, settings, one_way_database, new_id):
    follower, target = new_id(), new_id()
    await follow(client, follower, target)
    async with one_way_database.connection_of_id(target) as connection:
        rows = await connection.execute(
            "SELECT count(*) FROM followers WHERE target_id = %s", [target]
        )
        assert await rows.fetchone() == (settings.follows_kept == "both",)


async def test_users_who_are_deleted_follow_nobody_any_more(client, settings, streams, new_id):
    gone, other = new_id(), new_id()
    await follow(client, gone, other)
    await follow(client, other, gone)
    await publish(settings, streams["USER_EVENTS"], "user.deleted", {"user_id": str(gone)})
    await followees_become(client, gone, [])
    await followees_become(client, other, [])


async def test_blocks_that_are_told_of_are_mirrored(client, settings, streams, new_id):
    one, other = new_id(), new_id()
    await follow(client, other, one)
    body = {"user_id": str(one), "target_id": str(other), "version": 1}
    await publish(settings, streams["FOLLOW_EVENTS"], "follow.blocked", body)
    await followees_become(client, other, [])
    answer = await client.get(f"/internal/users/{other}/hidden", params={"ids": str(one)})
    assert await answer.json() == {"ids": [str(one)]}
