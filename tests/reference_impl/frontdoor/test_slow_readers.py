"""Clients that take long answers slowly, or not at all; the others are served meanwhile."""

import pytest

from reference_impl.chassis import admission, instances
from reference_impl.frontdoor import backends

LONG = b"x" * 9_000_000  # more than the sockets on the way hold


@pytest.fixture
def reading(town):
    """Begin to read a video from an address, and take no more of it; return the status."""

    async def read(address):
        reader, writer = await town.connect()
        head = f"GET /media/0a.mp4 HTTP/1.1\r\nHost: x\r\nX-Client-Address: {address}\r\n\r\n"
        writer.write(head.encode())
        status = int((await reader.readuntil(b"\r\n")).split()[1])
        reader._transport.pause_reading()
        return status, writer

    return read


async def test_no_address_has_all_the_long_answers(town, door, monkeypatch):
    monkeypatch.setattr(admission, "ANSWERS_MAX", 4)
    door = await town.open_door()
    town.boxes["cdn-1"].body = LONG
    reader, writer = await town.connect()
    writer.write(b"GET /media/0a.mp4 HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
    answer = await door.get("/media/0a.mp4")
    assert (answer.status, "too many long answers" in await answer.text()) == (503, True)
    town.boxes["cdn-1"].body = b"short"
    assert (await door.get("/media/0a.mp4")).status == 200


async def test_who_comes_third_is_served_while_two_have_all_that_they_may(
    town, sockets, reading, monkeypatch
):
    scale = 16  # as many as really are would only take long
    share = admission.ANSWERS_MAX // admission.ADDRESSES_MIN // scale
    monkeypatch.setattr(admission, "ANSWERS_MAX", admission.ANSWERS_MAX // scale)
    monkeypatch.setattr(instances, "CONNECTIONS_MAX", instances.CONNECTIONS_MAX // scale)
    monkeypatch.setattr(backends, "CHECKED_S", 0.5)
    await town.add("cdn-1", "cdn-2", "gateway-1")
    door = await town.open_door(listen=f"unix:{sockets}/door")
    edge = town.boxes["cdn-1"]
    edge.body = LONG
    readers = []
    for address in ("192.0.2.1", "192.0.2.2"):
        readers += [await reading(address) for _ in range(share)]
    assert {status for status, _ in readers} == {200}
    await town.all_checked()
    edge.body = b"short"
    third = {"X-Client-Address": "192.0.2.3"}
    answer = await door.get("/static/style.css", headers=third)
    assert (answer.status, answer.headers["Served-By"]) == (200, "zone-1")
    for _, writer in readers:
        writer.transport.abort()


def test_uploads_and_long_answers_leave_connections_to_others():
    taken = admission.UPLOADS_MAX + admission.ANSWERS_MAX
    assert taken <= 3 * instances.CONNECTIONS_MAX / 4
