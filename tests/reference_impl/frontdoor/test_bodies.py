"""Bodies on their way through the door: bounded in length, in time and in the memory they take."""

import asyncio
import gzip
import hashlib
import os

import aiohttp
import pytest

from reference_impl.chassis import admission, requests
from reference_impl.chassis.requests import JSON_BYTES_MAX
from reference_impl.frontdoor import bodies, exchange
from reference_impl.frontdoor.bodies import BODY_BYTES_MAX

MIB = 1 << 20


async def pieces(count, size):
    for _ in range(count):
        yield b"x" * size
        await asyncio.sleep(0)


@pytest.mark.parametrize("length", [0, 1, JSON_BYTES_MAX, JSON_BYTES_MAX + 1, 8 * MIB])
async def test_a_body_arrives_as_it_was_sent(town, door, length):
    body = os.urandom(length)
    answer = await door.post("/user/7/post", data=body, headers={"Content-Type": "image/jpeg"})
    said = await answer.json()
    assert (said["bytes"], said["headers"]["content-length"]) == (length, str(length))
    assert town.boxes["gateway-1"].digest == hashlib.sha256(body).hexdigest()
    assert said["headers"]["content-type"] == "image/jpeg"


async def test_a_body_of_unknown_length_arrives_too(door):
    said = await (await door.post("/user/7/post", data=pieces(100, 10_000))).json()
    assert said["bytes"] == 1_000_000
    assert said["headers"]["transfer-encoding"] == "chunked"
    assert "content-length" not in said["headers"]


