"""The door before a real gateway: what the one says of a client, the other goes by."""

import asyncio
import gzip
from contextlib import AsyncExitStack

import aiohttp
import pytest
from aiohttp import web

from model.rules.rate_limits import REGISTER
from reference_impl.chassis.clients import ServiceClient
from reference_impl.chassis.forms import FORM_BYTES_MAX
from reference_impl.chassis.serve import serving
from reference_impl.chassis.sessions import MemorySessions
from reference_impl.chassis.settings import Settings
from reference_impl.gateway.app import create_app
from reference_impl.gateway.counters import MemoryCounters
from reference_impl.gateway.records import MemoryRecords
from reference_impl.gateway.routes import PUBLIC_ROUTES

ALLOWED = REGISTER[0].amount


async def register(request):
    return web.json_response({"bytes": len(await request.read())}, status=201)


@pytest.fixture
async def clients(town, sockets, serving_on):
    """Open clients of the door, each from an address of its own."""
    services = web.Application(client_max_size=FORM_BYTES_MAX)
    services.add_routes([web.post("/register", register)])
    settings = Settings(
        listen=f"unix:{sockets}/public",
        neighbours_listen=f"unix:{sockets}/gateway-1",
        secret="not one",
    )
    async with AsyncExitStack() as opened:
        await opened.enter_async_context(serving_on(sockets / "services", services))
        asked = ServiceClient([f"unix:{sockets}/services"], name="user")
        await opened.enter_async_context(asked)
        app = create_app(
            settings,
            MemorySessions(),
            dict.fromkeys({route.service for route in PUBLIC_ROUTES}, asked),
            counters=MemoryCounters(),
            records=MemoryRecords(),
        )
        town.name("gateway-1")
        await opened.enter_async_context(serving(app, settings, stopping=asyncio.Event()))
        await town.open_door(listen="tcp:0.0.0.0:0")
        port = town.address.rpartition(":")[2]

        async def client(address):
            connector = aiohttp.TCPConnector(local_addr=(address, 0))
            session = aiohttp.ClientSession(f"http://127.0.0.1:{port}", connector=connector)
            return await opened.enter_async_context(session)

        yield client


async def test_limits_by_address_are_the_client_s_own(clients):
    one, other = await clients("127.0.0.1"), await clients("127.0.0.2")
    said = {"X-Client-Address": "192.0.2.1"}
    statuses = []
    for _ in range(ALLOWED + 1):
        async with one.post("/register", data=b"form", headers=said) as answer:
            statuses.append(answer.status)
    assert statuses == [201] * ALLOWED + [429]
    async with other.post("/register", data=b"form") as answer:
        assert answer.status == 201


async def test_the_largest_form_goes_through_and_a_larger_one_is_refused(clients):
    client = await clients("127.0.0.1")
    async with client.post("/register", data=bytes(FORM_BYTES_MAX)) as answer:
        assert (answer.status, await answer.json()) == (201, {"bytes": FORM_BYTES_MAX})
    async with client.post("/register", data=bytes(FORM_BYTES_MAX + 1)) as answer:
        assert answer.status == 413
        assert f"{FORM_BYTES_MAX} bytes" in await answer.text()


async def test_a_body_encoded_twice_harms_nobody_who_comes_after_it(clients, town):
    body = gzip.compress(b"a")
    head = (
        b"POST /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        b"Content-Encoding: identity\r\nContent-Encoding: gzip\r\nContent-Length: 70000\r\n\r\n"
    )
    padded = body + bytes(70_000 - len(body))
    client = await clients("127.0.0.1")
    async with client.post("/register", data=b"form") as answer:  # of whose connection it has use
        assert answer.status == 201
    refused = await town.ask(head + padded)
    async with asyncio.timeout(5), client.post("/register", data=b"form") as answer:
        assert answer.status == 201
    assert refused.startswith(b"HTTP/1.1 400 ")
    assert b"Content-Encoding" in refused
