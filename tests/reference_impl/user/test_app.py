"""The service as it is run: on real stores, beside real neighbours, with its consumer."""

import asyncio
import json
import secrets
import time
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from model.rules.search import rebuild_id
from reference_impl.chassis.callers import USER_ID
from reference_impl.chassis.keyvalue import valkey
from reference_impl.chassis.session_store import ValkeySessions
from reference_impl.user.app import assemble

PATIENCE_S = 20.0


@pytest.fixture
async def neighbours(aiohttp_server):
    async def put(_):
        return web.json_response({"url": "/media/x.png"}, status=201)

    async def count(_):
        return web.json_response({"count": 3})

    async def hidden(_):
        return web.json_response({"ids": []})

    async def depart(_):
        return web.json_response({"departed": True})

    async def follower_counts(_):
        return web.json_response({"counts": {}})

    app = web.Application()
    app.router.add_get("/internal/users/{user_id}/follows", hidden)
    app.router.add_get("/internal/follower-counts", follower_counts)
    app.router.add_put("/internal/objects", put)
    app.router.add_get("/internal/users/{user_id}/follower-count", count)
    app.router.add_get("/internal/users/{user_id}/hidden", hidden)
    app.router.add_post("/internal/authors/{user_id}/departure", depart)
    return str((await aiohttp_server(app)).make_url(""))


@pytest.fixture
async def client(engines, neighbours, aiohttp_client, minter):
    settings = replace(
        engines.settings,
        instance=f"user-{minter.mint()}",
        media_urls=(neighbours,),
        follow_urls=(neighbours,),
        post_urls=(neighbours,),
    )
    async with assemble(settings) as app:
        yield await aiohttp_client(app)


async def test_from_coming_to_leaving(client, ada, engines):
    person = await ada.register()
    assert (await client.get("/readyz")).status == 200
    profile = await (await person.look_at(person)).json()
    assert profile["follower_count"] == 3
    assert (await person.change(username="n." + person.fields["username"])).status == 200
    token = (await (await person.change_password()).json())["token"]
    async with valkey(engines.session_store) as server:
        sessions = ValkeySessions(server)
        assert await sessions.user_of(person.token) is None
        assert await sessions.user_of(token) == int(person.user_id)
        headers = {USER_ID: person.user_id, "Authorization": f"Bearer {token}"}
        assert (await client.post("/logout", headers=headers)).status == 204
        assert await sessions.user_of(token) is None
    assert (await person.delete("a battery staple")).status == 204
    assert (await person.look_at(person)).status == 404


async def test_a_departure_that_was_broken_off_is_finished_by_the_consumer(
    client, ada, postgres_store, engines
):
    person = await ada.register()
    user_id = int(person.user_id)
    await postgres_store.remove(await postgres_store.record_of(user_id))
    body = json.dumps({"user_id": person.user_id})
    event: Any = {"event_id": f"test:{user_id}", "kind": "user.deleted", "at": "0.0", "body": body}
    async with valkey(engines.broker) as broker:
        await broker.xadd("events:user", event)
    for _ in range(200):
        if await postgres_store.departure_of(user_id) is None:
            break
        await asyncio.sleep(0.05)
    assert (await person.try_to_register()).status == 201
    async with valkey(engines.session_store) as server:
        assert await ValkeySessions(server).user_of(person.token) is None


async def announced(database, server):
    """Take what is announced on a server, as the relay would; return the kinds."""
    query = """
        WITH taken AS (
            DELETE FROM outbox WHERE stream = 'events:announcements' RETURNING event_id, kind
        )
        SELECT kind FROM taken ORDER BY event_id
    """
    async with database.connection(server) as connection:
        return [kind for (kind,) in await (await connection.execute(query)).fetchall()]


async def test_a_rebuild_that_is_begun_is_announced_by_every_server(client, ada, database):
    await ada.register()
    for server in database.servers:
        async with database.connection(server) as connection:
            await connection.execute("TRUNCATE announcements, outbox")
    rebuild = rebuild_id(time.time_ns() // 1_000_000, secrets.token_hex(4))
    answer = await client.post("/internal/announcements", json={"rebuild": rebuild})
    assert answer.status == 202
    users = 0
    async with asyncio.timeout(PATIENCE_S):
        for server in database.servers:
            kinds: list[str] = []
            while "users.announced" not in kinds:
                kinds += await announced(database, server)
                await asyncio.sleep(0.02)
            assert kinds[-1] == "users.announced"
            users += kinds.count("user.announced")
    assert users >= 1


async def test_what_becomes_of_an_image_is_shown_with_its_user(client, ada, engines):
    person = await ada.register()
    rendition = {"url": "/media/x.webp", "width": 3, "height": 2, "type": "image/webp"}
    said = {"width": 3, "height": 2, "renditions": [rendition], "original_url": "/media/x.png"}
    body = json.dumps({"user_id": person.user_id, "url": "/media/x.png", **said})
    event_id = f"test.media:{person.user_id}"
    event: Any = {"event_id": event_id, "kind": "media.developed", "at": "0.0", "body": body}
    async with valkey(engines.broker) as broker:
        await broker.xadd("events:media", event)
    async with asyncio.timeout(PATIENCE_S):
        profile = await (await person.look_at(person)).json()
        while "profile_image_renditions" not in profile:
            await asyncio.sleep(0.02)
            profile = await (await person.look_at(person)).json()
    assert profile["profile_image_renditions"] == [rendition]
