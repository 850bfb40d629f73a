"""Worker processes on a broker of their own."""

import asyncio
import os
import sys
from collections import Counter
from dataclasses import replace

import pytest
from aiohttp import web

from model.rules.fanouts import ShardRange, late_streams
from reference_impl.chassis.events import POST_EVENTS
from reference_impl.chassis.keyvalue import valkey
from reference_impl.timeline.fanout.records import DONE
from reference_impl.timeline.fanout.worker import STREAMS
from reference_impl.timeline.lists import Contents, Reading
from reference_impl.timeline.store import Functions, ValkeyLists
from reference_impl.timeline.timelines import timeline_key


class Plant:
    """Worker processes on a broker of their own, and what they are to bring to whom."""

    def __init__(self, settings, broker, servers, count_left):
        self.settings = settings
        self.broker = broker
        self._count_left = count_left
        self._streams = (*STREAMS, *late_streams(len(servers.servers)))
        self._functions = [Functions(server) for server in servers.servers]
        self._table = servers.table
        self._processes = []

    async def start(self, name="fanout-1", **settings):
        """Start a worker; return its process."""
        told = replace(self.settings, instance=name, **settings)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "reference_impl.timeline.fanout",
            env={**os.environ, **told.to_environment()},
        )
        self._processes.append(process)
        return process

    async def end(self):
        for process in self._processes:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def publish(self, *events, stream=POST_EVENTS):
        for event in events:
            await self.broker.xadd(stream, event.to_fields())

    async def left(self):
        """Return how many entries of all streams are unread or in hand."""
        return await self._count_left(self.broker, self._streams)

    async def drained(self, posts):
        """Wait until so many posts have their record, and nothing is left to do."""
        async with asyncio.timeout(60.0):
            while await self.broker.xlen(DONE) < posts or await self.left():  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def records(self):
        """Return how often each post has a record."""
        entries = await self.broker.xrange(DONE)
        return Counter(int(fields[b"post"]) for _, fields in entries)

    async def build(self, users):
        """Let these users have timelines, empty ones."""
        for number, functions in enumerate(self._functions):
            lists = ValkeyLists(functions, cap=800)
            keys = [timeline_key(u) for u in users if self._table.server_of_id(u) == number]
            for at in range(0, len(keys), 500):
                part = keys[at : at + 500]
                await lists.begin(part, "t")
                contents = dict.fromkeys(part, Contents(ids=(), floor=0))
                await lists.finish(contents, "t", idle_s=None)

    def server_of(self, user):
        return self._table.server_of_id(user)

    async def is_built(self, user):
        functions = self._functions[self.server_of(user)]
        reading = Reading(before=None, limit=1, idle_s=None)
        part = await ValkeyLists(functions, cap=800).read_timeline(timeline_key(user), reading)
        return part.build != ""

    async def timelines(self, users):
        """Return the posts that each user's timeline holds, oldest first."""
        found = {}
        for user in users:
            server = self._functions[self._table.server_of_id(user)].server
            members = await server.zrange(timeline_key(user), 0, -1)
            found[user] = [int.from_bytes(member) for member in members]
        return found


@pytest.fixture
def follow_service(aiohttp_server, make_follows):
    """A function that serves the followers of some authors; returns its URL."""

    async def serve(followers_of):
        follows = make_follows(followers_of)

        async def answer(request):
            asked = request.query
            ids = await follows.followers(
                int(request.match_info["id"]),
                after=int(asked["after"]),
                limit=int(asked["limit"]),
                shards=ShardRange.read(asked["shards"]),
            )
            return web.json_response({"ids": [str(user) for user in ids]})

        app = web.Application()
        app.router.add_get("/internal/users/{id}/followers", answer)
        server = await aiohttp_server(app)
        return f"http://{server.host}:{server.port}"

    return serve


@pytest.fixture
async def plant(engines, servers, own_valkey, count_left):
    """Workers of one's own, on timeline servers that are shared."""
    with own_valkey() as server:
        settings = replace(engines.settings, broker=server.url, listen="tcp:127.0.0.1:0")
        async with valkey(server.url) as broker:
            plant = Plant(settings, broker, servers, count_left)
            try:
                yield plant
            finally:
                await plant.end()
