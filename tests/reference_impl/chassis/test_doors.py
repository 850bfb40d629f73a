import asyncio
import time
from contextlib import AsyncExitStack, suppress

import pytest
from aiohttp import web

from reference_impl.chassis import doors
from reference_impl.chassis.apps import service_app
from reference_impl.chassis.serve import serving
from reference_impl.chassis.settings import Settings


async def hello(_):
    return web.Response(text="hello")


async def fail(_):
    raise RuntimeError("the password is 1234")


async def body(request):
    return web.Response(body=await request.read())


ROUTES = [web.get("/hello", hello), web.get("/fail", fail), web.post("/body", body)]


@pytest.fixture
async def serve():
    """Serve as the settings say; the function returns how to connect, from an address if any."""
    async with AsyncExitStack() as opened:

        async def start(**settings):
            given = Settings(**settings)
            app = service_app("user", given, ROUTES)
            address = await opened.enter_async_context(
                serving(app, given, stopping=asyncio.Event())
            )

            async def connect(source="127.0.0.1"):
                kind, _, where = address.partition(":")
                if kind == "unix":
                    reader, writer = await asyncio.open_unix_connection(where)
                else:
                    host, _, port = where.rpartition(":")
                    reader, writer = await asyncio.open_connection(
                        host, int(port), local_addr=(source, 0)
                    )
                opened.callback(writer.close)
                return reader, writer

            return connect

        yield start


@pytest.fixture
async def connect(serve, tmp_path):
    """Connect to a service; the function returns what one connection reads and writes."""
    return await serve(listen=f"unix:{tmp_path}/s")


async def is_answered(reader, writer):
    """Ask for something; say whether it is given, or the connection closed."""
    writer.write(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
    async with asyncio.timeout(5):
        try:
            return (await answer_of(reader))[1] == "hello"
        except (asyncio.IncompleteReadError, ConnectionError):
            return False


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
        with suppress(ConnectionError):  # what came too late to be read makes it a reset
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


async def let_in_at_last(connect, *where):
    """Connect until there is room: a connection that was closed here is not yet closed there."""
    async with asyncio.timeout(5):
        while not await is_answered(*await connect(*where)):  # noqa: ASYNC110 - as said
            await asyncio.sleep(0.01)


async def test_further_connections_are_closed_and_let_in_when_there_is_room(
    serve, monkeypatch, tmp_path
):
    monkeypatch.setattr(doors, "CONNECTIONS_MAX", 2)
    connect = await serve(listen=f"unix:{tmp_path}/s")
    inside = [await connect() for _ in range(2)]
    assert all([await is_answered(*one) for one in inside])
    assert not await is_answered(*await connect())
    inside[0][1].close()
    await let_in_at_last(connect)


async def test_whoever_has_all_connections_of_an_address_keeps_out_nobody_elsewhere(serve):
    connect = await serve(listen="tcp:0.0.0.0:0", connections_per_address=3)
    stalled = [await connect("127.0.0.1") for _ in range(3)]
    for _, writer in stalled:
        writer.write(b"GET /hello HTTP/1.1\r\n")
    assert not await is_answered(*await connect("127.0.0.1"))
    assert await is_answered(*await connect("127.0.0.2"))
    stalled[0][1].close()
    await let_in_at_last(connect, "127.0.0.1")


async def test_who_comes_by_a_unix_socket_has_no_address_to_be_counted_by(serve, tmp_path):
    connect = await serve(listen=f"unix:{tmp_path}/s", connections_per_address=1)
    inside = [await connect() for _ in range(3)]
    assert all([await is_answered(*one) for one in inside])


@pytest.mark.parametrize("path", ["hello", "nowhere"])
async def test_an_expectation_that_nobody_knows_is_refused_with_a_problem(connect, path):
    reader, writer = await connect()
    writer.write(f"GET /{path} HTTP/1.1\r\nHost: x\r\nExpect: cake\r\n\r\n".encode())
    head, told = await answer_of(reader)
    assert head.startswith("HTTP/1.1 417 ")
    assert "application/problem+json" in head
    assert "aiohttp" not in head
    assert '"detail": "only 100-continue may be expected"' in told


async def test_who_wants_to_be_told_to_go_on_is(connect):
    reader, writer = await connect()
    head = b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    writer.write(head)
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
    writer.write(b"ab")
    assert (await answer_of(reader))[1] == "ab"


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
