"""The door and two gateways as processes, of which one is taken away under steady traffic."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path

import aiohttp
import pytest

ROOT = Path(__file__).parents[3]
SERVICE = """
import asyncio, contextlib
from aiohttp import web
from reference_impl.chassis.apps import service_app
from reference_impl.chassis.serve import serve

async def work(request):
    body = await request.read()
    await asyncio.sleep(0.005)
    return web.Response(body=body or b"x" * 10_000)

@contextlib.asynccontextmanager
async def assemble(settings):
    routes = [web.get("/search", work), web.post("/login", work)]
    yield service_app("gateway", settings, routes, is_at_edge=True)

serve(assemble)
"""
GATEWAYS = ("gateway-1", "gateway-2")


class Processes:
    """The door, and behind it two gateways on unix sockets."""

    def __init__(self, folder):
        self._folder = folder
        self._running = {}
        self.address = ""

    async def start(self):
        for name in GATEWAYS:
            await self.start_gateway(name)
        await self.start_door()

    async def start_door(self):
        entries = [
            {"url": f"unix:{self._folder}/{name}", "zone": f"zone-{number}"}
            for number, name in enumerate(GATEWAYS, 1)
        ]
        (self._folder / "book").write_text(json.dumps({"gateway": entries}))
        told = await self._start(
            "door",
            ["-m", "reference_impl.frontdoor"],
            LISTEN="tcp:127.0.0.1:0",
            PORT_FILE=f"{self._folder}/port",
            INTERNAL_LISTEN=f"unix:{self._folder}/inside",
            ADDRESSES=f"{self._folder}/book",
            ZONE_REGIONS="zone-1=eu-west zone-2=us-east",
            CLIENT_REGION="eu-west",
        )
        self.address = told.rpartition(":")[2]

    async def start_gateway(self, name):
        await self._start(name, ["-c", SERVICE], LISTEN=f"unix:{self._folder}/{name}")

    async def end(self, name, number):
        process = self._running.pop(name)
        process.send_signal(number)
        return await process.wait()

    async def end_all(self):
        for name in list(self._running):
            await self.end(name, signal.SIGKILL)

    async def _start(self, name, arguments, **settings):
        told = {f"FEEDTWIN_{key}": value for key, value in settings.items()}
        environ = {
            **os.environ,
            **told,
            "PYTHONPATH": str(ROOT),
            "FEEDTWIN_SECRET": "of_the_tests_and_long_enough_too",
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, env=environ, stderr=asyncio.subprocess.PIPE
        )
        self._running[name] = process
        assert process.stderr is not None
        line = json.loads(await process.stderr.readline())
        assert line["message"].startswith("serving on"), line
        return line["message"]


@pytest.fixture
async def none_yet(sockets):
    running = Processes(sockets)
    yield running
    await running.end_all()


@pytest.fixture
async def processes(none_yet):
    await none_yet.start()
    return none_yet


class Traffic:
    """Clients that ask again as soon as they are answered, and what they were answered."""

    def __init__(self, session):
        self._session = session
        self._done = asyncio.Event()
        self.answers: Counter[tuple[str, int]] = Counter()
        self.zones: Counter[str] = Counter()
        self._more = asyncio.Condition()

    async def client(self, method, path):
        body = b"y" * 100 if method == "POST" else None
        while not self._done.is_set():
            async with self._session.request(method, path, data=body) as answer:
                content = await answer.read()
            if answer.status == 200:
                assert len(content) == (100 if body else 10_000)
            async with self._more:
                self.answers[method, answer.status] += 1
                self.zones[answer.headers.get("Served-By", "")] += 1
                self._more.notify_all()

    async def more(self, count, zone=None):
        """Return when so many more were answered, or so many from this zone."""

        def answered():
            return self.zones[zone] if zone else self.zones.total()

        until = answered() + count
        async with asyncio.timeout(20), self._more:
            await self._more.wait_for(lambda: answered() >= until)

    def end(self):
        self._done.set()


async def under_traffic(processes, disturb):
    """Return what clients were answered while the processes were disturbed."""
    async with (
        aiohttp.ClientSession(f"http://127.0.0.1:{processes.address}") as session,
        asyncio.TaskGroup() as group,  # a request that is cut off ends the test
    ):
        traffic = Traffic(session)
        for _ in range(6):
            group.create_task(traffic.client("GET", "/search"))
        for _ in range(2):
            group.create_task(traffic.client("POST", "/login"))
        await traffic.more(50, "zone-1")
        await disturb(traffic)
        traffic.end()
    return traffic.answers


async def test_one_gateway_is_drained_and_comes_back_and_no_request_fails(processes):
    async def drain(traffic):
        assert await processes.end("gateway-1", signal.SIGTERM) == 0
        await traffic.more(50, "zone-2")
        await processes.start_gateway("gateway-1")
        await traffic.more(50, "zone-1")

    answers = await under_traffic(processes, drain)
    assert {status for _, status in answers} == {200}


async def test_one_gateway_is_killed_and_whoever_reads_is_answered(processes):
    async def kill(traffic):
        for _ in range(2):
            await processes.end("gateway-1", signal.SIGKILL)
            await traffic.more(50, "zone-2")
            await processes.start_gateway("gateway-1")
            await traffic.more(50, "zone-1")

    answers = await under_traffic(processes, kill)
    assert {status for method, status in answers if method == "GET"} == {200}
    assert {status for method, status in answers if method == "POST"} <= {200, 502}
    assert answers["POST", 502] <= 4, "each of two had one request under way each time"


async def test_a_door_without_anybody_behind_it_runs_and_says_so(none_yet, sockets):
    await none_yet.start_door()
    assert (sockets / "port").read_text() == none_yet.address
    connector = aiohttp.UnixConnector(f"{sockets}/inside")
    async with aiohttp.ClientSession("http://localhost", connector=connector) as operator:
        text = await (await operator.get("/metrics")).text()
        assert 'feedtwin_ready_instances{box="gateway"} 0.0' in text
        assert (await operator.get("/livez")).status == 200
        assert (await operator.get("/readyz")).status == 503
    assert await none_yet.end("door", signal.SIGTERM) == 0
