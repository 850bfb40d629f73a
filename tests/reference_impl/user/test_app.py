"""The service as it is run: on real stores, beside real neighbours, with its consumer."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from reference_impl.chassis.callers import USER_ID
from reference_impl.chassis.keyvalue import valkey
from reference_impl.chassis.session_store import ValkeySessions
from reference_impl.user.app import assemble


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

    app = web.Application()
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
