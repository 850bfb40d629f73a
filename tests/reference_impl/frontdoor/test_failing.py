"""Instances that fail, drain or come back: who asks meanwhile notices nothing, or is told."""

import asyncio
import time
from contextlib import suppress

import aiohttp
import pytest

from reference_impl.chassis import instances
from reference_impl.frontdoor import backends, exchange
from reference_impl.frontdoor.exchange import HELD_BYTES_MAX

PROBLEM = "application/problem+json"


async def name_of(answering):
    answer = await answering
    assert answer.status == 200, await answer.text()
    return (await answer.json())["name"]


@pytest.mark.parametrize(("path", "kind"), [("/search", "gateway"), ("/feed", "web")])
async def test_who_says_that_it_is_not_ready_is_not_asked_until_it_is(town, door, path, kind):
    nearest = town.boxes[f"{kind}-1"]
    nearest.is_ready = False
    await town.all_checked()
    assert await name_of(door.get(path)) == f"{kind}-2"
    nearest.is_ready = True
    await town.all_checked()
    assert await name_of(door.get(path)) == f"{kind}-1"


async def test_who_is_not_there_is_not_asked_until_it_is(town, door):
    await town.boxes["gateway-1"].stop()
    assert [await name_of(door.get("/search")) for _ in range(3)] == ["gateway-2"] * 3
    await town.boxes["gateway-1"].start()
    await town.all_checked()
    assert await name_of(door.get("/search")) == "gateway-1"


async def test_the_other_instance_of_a_zone_is_asked_before_another_zone(town):
    await town.add("gateway-1", "gateway-1-b", "gateway-2")
    door = await town.open_door()
    await town.boxes["gateway-1"].stop()
    assert {await name_of(door.get("/search")) for _ in range(4)} == {"gateway-1-b"}


async def test_zones_are_tried_by_nearness(town, door):
    from_us = {"Client-Region": "us-west"}
    await town.boxes["gateway-2"].stop()
    assert await name_of(door.get("/search", headers=from_us)) == "gateway-1"
    await town.boxes["gateway-1"].stop()
    assert await name_of(door.get("/search", headers=from_us)) == "gateway-3"


async def test_a_post_that_reaches_nobody_is_brought_elsewhere(town, door):
    await town.boxes["gateway-1"].stop()
    assert await name_of(door.post("/login", json={"a": 1})) == "gateway-2"
    assert await name_of(door.post("/logout")) == "gateway-2"


async def test_when_nobody_is_ready_that_is_said(town, door):
    for zone in (1, 2, 3):
        town.boxes[f"gateway-{zone}"].is_ready = False
    await town.all_checked()
    answer = await door.get("/search")
    assert (answer.status, answer.content_type) == (503, PROBLEM)
    assert answer.headers["Retry-After"] == "1"
    assert "no instance of gateway is ready" in await answer.text()
    assert (await door.get("/readyz")).status == 503
    assert (await door.get("/feed")).status == 200


async def test_when_nobody_can_be_reached_that_is_said(town, door):
    for zone in (1, 2, 3):
        await town.boxes[f"gateway-{zone}"].stop()
    assert (await door.get("/search")).status == 503
    assert (await door.post("/login", json={})).status == 503


async def test_instances_that_the_book_names_later_are_asked_once_they_are_ready(town):
    await town.add("gateway-2")
    door = await town.open_door()
    assert await name_of(door.get("/search")) == "gateway-2"
    await town.add("gateway-1")
    await town.all_checked()
    assert await name_of(door.get("/search")) == "gateway-1"
    town.write_book("gateway-2")
    assert await name_of(door.get("/search")) == "gateway-2"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_who_reads_is_answered_by_another_when_one_hangs_up(town, door, method):
    town.boxes["gateway-1"].hangs_up = True
    answer = await door.request(method, "/search")
    assert (answer.status, answer.headers["Served-By"]) == (200, "zone-2")
    assert len(town.boxes["gateway-1"].asked) >= 1


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_what_may_have_been_done_is_not_done_again(town, door, method):
    town.boxes["gateway-1"].hangs_up = True
    answer = await door.request(method, "/login", json={"a": 1})
    assert (answer.status, answer.content_type) == (502, PROBLEM)
    assert "may have been carried out" in await answer.text()
    assert town.boxes["gateway-1"].asked == [f"{method} /login"]
    assert town.boxes["gateway-2"].asked == []


