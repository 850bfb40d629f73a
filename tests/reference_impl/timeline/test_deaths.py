"""The worker as a process of its own, killed without warning while posts come in."""

import asyncio
import os
import sys
from dataclasses import replace

import pytest
from aiohttp import web

from reference_impl.chassis.events import POST_EVENTS, Event
from reference_impl.chassis.keyvalue import valkey
from reference_impl.timeline.fanout import DONE
from reference_impl.timeline.store import ValkeyTimelineStore

POSTS = 200
KILLS = 4
PATIENCE_S = 60.0


def posted(post, author):
    body = {"post_id": str(post), "user_id": str(author), "delivery": "push"}
    return Event(event_id=f"post_db-1:{post}", kind="post.created", at_s=0.0, body=body)


@pytest.fixture
async def follows_url(aiohttp_server, new_id):
    """A follow service that gives every author the same forty followers."""
    followers = sorted(new_id() for _ in range(40))

    async def answer(request):
        after = int(request.query["after"])
        return web.json_response({"ids": [str(user) for user in followers if user > after]})

    app = web.Application()
    app.router.add_get("/internal/users/{id}/followers", answer)
    server = await aiohttp_server(app)
    return f"http://{server.host}:{server.port}", followers


async def started(settings):
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "reference_impl.timeline.fanout",
        env={**os.environ, **settings.to_environment()},
    )


async def records(broker):
    """Yield the posts that workers have recorded as delivered, and will."""
    after = "0"
    while True:
        streams = await broker.xread({DONE: after}, block=200)
        for entry_id, fields in streams[DONE.encode()][0] if streams else []:
            after = entry_id
            yield int(fields[b"post"])


async def deliver_dying(settings, broker, posts):
    """Run a worker until all is delivered, killing it at every milestone; return its exit code."""
    missing, milestones = set(posts), [POSTS * kill // (KILLS + 1) for kill in range(1, KILLS + 1)]
    worker = await started(settings)
    try:
        async for post in records(broker):
            missing.discard(post)
            if milestones and len(missing) <= milestones[-1]:
                milestones.pop()
                worker.kill()
                await worker.wait()
                worker = await started(settings)
            if not missing:
                break
    finally:
        if worker.returncode is None:
            worker.terminate()
    assert not milestones
    return await worker.wait()


@pytest.mark.verify
async def test_a_worker_killed_again_and_again_loses_and_doubles_nothing(
    engines, servers, new_id, follows_url
):
    url, followers = follows_url
    settings = replace(engines.settings, instance="fanout-1", follow_urls=(url,))
    author, posts = new_id(), [new_id() for _ in range(POSTS)]
    async with valkey(settings.broker) as broker, asyncio.timeout(PATIENCE_S):
        for post in posts:
            await broker.xadd(POST_EVENTS, posted(post, author).to_fields())
        assert await deliver_dying(settings, broker, posts) == 0
    store = ValkeyTimelineStore(servers, cap=800)
    for user in [author, *followers]:
        timeline = await store.timeline(user, before=None, limit=2 * POSTS)
        assert timeline == sorted(posts, reverse=True)
