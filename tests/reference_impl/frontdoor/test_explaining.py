"""What the door itself refuses, as who asked can read it: as a page, or as JSON."""

import asyncio

import pytest

from reference_impl.frontdoor.bodies import BODY_BYTES_MAX
from reference_impl.web.policy import CONTENT_SECURITY_POLICY

PROBLEM, PAGE = "application/problem+json", "text/html"


def is_page(answer):
    is_told = answer.headers.get("Content-Security-Policy") == CONTENT_SECURITY_POLICY
    assert is_told == (answer.content_type == PAGE)
    return is_told


async def test_a_file_that_is_too_large_for_a_form_is_explained(town, door):
    head = f"POST /do/post HTTP/1.1\r\nHost: x\r\nContent-Length: {BODY_BYTES_MAX + 1}\r\n\r\n"
    reader, writer = await town.connect()
    writer.write(head.encode())
    answer = (await reader.readuntil(b"</html>")).decode()
    assert answer.startswith("HTTP/1.1 413 ")
    assert "Content-Type: text/html" in answer
    assert "8 MB at most" in answer
    assert "<script" not in answer
    assert town.boxes["web-1"].asked == []


@pytest.mark.parametrize(("path", "kind"), [("/feed", PAGE), ("/search", PROBLEM)])
async def test_when_nobody_is_ready_that_is_said(town, door, path, kind):
    for box in town.boxes.values():
        box.is_ready = False
    await town.all_checked()
    answer = await door.get(path)
    assert (answer.status, answer.content_type, answer.headers["Retry-After"]) == (503, kind, "1")
    assert is_page(answer) == (kind == PAGE)
    assert answer.headers["X-Request-Id"]


@pytest.mark.parametrize(("path", "kind"), [("/do/post", PAGE), ("/login", PROBLEM)])
async def test_what_may_have_been_done_is_said_to_be(town, door, path, kind):
    for box in town.boxes.values():
        box.hangs_up = True
    answer = await door.post(path, data=b"x")
    assert (answer.status, answer.content_type) == (502, kind)
    assert "may have been" in await answer.text()
    assert is_page(answer) == (kind == PAGE)


async def test_what_a_request_says_wrong_is_said_and_escaped(town, door):
    answer = await town.ask(b"GET /feed HTTP/1.1\r\nHost: <b>\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"<p>Host must name one host.</p>" in answer


async def test_a_method_that_is_none_says_which_there_are(door):
    answer = await door.request("PROPFIND", "/do/post")
    assert (answer.status, answer.content_type) == (405, PAGE)
    assert "POST" in answer.headers["Allow"]


async def test_a_busy_door_says_so_in_pages_too(town):
    await town.add("web-1", "gateway-1")
    door = await town.open_door(in_flight_max=1)
    gateway = town.boxes["gateway-1"]
    gateway.may_answer.clear()
    first = asyncio.create_task(door.get("/search"))
    await gateway.was_asked.wait()
    answers = [await door.get(path) for path in ("/feed", "/search")]
    assert [answer.status for answer in answers] == [503, 503]
    assert [answer.content_type for answer in answers] == [PAGE, PROBLEM]
    gateway.may_answer.set()
    assert (await first).status == 200


@pytest.mark.parametrize("status", [400, 404, 413, 503])
async def test_a_refusal_of_the_pages_is_their_own(town, door, status):
    town.boxes["web-1"].status, town.boxes["web-1"].body = status, b"its own"
    answer = await door.get("/feed")
    assert (answer.status, await answer.read()) == (status, b"its own")