@pytest.mark.parametrize("method", ["DELETE", "PUT", "OPTIONS", "POST"])
async def test_what_a_used_connection_may_have_carried_is_not_sent_again(town, door, method):
    seen = []

    async def answer_once(_, writer):
        seen.append(writer)
        if len(seen) == 1:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        else:
            writer.close()

    await town.replace("gateway-1", answer_once)
    assert (await door.get("/search")).status == 200
    answer = await door.request(method, "/user/7/post/9")
    assert (answer.status, "may have been" in await answer.text()) == (502, True)
    assert len(seen) == 2
    assert seen[0] is seen[1], "it was the connection of the first"
    assert town.boxes["gateway-2"].asked == []


async def test_who_hung_up_is_asked_again_only_when_it_says_that_it_is_ready(town, door):
    box = town.boxes["gateway-1"]
    box.hangs_up, box.is_ready = True, False
    await door.get("/search")
    asked = len(box.asked)
    await town.all_checked()
    await door.get("/search")
    assert len(box.asked) == asked


async def test_a_read_that_breaks_off_in_a_short_answer_is_made_elsewhere(town, door):
    async def half():
        yield b"x" * 1_000
        raise ConnectionResetError

    box = town.boxes["cdn-1"]
    box.body, box.headers = half(), {"Content-Length": str(HELD_BYTES_MAX)}
    town.boxes["cdn-2"].body = b"whole"
    answer = await door.get("/media/0a.jpg")
    assert (answer.status, await answer.read()) == (200, b"whole")


async def test_a_long_answer_that_breaks_off_breaks_off_here_too(town, door):
    async def half():
        yield b"x" * 100_000
        raise ConnectionResetError

    box = town.boxes["cdn-1"]
    box.body, box.headers = half(), {"Content-Length": str(HELD_BYTES_MAX + 1)}
    answer = await door.get("/media/0a.jpg")
    with pytest.raises(aiohttp.ClientPayloadError):
        await answer.read()


async def test_an_answer_that_does_not_come_is_not_waited_for(town, door, monkeypatch):
    patience = aiohttp.ClientTimeout(total=None, sock_read=0.05)
    monkeypatch.setattr(exchange, "_PATIENCE", patience)
    for box in town.boxes.values():
        box.may_answer.clear()
    answer = await door.get("/search")
    assert (answer.status, "in time" in await answer.text()) == (503, True)
    assert sum(len(box.asked) for box in town.boxes.values()) == 1
    await town.all_checked()
    answer = await door.post("/login", json={})
    assert (answer.status, "may have been" in await answer.text()) == (502, True)


async def test_one_whose_connections_are_all_taken_is_asked_last_for_a_while(town, monkeypatch):
    monkeypatch.setattr(instances, "CONNECTIONS_MAX", 1)
    monkeypatch.setattr(exchange, "_PATIENCE", aiohttp.ClientTimeout(total=None, connect=0.1))
    monkeypatch.setattr(backends, "CHECK_S", 60.0)
    await town.add("gateway-1", "gateway-2")
    door = await town.open_door()
    nearest = town.boxes["gateway-1"]
    nearest.may_answer.clear()
    first = asyncio.create_task(name_of(door.get("/search")))
    await nearest.was_asked.wait()
    assert await name_of(door.post("/login", json={})) == "gateway-2"
    nearest.may_answer.set()
    assert await first == "gateway-1"
    assert await name_of(door.get("/search")) == "gateway-2", "the nearest one rests"
    monkeypatch.setattr(instances, "monotonic", lambda: time.monotonic() + instances.REST_S)
    assert await name_of(door.get("/search")) == "gateway-1"


