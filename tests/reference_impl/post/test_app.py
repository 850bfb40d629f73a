"""The post service as it is wired: real stores, and neighbours over HTTP."""

import asyncio
import time
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from aiohttp import FormData, web

from model.rules.influencers import Delivery
from model.rules.policy import FeedPolicy, Strategy
from reference_impl.chassis.consumers import Subscription
from reference_impl.chassis.events import Event
from reference_impl.chassis.keyvalue import valkey
from reference_impl.post.app import OWN_S, assemble
from reference_impl.post.author_index import PostgresAuthorIndex

SEEN_WITHIN_S = 10.0


class Neighbours:
    """All other services at one address; what they are asked is in `asked`."""

    def __init__(self):
        self.asked = []
        self.timeline_s = 0.0
        self.hidden = []
        self.app = web.Application()
        self.app.add_routes(
            [
                web.put("/internal/objects", self._media),
                web.get(r"/internal/users/{id:\d+}", self._profile),
                web.get(r"/internal/users/{id:\d+}/hidden", self._hidden),
                web.get(r"/internal/users/{id:\d+}/follower-count", self._count),
                web.post(r"/internal/users/{id:\d+}/own", self._own),
                web.post(r"/internal/users/{id:\d+}/look-for-own", self._look),
            ]
        )

    async def _media(self, request):
        self.asked.append((request.path_qs, request.content_type))
        if request.content_type == "image/png":
            return web.json_response({"url": "/media/0.png", "width": 4, "height": 3}, status=201)
        return web.json_response({"url": "/media/0.mp4"}, status=201)

    async def _profile(self, request):
        if request.match_info["id"] == "404":
            raise web.HTTPNotFound
        return web.json_response({"user_id": request.match_info["id"]})

    async def _hidden(self, request):
        self.asked.append((request.path_qs, None))
        return web.json_response({"ids": self.hidden})

    async def _count(self, request):
        return web.json_response({"count": 3})

    async def _look(self, request):
        self.asked.append((request.path_qs, None))
        return web.json_response({})

    async def _own(self, request):
        self.asked.append((request.path_qs, await request.json()))
        await asyncio.sleep(self.timeline_s)
        return web.json_response({"delivered": 1})


@pytest.fixture
def neighbours():
    return Neighbours()


@pytest.fixture
async def settings(engines, aiohttp_server, neighbours):
    """Every neighbour is there; the broker's fourth database is for these tests only."""
    server = await aiohttp_server(neighbours.app)
    urls = (str(server.make_url("")),)
    return replace(
        engines.settings,
        instance="post-of-the-tests",
        broker=f"{engines.broker}{'&' if '?' in engines.broker else '?'}db=3",
        user_urls=urls,
        follow_urls=urls,
        media_urls=urls,
        timeline_urls=urls,
        policy=FeedPolicy(strategy=Strategy.PULL).to_json(),
        database_connections=2,
    )


@pytest.fixture
async def client(settings, aiohttp_client, monkeypatch):
    briefly = partial(Subscription, block_s=0.05)  # so that each test ends soon
    monkeypatch.setattr("reference_impl.post.app.Subscription", briefly)
    async with assemble(settings) as app:
        yield await aiohttp_client(app)


async def post(client, user_id, **fields):
    data = FormData(default_to_multipart=True)
    for name, value in fields.items():
        as_file = {"filename": name} if isinstance(value, bytes) else {}
        data.add_field(name, value, **as_file)
    headers = {"X-User-Id": str(user_id)}
    answer = await client.post(f"/user/{user_id}/post", data=data, headers=headers)
    assert answer.status == 201, await answer.text()
    return (await answer.json())["post"]


async def read(client, made, *, viewer_id):
    headers = {"X-User-Id": str(viewer_id)}
    answer = await client.get(f"/post/{made['post_id']}", headers=headers)
    return answer.status


