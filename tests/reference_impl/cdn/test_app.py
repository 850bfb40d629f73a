"""An edge put together: purged by what the broker says, and serving on without it."""

import asyncio
import secrets
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from reference_impl.cdn.app import assemble, group_of
from reference_impl.chassis import consumers
from reference_impl.chassis.events import MEDIA_EVENTS, Event
from reference_impl.chassis.keyvalue import valkey
from reference_impl.chassis.settings import Settings, SettingsError

FOREVER = {"Cache-Control": "max-age=31536000, immutable"}
PATIENCE_S = 10.0


class Gallery:
    """A media service that has some pictures."""

    def __init__(self):
        self.pictures = {}

    async def answer(self, request):
        content = self.pictures.get(request.path)
        if content is None:
            raise web.HTTPNotFound
        return web.Response(body=content, headers=FOREVER)


@pytest.fixture
def gallery():
    return Gallery()


@pytest.fixture
async def life_of_edge(gallery, sockets, serving_on, tmp_path):
    """A context manager: one life of an edge on this broker; yields a client of it."""
    app = web.Application()
    app.router.add_get("/media/{name}", gallery.answer)
    its = Settings(
        instance=f"edge-{secrets.token_hex(4)}",
        zone="zone-1",
        media_urls=(f"unix:{sockets}/media",),
        web_urls=(f"unix:{sockets}/nobody",),
        cache_folder=str(tmp_path),
    )

    @asynccontextmanager
    async def living(broker):
        settings = replace(its, broker=broker)
        async with (
            assemble(settings) as app,
            serving_on(sockets / secrets.token_hex(4), app) as client,
        ):
            yield client

    async with serving_on(sockets / "media", app):
        living.instance = its.instance  # type: ignore[attr-defined]
        yield living


async def publish(broker, **body):
    """Say what the media service says when an upload has been deleted."""
    async with valkey(broker) as client:
        number = secrets.randbelow(10**12)
        event = Event(event_id=f"test:{number}", kind="media.deleted", at_s=1.0, body=body)
        fields: Any = event.to_fields()
        await client.xadd(MEDIA_EVENTS, fields)


async def status_of(client, path):
    async with client.get(path) as answer:
        await answer.read()
        return answer.status, answer.headers["Cache-Status"].split(";")[1].strip()


async def until_gone(client, path):
    async with asyncio.timeout(PATIENCE_S):
        while (await status_of(client, path))[0] != 404:  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.01)


async def test_what_is_deleted_is_served_no_more(own_valkey, life_of_edge, gallery, path_of):
    kept, gone = path_of(b"kept"), path_of(b"gone", "webp")
    gallery.pictures = {kept: b"kept", gone: b"gone"}
    with own_valkey() as broker:
        async with life_of_edge(broker.url) as client:
            for path in (kept, gone):
                assert await status_of(client, path) == (200, "fwd=miss")
            del gallery.pictures[gone]
            assert await status_of(client, gone) == (200, "hit")
            await publish(broker.url, urls=[gone, path_of(b"gone", "jpg")])
            await until_gone(client, gone)
            assert await status_of(client, kept) == (200, "hit")


async def test_what_is_deleted_while_the_edge_is_down_is_served_no_more(
    own_valkey, life_of_edge, gallery, path_of
):
    gone = path_of(b"gone")
    gallery.pictures = {gone: b"gone"}
    with own_valkey() as broker:
        async with life_of_edge(broker.url) as client:
            await status_of(client, gone)
        gallery.pictures.clear()
        await publish(broker.url, urls=[gone])
        async with life_of_edge(broker.url) as client:
            await until_gone(client, gone)
        async with valkey(broker.url) as asking:
            groups = await asking.xinfo_groups(MEDIA_EVENTS)
    [group] = groups
    assert group["name"].decode() == group_of(life_of_edge.instance)
    assert (group["pending"], group["lag"]) == (0, 0)


async def test_an_edge_that_nobody_kept_news_for_serves_no_media_that_it_had(
    own_valkey, life_of_edge, gallery, path_of
):
    gone = path_of(b"gone")
    gallery.pictures = {gone: b"gone"}
    with own_valkey() as broker:
        async with life_of_edge(broker.url) as client:
            await status_of(client, gone)
        gallery.pictures.clear()
        async with valkey(broker.url) as asking:  # as is done for an edge that is taken away
            await asking.xgroup_destroy(MEDIA_EVENTS, group_of(life_of_edge.instance))
        async with life_of_edge(broker.url) as client:
            assert (await status_of(client, gone))[0] == 404


async def test_a_broker_that_lost_all_makes_the_edge_drop_the_media_it_has(
    own_valkey, life_of_edge, gallery, path_of, monkeypatch
):
    monkeypatch.setattr(consumers, "AWAY_S", 0.01)
    gone = path_of(b"gone")
    gallery.pictures = {gone: b"gone"}
    with own_valkey() as broker:
        async with life_of_edge(broker.url) as client:
            await status_of(client, gone)
            gallery.pictures.clear()
            broker.kill()
            broker.start()
            await until_gone(client, gone)


async def test_without_a_broker_the_edge_serves_on(own_valkey, life_of_edge, gallery, path_of):
    path = path_of(b"a picture")
    gallery.pictures = {path: b"a picture"}
    with own_valkey() as broker:
        async with life_of_edge(broker.url) as client:
            await status_of(client, path)
            broker.kill()
            assert await status_of(client, path) == (200, "hit")
        async with life_of_edge(broker.url) as client:
            assert await status_of(client, path) == (200, "hit")
            async with client.get("/readyz") as answer:
                assert answer.status == 200
        broker.start()


async def test_an_edge_needs_a_folder():
    with pytest.raises(SettingsError, match="FEEDTWIN_CACHE_FOLDER"):
        async with assemble(Settings(broker="redis://localhost:1")):
            pass