async def test_one_whose_connections_are_all_taken_still_says_that_it_is_ready(town, monkeypatch):
    monkeypatch.setattr(instances, "CONNECTIONS_MAX", 1)
    await town.add("gateway-1", "gateway-2")
    door = await town.open_door()
    nearest = town.boxes["gateway-1"]
    nearest.may_answer.clear()
    first = asyncio.create_task(name_of(door.get("/search")))
    await nearest.was_asked.wait()
    await town.all_checked()
    nearest.may_answer.set()
    assert await first == "gateway-1"


async def test_a_client_that_leaves_makes_nobody_suspect(town, door):
    town.boxes["cdn-1"].body = b"x" * 8_000_000
    for _ in range(3):
        reader, writer = await town.connect()
        writer.write(b"GET /media/0a.mp4 HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readexactly(1_000)
        writer.transport.abort()
    assert await name_of(door.get("/search")) == "gateway-1"
    town.boxes["cdn-1"].body = b"x"
    answer = await door.get("/media/0a.mp4")
    assert (await answer.read(), answer.headers["Served-By"]) == (b"x", "zone-1")


async def test_a_client_that_does_not_take_its_answer_is_left(town, door, monkeypatch):
    monkeypatch.setattr(exchange, "TAKEN_S", 0.05)
    monkeypatch.setattr(exchange, "TAKEN_BYTES_PER_S_MIN", 1 << 30)
    town.boxes["cdn-1"].body = b"x" * 9_000_000
    reader, writer = await town.connect()
    writer.write(b"GET /media/0a.mp4 HTTP/1.1\r\nHost: x\r\n\r\n")
    head = await reader.readuntil(b"\r\n\r\n")
    assert b"Content-Length: 9000000" in head
    reader._transport.pause_reading()
    await asyncio.sleep(0.5)  # longer than it may take; what fits into the sockets is sent
    reader._transport.resume_reading()
    with suppress(ConnectionError):
        async with asyncio.timeout(5):
            assert len(await reader.read()) < 9_000_000
    assert await name_of(door.get("/search")) == "gateway-1"


async def test_one_that_does_not_say_whether_it_is_ready_holds_up_nobody(
    town, sockets, monkeypatch
):
    monkeypatch.setattr(backends, "CHECKED_S", 0.1)
    await town.add("gateway-1", "gateway-2")
    was_asked = asyncio.Event()

    async def say_nothing(reader, writer):
        was_asked.set()
        await reader.read()
        writer.close()

    await town.boxes["gateway-1"].stop()
    async with await asyncio.start_unix_server(say_nothing, sockets / "gateway-1"):
        door = await town.open_door()
        assert was_asked.is_set()
        assert await name_of(door.get("/search")) == "gateway-2"
        town.boxes["gateway-2"].was_checked.clear()
        async with asyncio.timeout(5):
            await town.boxes["gateway-2"].was_checked.wait()


async def test_a_door_that_stops_says_so_in_long_answers_too(town, door):
    town.boxes["cdn-1"].body = b"x" * (HELD_BYTES_MAX + 1)
    assert "Connection" not in (await door.get("/media/0a.jpg")).headers
    town.stopping.set()
    for path in ("/media/0a.jpg", "/search"):
        answer = await door.get(path)
        assert (answer.status, answer.headers["Connection"]) == (200, "close")
    assert (await door.get("/readyz")).status == 503


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_who_is_ready_by_now_is_found_before_anybody_is_refused(town, monkeypatch, method):
    monkeypatch.setattr(backends, "CHECK_S", 3_600.0)
    await town.add("gateway-1", "gateway-2")
    town.boxes["gateway-2"].is_ready = False
    door = await town.open_door()
    await town.boxes["gateway-1"].stop()
    town.boxes["gateway-2"].is_ready = True
    assert await name_of(door.request(method, "/search")) == "gateway-2"


async def test_one_that_starts_again_at_once_is_missed_by_nobody(town, monkeypatch):
    monkeypatch.setattr(backends, "CHECK_S", 3_600.0)
    await town.add("gateway-1")
    door = await town.open_door()
    await town.boxes["gateway-1"].stop()
    assert (await door.get("/search")).status == 503
    await town.boxes["gateway-1"].start()
    assert await name_of(door.get("/search")) == "gateway-1"