async def test_a_post_is_shown_to_its_author_through_the_timeline_service(
    client, neighbours, new_id
):
    author = new_id()
    made = await post(client, author, text="words")
    own = f"/internal/users/{author}/own"
    assert neighbours.asked == [(own, {"post_id": made["post_id"]})]


async def test_a_slow_timeline_service_is_not_waited_for(client, neighbours, new_id):
    neighbours.timeline_s = 30 * OWN_S
    author = new_id()
    async with asyncio.timeout(10 * OWN_S):
        made = await post(client, author, text="words")
    assert (f"/internal/users/{author}/look-for-own", None) in neighbours.asked
    assert await read(client, made, viewer_id=new_id()) == 200


async def test_a_medium_goes_to_the_media_service_with_its_type(client, neighbours, new_id):
    made = await post(client, new_id(), video=b"\0\0\0\x10ftypmp42\0\0\0\0")
    assert ("/internal/objects", "video/mp4") in neighbours.asked
    assert made["video_url"] == "/media/0.mp4"


async def test_the_policy_of_the_settings_is_followed(client, post_database, new_id):
    author = new_id()
    await post(client, author, text="words")
    index = PostgresAuthorIndex(post_database)
    assert await index.newest_delivery(author) is Delivery.MERGE


async def test_blocks_are_asked_of_the_follow_service(client, neighbours, new_id):
    author, viewer = new_id(), new_id()
    made = await post(client, author, text="words")
    assert await read(client, made, viewer_id=viewer) == 200
    assert (f"/internal/users/{viewer}/hidden?ids={author}", None) in neighbours.asked
    neighbours.hidden = [str(author)]
    assert await read(client, made, viewer_id=viewer) == 404


async def test_the_posts_of_one_whom_the_user_service_does_not_know_are_gone(client, new_id):
    made = await post(client, 404, text="words")
    assert await read(client, made, viewer_id=new_id()) == 404


async def eventually(look, expected):
    deadline_s = time.monotonic() + SEEN_WITHIN_S
    while (seen := await look()) != expected:
        assert time.monotonic() < deadline_s, f"sees {seen}, not {expected}"
        await asyncio.sleep(0.02)


async def publish(settings, stream, kind, **body):
    event = Event(event_id=f"user_db-1:{kind}:{body}", kind=kind, at_s=0.0, body=body)
    async with valkey(settings.broker) as broker:
        fields: dict[Any, Any] = {**event.to_fields()}
        await broker.xadd(stream, fields)


async def test_with_a_user_go_the_posts(client, settings, new_id):
    author, viewer = new_id(), new_id()
    made = await post(client, author, text="words")
    await publish(settings, "events:user", "user.deleted", user_id=str(author))
    await eventually(lambda: read(client, made, viewer_id=viewer), 404)


async def test_the_entry_of_a_deleted_post_is_removed(client, settings, post_database, new_id):
    author = new_id()
    made = await post(client, author, text="words")
    index = PostgresAuthorIndex(post_database)
    body = {"post_id": made["post_id"], "user_id": str(author), "delivery": "merge"}
    await publish(settings, "events:post", "post.deleted", **body)
    await eventually(lambda: index.newest([author], before=None, limit=1), [])


async def test_what_becomes_of_an_image_is_shown_with_the_post(client, settings, new_id):
    author, png = new_id(), b"\x89PNG\r\n\x1a\n"
    made = await post(client, author, image=png)
    assert made["image"] == {"status": "pending", "width": 4, "height": 3, "renditions": []}
    said = {"width": 4, "height": 3, "renditions": [], "original_url": made["image_url"]}
    body = {"post_id": made["post_id"], "url": made["image_url"], **said}
    await publish(settings, "events:media", "media.developed", **body)

    async def status():
        answer = await client.get(f"/post/{made['post_id']}", headers={"X-User-Id": str(author)})
        return (await answer.json())["post"]["image"]["status"]

    await eventually(status, "ready")


async def test_the_service_is_ready_when_its_stores_are(client):
    assert (await client.get("/readyz")).status == 200
