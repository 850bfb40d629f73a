import asyncio
import json

import pytest
from aiohttp import web

from reference_impl.chassis.apps import service_app
from reference_impl.chassis.requests import (
    JSON_BYTES_MAX,
    address_of,
    body_of,
    json_object,
    user_id_of,
)
from reference_impl.chassis.settings import Settings

JSON = {"Content-Type": "application/json"}


async def tell_address(request):
    return web.json_response(address_of(request))


@pytest.fixture
async def client(aiohttp_client):
    async def echo(request):
        return web.json_response(await json_object(request))

    async def length(request):
        return web.json_response(len(await body_of(request, bytes_max=1000)))

    async def mine(request):
        return web.json_response(user_id_of(request))

    routes = [
        web.get("/address", tell_address),
        web.post("/echo", echo),
        web.post("/length", length),
        web.get("/user/{user_id}/mine", mine),
    ]
    return await aiohttp_client(service_app("user", Settings(), routes))


async def test_an_object_in_utf_8_is_read(client):
    answer = await client.post("/echo", data='{"name": "Zoë"}'.encode(), headers=JSON)
    assert await answer.json() == {"name": "Zoë"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"7",
        b"{",
        b"{'a': 1}",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": ' + b"9" * 10_000 + b"}",
        b'{"a": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
        b"[" * 60_000,
        b'{"a": "\xff"}',
        '{"a": 1}'.encode("utf-16"),
        b'\xef\xbb\xbf{"a": 1}',
        b"\x00",
    ],
    ids=lambda body: body[:24],
)
async def test_a_body_that_is_no_json_object_is_a_bad_request(client, body):
    answer = await client.post("/echo", data=body, headers=JSON)
    assert answer.status == 400
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("", 415),
        ("nonsense", 415),
        ("application/json; charset=bogus", 400),
        ("application/json; charset=utf-16", 400),
        ("application/json; charset=UTF-8", 200),
    ],
)
async def test_the_content_type_must_say_json_in_utf_8(client, content_type, status):
    answer = await client.post("/echo", data=b"{}", headers={"Content-Type": content_type})
    assert answer.status == status


async def test_a_json_body_has_a_limit_which_itself_is_allowed(client):
    padding = JSON_BYTES_MAX - len('{"a": ""}')
    for extra, status in ((0, 200), (1, 413)):
        body = json.dumps({"a": "x" * (padding + extra)}).encode()
        assert (await client.post("/echo", data=body, headers=JSON)).status == status


async def test_a_body_of_unknown_length_is_refused_once_it_is_too_long(client):
    async def endless():
        while True:
            yield b"x" * 600

    answer = await client.post("/length", data=endless())
    assert answer.status == 413


async def test_a_compressed_body_is_as_long_as_what_is_in_it(client):
    answer = await client.post("/length", data=b"\0" * 1_000_000, compress="gzip")
    assert answer.status == 413


async def test_a_body_that_does_not_arrive_is_not_waited_for(client, monkeypatch):
    monkeypatch.setattr("reference_impl.chassis.requests.BODY_S", 0.02)

    async def stalled():
        yield b"x"
        await asyncio.sleep(0.5)

    answer = await client.post("/length", data=stalled())
    assert answer.status == 400
    assert "did not arrive" in (await answer.json())["detail"]


@pytest.mark.parametrize(
    ("said", "path_id", "status"),
    [
        ("7", "7", 200),
        (None, "7", 401),
        ("x", "x", 401),
        ("", "7", 401),
        ("7", "8", 403),
        ("7", "07", 403),
        ("7", "+7", 403),
        ("7", "\u0667", 403),  # a seven too, in Arabic
        ("7", "7%00", 403),
        ("7", "..%2f7", 403),
    ],
)
async def test_the_path_names_the_caller_or_is_refused(client, said, path_id, status):
    headers = {} if said is None else {"X-User-Id": said}
    answer = await client.get(f"/user/{path_id}/mine", headers=headers)
    assert answer.status == status


@pytest.mark.parametrize("said", ["192.0.2.7", "2001:db8::7", "nonsense", ""])
async def test_over_tcp_nobody_says_whose_address_theirs_is(client, said):
    answer = await client.get("/address", headers={"X-Client-Address": said})
    assert await answer.json() == "127.0.0.1"


@pytest.mark.parametrize(
    ("said", "address"),
    [
        (["192.0.2.7"], "192.0.2.7"),
        (["2001:DB8:0::7"], "2001:db8::7"),
        (["::ffff:192.0.2.7"], "::ffff:c000:207"),
        ([], ""),
        ([""], ""),
        (["nonsense"], ""),
        (["192.0.2.7, 192.0.2.8"], ""),
        (["192.0.2.7:80"], ""),
        (["192.0.2.7", "192.0.2.8"], ""),
    ],
)
async def test_over_a_unix_socket_the_client_has_the_address_that_is_named(
    serving_on, sockets, said, address
):
    app = service_app("user", Settings(), [web.get("/address", tell_address)])
    headers = [("X-Client-Address", each) for each in said]
    async with serving_on(sockets / "s", app) as neighbour:
        answer = await neighbour.get("/address", headers=headers)
        assert await answer.json() == address
