"""From whose address a request counts: by its connection, or as our own front door says."""

import asyncio

import aiohttp
import pytest

from model.rules.rate_limits import REGISTER
from reference_impl.chassis.serve import serving
from reference_impl.chassis.settings import Settings
from reference_impl.gateway.app import create_app

ALLOWED = REGISTER[0].amount


@pytest.fixture
async def reached(services, sessions, counters, records, sockets):
    """Clients of one gateway: over TCP, and over its neighbours' socket."""
    settings = Settings(secret="not one", neighbours_listen=f"unix:{sockets}/neighbours")
    app = create_app(settings, sessions, services, counters=counters, records=records)
    async with serving(app, settings, stopping=asyncio.Event()) as address:
        public = aiohttp.ClientSession("http://" + address.removeprefix("tcp:"))
        connector = aiohttp.UnixConnector(f"{sockets}/neighbours")
        neighbour = aiohttp.ClientSession("http://localhost", connector=connector)
        async with public, neighbour:
            yield {"public": public, "neighbour": neighbour}


async def register(client, address, **headers):
    told = {"X-Client-Address": address, **headers} if address else headers
    async with client.post("/register", data=b"form", headers=told) as answer:
        return answer.status


async def test_whom_the_door_names_is_limited_and_nobody_else(reached):
    neighbour = reached["neighbour"]
    statuses = [await register(neighbour, "192.0.2.1") for _ in range(ALLOWED + 1)]
    assert statuses == [201] * ALLOWED + [429]
    assert await register(neighbour, "192.0.2.2") == 201
    assert await register(reached["public"], "") == 201


async def test_over_tcp_nobody_escapes_by_naming_another_address(reached):
    public = reached["public"]
    statuses = [await register(public, f"192.0.2.{number}") for number in range(ALLOWED + 1)]
    assert statuses[-1] == 429
    assert await register(reached["neighbour"], "127.0.0.1") == 429, "it is the same address"


async def test_a_key_belongs_to_the_address_that_the_door_names(reached):
    neighbour = reached["neighbour"]
    key = {"Idempotency-Key": "k"}
    headers = {"X-Client-Address": "192.0.2.1", **key}
    assert await register(neighbour, "192.0.2.1", **key) == 201
    async with neighbour.post("/register", data=b"form", headers=headers) as answer:
        assert answer.headers.get("Idempotent-Replayed") == "true"
    headers["X-Client-Address"] = "192.0.2.2"
    async with neighbour.post("/register", data=b"form", headers=headers) as answer:
        assert "Idempotent-Replayed" not in answer.headers


async def test_the_services_are_not_told_the_address(reached, service_of):
    headers = {"X-Client-Address": "192.0.2.1"}
    async with reached["neighbour"].post("/login", data=b"{}", headers=headers) as answer:
        assert "x-client-address" not in (await answer.json())["headers"]
