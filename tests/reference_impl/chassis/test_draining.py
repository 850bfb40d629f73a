import asyncio
import os
import signal
import socket
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from reference_impl.chassis.apps import service_app
from reference_impl.chassis.clients import ServiceClient
from reference_impl.chassis.serve import serving
from reference_impl.chassis.settings import Settings, SettingsError

ROOT = Path(__file__).parents[3]
SERVICE = """
import asyncio, contextlib
from aiohttp import web
from reference_impl.chassis.apps import service_app
from reference_impl.chassis.serve import serve

async def work(request):
    body = await request.json()
    await asyncio.sleep(0.005)
    return web.json_response(body)

@contextlib.asynccontextmanager
async def assemble(settings):
    yield service_app("user", settings, [web.post("/work", work)])

serve(assemble)
"""


class Held:
    """A handler that is under way until it is let go."""

    def __init__(self):
        self.was_asked = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def answer(self, _):
        self.was_asked.set()
        await self.may_answer.wait()
        return web.Response(text="done")


async def hello(_):
    return web.Response(text="hello")


@pytest.fixture
async def service(tmp_path):
    """Serve on a unix socket beside the test, until it leaves the block."""

    @asynccontextmanager
    async def serve(held=None, **settings):
        stopping = asyncio.Event()
        given = Settings(listen=f"unix:{tmp_path}/s", **settings)
        routes = [web.get("/hello", hello), web.get("/held", held.answer if held else hello)]
        app = service_app("user", given, routes, is_at_edge=True)
        async with serving(app, given, stopping=stopping):
            yield stopping

    return serve


@pytest.fixture
async def browse(tmp_path):
    """Open a client that keeps its connections."""
    sessions = []

    def open_session(socket="s"):
        connector = aiohttp.UnixConnector(str(tmp_path / socket))
        session = aiohttp.ClientSession("http://localhost", connector=connector)
        sessions.append(session)
        return session

    yield open_session
    for session in sessions:
        await session.close()


async def status_of(session, path):
    async with session.get(path) as answer:
        return answer.status, await answer.text(), answer.headers.get("Connection", "")


async def test_from_the_stop_on_it_is_not_ready_but_answers(service, browse):
    async with service() as stopping:
        session = browse()
        assert (await status_of(session, "/readyz"))[0] == 200
        stopping.set()
        status, body, _ = await status_of(session, "/readyz")
        assert (status, "draining" in body) == (503, True)
        assert (await status_of(session, "/livez"))[0] == 200
        assert (await status_of(session, "/hello"))[:2] == (200, "hello")


async def test_from_the_stop_on_each_answer_is_the_last_of_its_connection(service, browse):
    async with service() as stopping:
        session = browse()
        assert (await status_of(session, "/hello"))[2] == ""
        stopping.set()
        assert (await status_of(session, "/hello"))[2] == "close"


async def test_the_listener_stays_open_for_as_long_as_the_notice_says(service, browse):
    async def run():
        async with service(drain_notice_s=0.2) as stopping:
            running.set()
            await stopped.wait()
            stopping.set()

    running, stopped = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(run())
    await running.wait()
    stopped.set()
    await asyncio.sleep(0.05)
    assert (await status_of(browse(), "/hello"))[0] == 200
    await asyncio.sleep(0.2)
    with pytest.raises(aiohttp.ClientConnectorError):
        await status_of(browse(), "/hello")
    await task


async def test_a_request_under_way_is_answered_while_new_ones_find_nobody(service, browse):
    async def run():
        async with service(held) as stopping:
            await held.was_asked.wait()
            stopping.set()

    held = Held()
    task = asyncio.create_task(run())
    await asyncio.sleep(0.05)
    asking = asyncio.create_task(status_of(browse(), "/held"))
    await held.was_asked.wait()
    await asyncio.sleep(0.05)
    with pytest.raises(aiohttp.ClientConnectorError):
        await status_of(browse(), "/hello")
    await asyncio.sleep(0.5)  # longer than idle connections have
    held.may_answer.set()
    assert (await asking)[:2] == (200, "done")
    await task


async def test_an_idle_connection_may_ask_once_more(service, browse):
    async def run():
        async with service() as stopping:
            running.set()
            await stopped.wait()
            stopping.set()

    running, stopped = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(run())
    await running.wait()
    session = browse()
    await status_of(session, "/hello")
    stopped.set()
    await asyncio.sleep(0.05)
    assert (await status_of(session, "/hello"))[:2] == (200, "hello")
    with pytest.raises(aiohttp.ClientConnectorError):
        await status_of(session, "/hello")
    await task


async def test_operators_are_served_apart_from_the_public(service, browse, tmp_path):
    async with service(internal_listen=f"unix:{tmp_path}/internal") as stopping:
        public, inside = browse(), browse("internal")
        assert [(await status_of(its, "/metrics"))[0] for its in (public, inside)] == [404, 200]
        assert [(await status_of(its, "/readyz"))[0] for its in (public, inside)] == [200, 200]
        stopping.set()
        assert [(await status_of(its, "/readyz"))[0] for its in (public, inside)] == [503, 503]


