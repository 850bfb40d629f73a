"""The process: killed at the worst moment, started on nothing, asked over HTTP."""

import asyncio
import os
import shutil
import sys

import aiohttp
import pytest

from model.rules.search import rebuild_id
from reference_impl.chassis.callers import USER_ID
from reference_impl.chassis.events import ANNOUNCEMENTS, USER_EVENTS
from reference_impl.chassis.keyvalue import valkey
from reference_impl.chassis.settings import Settings, SettingsError
from reference_impl.search.app import assemble

PATIENCE_S = 30.0


class Processes:
    """One shard as a process, again and again on the same folder."""

    def __init__(self, folder, sockets, broker_url):
        self.index = folder / "index"
        self._socket = sockets / "search"
        self._sockets = sockets
        self._broker_url = broker_url
        self._process: asyncio.subprocess.Process | None = None
        connector = aiohttp.UnixConnector(str(self._socket))
        self.client = aiohttp.ClientSession("http://localhost", connector=connector)

    async def start(self, *, broker_url=None):
        settings = Settings(
            listen=f"unix:{self._socket}",
            search_urls=(f"unix:{self._socket}",),
            search_index=str(self.index),
            follow_urls=(f"unix:{self._sockets / 'follow'}",),
            broker=broker_url or self._broker_url,
            secret="s" * 32,
        )
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "reference_impl.search",
            env={**os.environ, **settings.to_environment()},
        )
        await self.until(lambda status: status is not None)

    async def status(self):
        try:
            async with self.client.get("/internal/index") as answer:
                return await answer.json()
        except aiohttp.ClientConnectionError:
            return None

    async def until(self, holds):
        async with asyncio.timeout(PATIENCE_S):
            while not holds(status := await self.status()):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.02)
        return status

    async def kill(self):
        assert self._process
        self._process.kill()
        await self._process.wait()

    async def end(self):
        await self.client.close()
        if self._process is not None and self._process.returncode is None:
            await self.kill()


@pytest.fixture
def broker_server(own_valkey):
    with own_valkey() as server:
        yield server


@pytest.fixture
async def broker(broker_server):
    async with valkey(broker_server.url) as client:
        yield client


@pytest.fixture
async def processes(tmp_path, sockets, broker_server):
    processes = Processes(tmp_path, sockets, broker_server.url)
    yield processes
    await processes.end()


async def publish(broker, stream, *events):
    async with broker.pipeline(transaction=False) as publishing:
        for event in events:
            publishing.xadd(stream, event.to_fields())
        await publishing.execute()


async def test_killed_between_commit_and_acknowledgement_nothing_is_lost_or_double(
    processes, broker_server, broker, gate, say
):
    async with gate(broker_server.url) as held:
        held.hold(b"XACK", before=True)
        await processes.start(broker_url=held.url)
        await publish(broker, USER_EVENTS, say.told(1, "Ada"), say.told(2, "Bert"))
        async with asyncio.timeout(PATIENCE_S):
            await held.reached.wait()
        assert (await processes.status())["users"] > 0, "it was committed"
        await processes.kill()
        [group] = await broker.xinfo_groups(USER_EVENTS)
        assert group["pending"] > 0, "and not acknowledged"
    await publish(broker, USER_EVENTS, say.told(1, "Eve", version=2))
    await processes.start()
    await processes.until(lambda status: status["users"] == 2)
    async with asyncio.timeout(PATIENCE_S):
        while await _left(broker):  # noqa: ASYNC110 - the broker has no event for it
            await asyncio.sleep(0.02)
    hits = await _hits(processes, "user")
    assert sorted(hit["first_name"] for hit in hits) == ["Bert", "Eve"]


async def _left(broker):
    [group] = await broker.xinfo_groups(USER_EVENTS)
    return group["pending"] or group["lag"] or group["lag"] is None


async def _hits(processes, text):
    params = {"q": text, "limit": "10"}
    async with processes.client.get("/internal/search", params=params) as answer:
        return [hit["user"] for hit in (await answer.json())["hits"]]


async def test_killed_at_any_moment_of_a_rebuild_it_goes_on(processes, broker, say):
    await processes.start()
    users = range(1, 1_001)
    for first in (1, 501):
        announced = [say.announced("r1", user_id, "Ada") for user_id in range(first, first + 500)]
        await publish(broker, ANNOUNCEMENTS, *announced)
        await processes.kill()
        await processes.start()
    await publish(broker, ANNOUNCEMENTS, say.all_announced("r1"))
    status = await processes.until(lambda status: status["complete"])
    assert (status["users"], status["rebuild"]) == (len(users), "r1")


async def test_a_wiped_folder_is_begun_anew_and_breaks_nothing(processes, broker, say):
    await processes.start()
    await publish(broker, USER_EVENTS, say.told(1, "Ada"))
    old, new = rebuild_id(5, "a"), rebuild_id(2_000_000_000_000, "a")  # than each opening
    await publish(broker, ANNOUNCEMENTS, say.announced(old, 1, "Ada"), say.all_announced(old))
    await processes.until(lambda status: status["complete"] and status["users"] == 1)
    await processes.kill()
    shutil.rmtree(processes.index)

    await processes.start()
    status = await processes.status()
    assert (status["complete"], status["users"]) == (False, 0)
    async with processes.client.get("/readyz") as ready:
        assert ready.status == 200
    params, reader = {"q": "ada"}, {USER_ID: "9"}
    async with processes.client.get("/search", params=params, headers=reader) as answer:
        assert await answer.json() == {"users": [], "next": None, "complete": False}

    await publish(broker, ANNOUNCEMENTS, say.announced(new, 1, "Ada"), say.all_announced(new))
    status = await processes.until(lambda status: status["complete"])
    assert status["users"] == 1


@pytest.mark.parametrize(
    ("its", "names"),
    [
        ({"search_urls": ("unix:/x",)}, "SEARCH_INDEX"),
        ({"search_urls": ("unix:/x",), "search_index": "/x", "search_shard": 2}, "SEARCH_SHARD"),
        ({"search_index": "/x"}, "SEARCH_SHARD"),
    ],
)
async def test_settings_that_do_not_say_which_index_it_is_are_refused(its, names):
    with pytest.raises(SettingsError, match=names):
        async with assemble(Settings(**its)):
            pass