@pytest.mark.parametrize("length", [100, 1_000_000])
async def test_a_compressed_body_arrives_as_what_is_in_it(door, length):
    body = os.urandom(length // 2) + bytes(length // 2)
    headers = {"Content-Encoding": "gzip"}
    answer = await door.post("/user/7/post", data=gzip.compress(body), headers=headers)
    said = await answer.json()
    assert said["bytes"] == length
    assert "content-encoding" not in said["headers"]


async def test_a_compressed_body_arrives_even_if_its_encoding_is_to_stay_here(town, door):
    body = gzip.compress(bytes(1_000_000))
    head = (
        "POST /user/7/post HTTP/1.1\r\nHost: x\r\nConnection: close, Content-Encoding\r\n"
        f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    assert (await town.ask(head.encode() + body)).startswith(b"HTTP/1.1 200 ")
    assert town.boxes["gateway-1"].received_bytes == 1_000_000


async def test_a_long_body_in_an_encoding_that_nobody_here_knows_says_no_length(door):
    """Whoever reads it may know the encoding, and then the length is of something else."""
    sent = {"Content-Encoding": "identity"}
    said = await (await door.post("/user/7/post", data=bytes(100_000), headers=sent)).json()
    assert (said["bytes"], said["headers"]["content-encoding"]) == (100_000, "identity")
    assert "content-length" not in said["headers"]


async def test_a_body_that_says_that_it_is_too_long_reaches_nobody(town, door):
    head = f"POST /user/7/post HTTP/1.1\r\nHost: x\r\nContent-Length: {BODY_BYTES_MAX + 1}"
    reader, writer = await town.connect()
    writer.write(head.encode() + b"\r\n\r\n")
    assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 413 ")
    assert town.boxes["gateway-1"].asked == []


@pytest.mark.parametrize("compress", [None, "gzip"])
async def test_a_body_that_turns_out_too_long_is_broken_off(town, door, compress):
    answer = await door.post("/user/7/post", data=pieces(200, 100_000), compress=compress)
    assert answer.status == 413
    assert "must not be longer than" in await answer.text()
    assert town.boxes["gateway-1"].received_bytes <= BODY_BYTES_MAX
    assert (await door.get("/search")).headers["Served-By"] == "zone-1", "it is nobody's fault"


@pytest.mark.parametrize("length", [10, 1_000_000])
async def test_who_sends_too_slowly_is_refused_and_nobody_is_blamed(
    town, door, monkeypatch, length
):
    monkeypatch.setattr(requests, "BODY_BEGINS_S", 0.1)
    monkeypatch.setattr(requests, "BODY_S", 0.1)
    reader, writer = await town.connect()
    head = f"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\nx"
    writer.write(head.encode())
    async with asyncio.timeout(5):
        answer = (await reader.readuntil(b"}")).decode()
    assert answer.startswith("HTTP/1.1 400 ")
    assert "did not arrive in time" in answer
    assert (await door.get("/search")).headers["Served-By"] == "zone-1"


async def test_a_short_body_is_waited_for_at_the_door(town, door):
    reader, writer = await town.connect()
    head = b"POST /login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n"
    writer.write(head + b"a")
    assert (await door.get("/search")).status == 200
    assert town.boxes["gateway-1"].asked == ["GET /search"]
    writer.write(b"b")
    assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
    assert town.boxes["gateway-1"].asked == ["GET /search", "POST /login"]


async def test_time_in_which_nobody_takes_the_body_is_not_its_sender_s(town, door, monkeypatch):
    """The box reads late: longer than a body may take, but its sender has kept nobody waiting."""
    monkeypatch.setattr(requests, "BODY_S", 0.8)
    monkeypatch.setattr(requests, "BODY_BEGINS_S", 0.8)
    is_read = asyncio.Event()

    async def read_late(reader, writer):
        await asyncio.sleep(1.0)
        is_read.set()
        await reader.readexactly(8 * MIB)
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")

    async def halves():
        yield bytes(4 * MIB)
        await is_read.wait()
        await asyncio.sleep(0.05)  # for which the door waits, at a time when all would be over
        yield bytes(4 * MIB)

    await town.replace("gateway-1", read_late)
    length = {"Content-Length": str(8 * MIB)}
    answer = await door.post("/user/7/post", data=halves(), headers=length)
    assert (answer.status, is_read.is_set()) == (201, True)


async def test_an_answer_is_waited_for_from_the_end_of_the_body_on(town, door, monkeypatch):
    patience = aiohttp.ClientTimeout(total=None, sock_read=0.2)
    monkeypatch.setattr(exchange, "_PATIENCE", patience)

    async def slowly():
        for _ in range(8):
            yield b"x" * 20_000
            await asyncio.sleep(0.05)

    answer = await door.post("/user/7/post", data=slowly())
    assert (answer.status, (await answer.json())["bytes"]) == (200, 160_000)


async def test_a_sender_that_goes_away_is_nobody_s_fault(town, door):
    _, writer = await town.connect()
    writer.write(b"POST /user/7/post HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n")
    writer.write(b"x" * 500_000)
    await town.boxes["gateway-1"].was_asked.wait()
    writer.transport.abort()
    assert (await door.get("/search")).headers["Served-By"] == "zone-1"


async def test_a_body_that_has_only_begun_is_brought_elsewhere(town, door):
    """The instance hangs up before it can have had the whole body: it has done nothing."""
    hung_up = asyncio.Event()

    async def hang_up(reader, writer):
        writer.close()
        hung_up.set()

    await town.replace("gateway-1", hang_up)
    reader, writer = await town.connect()
    head = b"POST /user/7/post HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 100000"
    body = os.urandom(100_000)
    writer.write(head + b"\r\n\r\n" + body[:10])
    async with asyncio.timeout(5):
        await hung_up.wait()
        await town.boxes["gateway-2"].was_asked.wait()
        writer.write(body[10:])
        assert b'"name": "gateway-2"' in await reader.read()
    assert town.boxes["gateway-2"].digest == hashlib.sha256(body).hexdigest()


async def test_a_body_of_which_something_is_gone_goes_to_nobody_else(town, door):
    async def hang_up_in_the_body(reader, writer):
        await reader.readexactly(4 * MIB)
        writer.close()

    await town.replace("gateway-1", hang_up_in_the_body)
    answer = await door.post("/user/7/post", data=bytes(8 * MIB))
    assert (answer.status, answer.content_type) == (502, "application/problem+json")
    assert town.boxes["gateway-2"].asked == []


async def test_an_answer_that_comes_before_the_body_has_ended_is_given(town, door):
    async def refuse_early(reader, writer):
        writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno")
        await reader.read()
        writer.close()

    await town.replace("gateway-1", refuse_early)
    reader, writer = await town.connect()
    head = b"POST /user/7/post HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
    writer.write(head + bytes(1_000))
    async with asyncio.timeout(5):
        assert (await reader.readuntil(b"no")).startswith(b"HTTP/1.1 401 ")


async def test_who_expects_to_be_told_to_go_on_is(town, door):
    reader, writer = await town.connect()
    head = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n"
    writer.write(head + b"Connection: close\r\n\r\n")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
    writer.write(b"ab")
    answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'"expect"' not in answer


async def test_no_address_has_all_the_uploads(town, door, monkeypatch):
    monkeypatch.setattr(admission, "UPLOADS_MAX", 4)
    door = await town.open_door()
    _, writer = await town.connect()
    head = b"POST /user/7/post HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
    writer.write(head + bytes(1_000))
    await town.boxes["gateway-1"].was_asked.wait()
    answer = await door.post("/user/7/post", data=bytes(100_000))
    assert (answer.status, "too many uploads" in await answer.text()) == (503, True)
    assert (await door.post("/login", data=b"{}")).status == 200


async def test_what_waits_to_be_taken_stays_small(town, door, monkeypatch):
    """Nobody takes the body: the door takes no more of it than a few buffers."""
    stuck = asyncio.Event()

    async def take_nothing(reader, writer):
        stuck.set()
        await asyncio.Event().wait()

    await town.replace("gateway-1", take_nothing)
    _, writer = await town.connect()
    writer.write(b"POST /user/7/post HTTP/1.1\r\nHost: x\r\nContent-Length: 8388608\r\n\r\n")
    taken = []
    count = bodies.Passing._next

    async def counted(self):
        taken.append(len(piece := await count(self)))
        return piece

    monkeypatch.setattr(bodies.Passing, "_next", counted)
    writer.write(bytes(8 * MIB))
    await stuck.wait()
    await asyncio.sleep(0.3)  # nothing tells that nothing more comes
    assert 0 < sum(taken) < 2 * MIB


async def test_an_instance_that_does_not_take_the_body_is_not_waited_for(town, door, monkeypatch):
    monkeypatch.setattr(exchange, "BEGUN_S", 0.2)  # of which the body's first piece takes all

    async def take_nothing(reader, writer):
        await asyncio.Event().wait()

    await town.replace("gateway-1", take_nothing)
    answer = await door.post("/user/7/post", data=bytes(8 * MIB))
    assert (answer.status, answer.content_type) == (503, "application/problem+json")