async def test_neighbours_are_served_as_the_public_is(service, browse, tmp_path):
    async with service(neighbours_listen=f"unix:{tmp_path}/neighbours") as stopping:
        neighbour = browse("neighbours")
        assert (await status_of(neighbour, "/hello"))[:2] == (200, "hello")
        assert (await status_of(neighbour, "/readyz"))[0] == 200
        assert (await status_of(neighbour, "/metrics"))[0] == 404
        stopping.set()
        assert (await status_of(neighbour, "/readyz"))[0] == 503
        assert (await status_of(neighbour, "/hello"))[2] == "close"
    assert not (tmp_path / "neighbours").exists()


async def test_what_neighbours_have_under_way_is_answered_too(service, browse, tmp_path):
    async def run():
        async with service(held, neighbours_listen=f"unix:{tmp_path}/neighbours") as stopping:
            running.set()
            await held.was_asked.wait()
            stopping.set()

    held, running = Held(), asyncio.Event()
    task = asyncio.create_task(run())
    await running.wait()
    asking = asyncio.create_task(status_of(browse("neighbours"), "/held"))
    await held.was_asked.wait()
    await asyncio.sleep(0.5)  # longer than idle connections have
    with pytest.raises(aiohttp.ClientConnectorError):
        await status_of(browse("neighbours"), "/hello")
    held.may_answer.set()
    assert (await asking)[:2] == (200, "done")
    await task


async def test_an_address_for_neighbours_that_is_none_is_refused_by_its_name(service):
    with pytest.raises(SettingsError, match="FEEDTWIN_NEIGHBOURS_LISTEN: unix:/path or tcp"):
        async with service(neighbours_listen="somewhere"):
            pass


async def test_an_internal_address_that_is_none_is_refused_by_its_name(service):
    with pytest.raises(SettingsError, match="FEEDTWIN_INTERNAL_LISTEN: unix:/path or tcp"):
        async with service(internal_listen="somewhere"):
            pass


async def test_a_process_that_stops_leaves_the_socket_of_the_next_alone(service, browse, tmp_path):
    async with service():
        (tmp_path / "s").unlink()
        next_one = service()
        await next_one.__aenter__()
    assert (await status_of(browse(), "/hello"))[0] == 200
    await next_one.__aexit__(None, None, None)
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize("kind", ["unix", "tcp"])
async def test_whoever_has_just_connected_is_answered(tmp_path, kind):
    """Connections that the kernel has made, of which the event loop does not yet know."""
    listen = f"unix:{tmp_path}/s" if kind == "unix" else "tcp:127.0.0.1:0"
    app = service_app("user", Settings(), [web.get("/hello", hello)])
    async with serving(app, Settings(listen=listen), stopping=asyncio.Event()) as address:
        family = socket.AF_UNIX if kind == "unix" else socket.AF_INET
        place = f"{tmp_path}/s" if kind == "unix" else ("127.0.0.1", int(address.split(":")[2]))
        guests = [socket.socket(family) for _ in range(8)]
        for guest in guests:
            guest.connect(place)
            guest.send(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
    for guest in guests:
        with guest:
            assert guest.recv(4096).startswith(b"HTTP/1.1 200 OK")


class Instances:
    """Two processes of a service."""

    def __init__(self, listens):
        self._listens = listens
        self._processes = []

    async def start(self):
        for number in range(len(self._listens)):
            self._processes.append(await self._started(number))

    async def restart(self, number):
        self._processes[number].send_signal(signal.SIGTERM)
        assert await self._processes[number].wait() == 0
        self._processes[number] = await self._started(number)

    async def kill(self):
        for process in self._processes:
            process.kill()
            await process.wait()

    async def _started(self, number):
        environ = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "FEEDTWIN_LISTEN": self._listens[number],
            "FEEDTWIN_SECRET": "of_the_tests_and_long_enough_too",
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", SERVICE, env=environ, stderr=asyncio.subprocess.PIPE
        )
        assert process.stderr is not None
        assert b"serving on" in await process.stderr.readline()
        return process


@pytest.fixture
async def instances(tmp_path):
    running = Instances([f"unix:{tmp_path}/{number}" for number in range(2)])
    await running.start()
    yield running
    await running.kill()


async def test_instances_are_restarted_under_load_and_no_request_fails(instances, tmp_path):
    done = asyncio.Event()
    answers: list[Any] = []

    async def load(client, number):
        while not done.is_set():
            answers.append(await client.post_json("/work", [number, len(answers)]))

    async with (
        ServiceClient([f"unix:{tmp_path}/{number}" for number in range(2)], name="user") as client,
        asyncio.TaskGroup() as loads,  # a request that fails ends the test
    ):
        for number in range(16):
            loads.create_task(load(client, number))
        for number in (0, 1, 0):
            await asyncio.sleep(0.2)
            await instances.restart(number)
        done.set()
    assert len(answers) > 100
