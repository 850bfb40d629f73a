import asyncio
import time

import pytest
from aiohttp import web

from reference_impl.chassis import doors
from reference_impl.chassis.apps import service_app
from reference_impl.chassis.serve import serving
from reference_impl.chassis.settings import Settings


@pytest.fixture
async def connect(tmp_path):
    """Connect to a service; the function returns what one connection reads and writes."""

    async def hello(_):
        return web.Response(text="hello")

    async def fail(_):
        raise RuntimeError("the password is 1234")

    async def body(request):
        return web.Response(body=await request.read())

    routes = [web.get("/hello", hello), web.get("/fail", fail), web.post("/body", body)]
    settings = Settings(listen=f"unix:{tmp_path}/s")
    app = service_app("user", settings, routes)
    opened = []

    async def connect():
        reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
        opened.append(writer)
        return reader, writer

    async with serving(app, settings, stopping=asyncio.Event()):
        yield connect
        for writer in opened:
            writer.close()


async def answer_of(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    return head.decode(), (await reader.readexactly(length)).decode()


@pytest.mark.parametrize("sent", [b"", b"G", b"GET /hello HTTP/1.1\r\nHost: x\r\nX-Slow: "])
async def test_a_connection_that_sends_no_whole_header_is_closed(connect, monkeypatch, sent):
    monkeypatch.setattr(doors, "HEADER_S", 0.1)
    reader, writer = await connect()
    writer.write(sent)
    begun_s = time.monotonic()
    assert await reader.read() == b""
    assert 0.05 < time.monotonic() - begun_s < 2


async def test_a_header_that_trickles_in_does_not_gain_time(connect, monkeypatch):
    monkeypatch.setattr(doors, "HEADER_S", 0.1)
    reader, writer = await connect()

    async def trickle():
        writer.write(b"GET /hello HTTP/1.1\r\n")
        while True:
            writer.write(b"a: b\r\n")
            await asyncio.sleep(0.02)

    trickling = asyncio.create_task(trickle())
    async with asyncio.timeout(2):
        assert await reader.read() == b""
    trickling.cancel()


async def test_a_connection_that_has_asked_something_may_stay(connect, monkeypatch):
    monkeypatch.setattr(doors, "HEADER_S", 0.05)
    reader, writer = await connect()
    for _ in range(2):
        writer.write(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await answer_of(reader))[1] == "hello"
        await asyncio.sleep(0.1)


async def test_a_connection_that_asks_nothing_more_is_closed(connect, monkeypatch):
    monkeypatch.setattr(doors, "KEEPALIVE_S", 0.1)
    reader, writer = await connect()
    writer.write(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await answer_of(reader))[1] == "hello"
    async with asyncio.timeout(2):
        assert await reader.read() == b""


async def test_a_slow_body_has_the_time_of_bodies(connect, monkeypatch):
    monkeypatch.setattr(doors, "HEADER_S", 0.05)
    reader, writer = await connect()
    writer.write(b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na")
    await asyncio.sleep(0.1)
    writer.write(b"b")
    assert (await answer_of(reader))[1] == "ab"


async def test_further_connections_are_closed_and_let_in_when_there_is_room(connect, monkeypatch):
    monkeypatch.setattr(doors, "CONNECTIONS_MAX", 2)
    inside = [await connect() for _ in range(2)]
    await asyncio.sleep(0.02)
    reader, _ = await connect()
    async with asyncio.timeout(2):
        assert await reader.read() == b""
    inside[0][1].close()
    await asyncio.sleep(0.02)
    reader, writer = await connect()
    writer.write(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await answer_of(reader))[1] == "hello"


@pytest.mark.parametrize(
    "request_line",
    [b"NONSENSE", b"GET /hello HTTP/9.9", b"GET /hello HTTP/1.1\r\nX: " + b"x" * 9_000],
)
async def test_what_cannot_be_read_is_a_problem_that_repeats_nothing(connect, caplog, request_line):
    reader, writer = await connect()
    writer.write(request_line + b"\r\nHost: x\r\n\r\n")
    head, body = await answer_of(reader)
    assert head.split(" ")[1] == "400"
    assert "application/problem+json" in head
    assert "aiohttp" not in head
    assert '"detail": "the request cannot be read"' in body
    assert await reader.read() == b""
    assert caplog.records == []


async def test_a_fault_of_ours_is_logged_and_a_problem_that_tells_nothing(connect, caplog):
    reader, writer = await connect()
    writer.write(b"GET /fail HTTP/1.1\r\nHost: x\r\n\r\n")
    head, body = await answer_of(reader)
    assert head.startswith("HTTP/1.1 500 ")
    assert "application/problem+json" in head
    assert "1234" not in body
    assert "1234" in caplog.text
