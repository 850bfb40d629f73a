"""Senders that stall, many of them; the others are served meanwhile."""

import asyncio
from contextlib import AsyncExitStack, ExitStack

import pytest
from aiohttp import web

from reference_impl.chassis import admission, requests
from reference_impl.chassis.apps import service_app
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.requests import JSON_BYTES_MAX, body_of, patience_s
from reference_impl.chassis.rooms import Room
from reference_impl.chassis.serve import serving
from reference_impl.chassis.settings import Settings

LONG = 10 * JSON_BYTES_MAX


class Service:
    """A service on TCP that says how long bodies are, and those who send to it."""

    def __init__(self):
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.read = asyncio.Semaphore(0)  # how many bodies have been read
        self.port = 0
        self._opened = AsyncExitStack()

    async def begin(self, **changed):
        settings = Settings(listen="tcp:0.0.0.0:0", **changed)
        routes = [web.post("/length", self._length), web.get("/hello", self._hello)]
        app = service_app("gateway", settings, routes, is_at_edge=True)
        at = await self._opened.enter_async_context(
            serving(app, settings, stopping=asyncio.Event())
        )
        self.port = int(at.rpartition(":")[2])

    async def end(self):
        self.may_answer.set()
        await self._opened.aclose()

    async def _length(self, request):
        body = await body_of(request, bytes_max=LONG)
        self.read.release()
        await self.may_answer.wait()
        return web.Response(text=str(len(body)))

    async def _hello(self, _):
        return web.Response(text="hello")

    async def send(self, head, body=b"", *, source="127.0.0.1"):
        """Send the beginning of a request; return the connection."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.port, local_addr=(source, 0)
        )
        self._opened.callback(writer.close)
        writer.write(head.encode() + b"\r\nHost: x\r\n\r\n" + body)
        return reader, writer

    async def stall(self, length=2, source="127.0.0.1"):
        """Send all of a request but its body, which never comes."""
        head = f"POST /length HTTP/1.1\r\nContent-Length: {length}"
        return await self.send(head, b"x", source=source)

    async def post(self, length, *, source="127.0.0.1"):
        """Return how a whole request is answered."""
        head = f"POST /length HTTP/1.1\r\nContent-Length: {length}"
        return await answer_of((await self.send(head, bytes(length), source=source))[0])


async def answer_of(reader):
    """Return the status and the body of an answer."""
    async with asyncio.timeout(10):
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
        return int(head.split()[1]), (await reader.readexactly(length)).decode()


@pytest.fixture
async def service():
    one = Service()
    yield one
    await one.end()


async def all_waited_for(count, waiting):
    """Return when so many bodies are waited for; no event tells of it."""
    async with asyncio.timeout(5):
        while waiting() < count:  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(0.005)


@pytest.fixture
def waiting(monkeypatch):
    """Return a function that says how many bodies are waited for."""
    now = [0]
    read = requests._read

    async def counted(*given):
        now[0] += 1
        try:
            return await read(*given)
        finally:
            now[0] -= 1

    monkeypatch.setattr(requests, "_read", counted)
    return lambda: now[0]


async def test_those_who_stall_take_no_place_of_those_who_ask(service, waiting):
    await service.begin(in_flight_max=1)
    for _ in range(5):
        await service.stall()
    await all_waited_for(5, waiting)
    assert await answer_of((await service.send("GET /hello HTTP/1.1"))[0]) == (200, "hello")
    assert await service.post(3) == (200, "3")


async def test_whose_body_has_come_has_a_place_again(service, waiting):
    await service.begin(in_flight_max=1)
    reader, writer = await service.stall()
    await all_waited_for(1, waiting)
    service.may_answer.clear()
    writer.write(b"y")
    await service.read.acquire()
    assert (await answer_of((await service.send("GET /hello HTTP/1.1"))[0]))[0] == 503
    service.may_answer.set()
    assert await answer_of(reader) == (200, "2")
    assert await service.post(3) == (200, "3")


async def test_a_body_that_comes_when_all_places_are_taken_is_refused(service, waiting):
    await service.begin(in_flight_max=1)
    late, writer = await service.stall()
    await all_waited_for(1, waiting)
    service.may_answer.clear()
    first, _ = await service.send("POST /length HTTP/1.1\r\nContent-Length: 3", b"abc")
    await service.read.acquire()
    writer.write(b"y")
    assert (await answer_of(late))[0] == 503
    service.may_answer.set()
    assert await answer_of(first) == (200, "3")
    assert await service.post(3) == (200, "3"), "the refused one has left its place"


async def test_no_address_has_all_the_room_for_bodies(service, waiting, monkeypatch):
    monkeypatch.setattr(admission, "BODIES_MAX", 8)
    await service.begin()
    for _ in range(2):
        await service.stall()
    await all_waited_for(2, waiting)
    refused, _ = await service.stall()
    assert (await answer_of(refused))[0] == 503
    _, writer = await service.stall(source="127.0.0.2")
    await all_waited_for(3, waiting)
    writer.write(b"y")
    assert await service.post(3) == (200, "3"), "which is there at once, and waits in no room"


async def test_the_room_for_bodies_has_an_end(service, waiting, monkeypatch):
    monkeypatch.setattr(admission, "BODIES_MAX", 4)
    await service.begin()
    for number in range(4):
        await service.stall(source=f"127.0.0.{number + 1}")
    await all_waited_for(4, waiting)
    refused, _ = await service.stall(source="127.0.0.9")
    assert (await answer_of(refused))[0] == 503
    assert await answer_of((await service.send("GET /hello HTTP/1.1"))[0]) == (200, "hello")


@pytest.mark.parametrize(
    "said",
    [
        f"Content-Length: {LONG}",
        "Transfer-Encoding: chunked",
        "Content-Length: 9\r\nContent-Encoding: gzip",
    ],
)
async def test_strangers_who_upload_have_a_room_of_their_own(service, waiting, monkeypatch, said):
    monkeypatch.setattr(admission, "UPLOADS_OF_STRANGERS_MAX", 4)
    await service.begin()
    await service.send(f"POST /length HTTP/1.1\r\n{said}")
    await all_waited_for(1, waiting)
    refused, _ = await service.send(f"POST /length HTTP/1.1\r\n{said}")
    assert (await answer_of(refused))[0] == 503
    assert await service.post(3) == (200, "3")
    assert (await service.post(LONG, source="127.0.0.2"))[0] == 200


async def test_an_upload_counts_until_it_is_answered(service, monkeypatch):
    monkeypatch.setattr(admission, "UPLOADS_OF_STRANGERS_MAX", 1)
    await service.begin()
    service.may_answer.clear()
    first = asyncio.create_task(service.post(LONG))
    await service.read.acquire()
    assert (await service.post(LONG))[0] == 503
    service.may_answer.set()
    assert await first == (200, str(LONG))
    assert (await service.post(LONG))[0] == 200


def test_users_are_not_kept_out_by_strangers():
    doors = admission.Admission("admission-1", 9)
    for number in range(admission.UPLOADS_OF_STRANGERS_MAX):
        doors.begin_upload(str(number), is_signed_in=False)
    with pytest.raises(Unavailable):
        doors.begin_upload("a", is_signed_in=False)
    doors.begin_upload("a", is_signed_in=True)


@pytest.mark.parametrize(
    ("said", "statuses"),
    [
        ({"X-Client-Address": "192.0.2.7"}, [200, 503]),  # a stranger
        ({"X-Client-Address": "nonsense"}, [200, 200]),  # we ourselves
        ({}, [200, 200]),
    ],
)
async def test_a_neighbour_who_asks_for_a_stranger_uploads_as_one(
    serving_on, sockets, monkeypatch, said, statuses
):
    monkeypatch.setattr(admission, "UPLOADS_OF_STRANGERS_MAX", 4)  # one from each address
    read, may_answer = asyncio.Semaphore(0), asyncio.Event()

    async def length(request):
        body = await body_of(request, bytes_max=LONG)
        read.release()
        await may_answer.wait()
        return web.Response(text=str(len(body)))

    async def status_of(client):
        async with client.post("/length", data=bytes(LONG), headers=said) as answer:
            return answer.status

    app = service_app("gateway", Settings(), [web.post("/length", length)], is_at_edge=True)
    async with serving_on(sockets / "s", app) as neighbour:
        first = asyncio.create_task(status_of(neighbour))
        await read.acquire()
        second = asyncio.create_task(status_of(neighbour))
        if statuses[1] == 200:
            await read.acquire()
        else:
            await second
        may_answer.set()
        assert [await first, await second] == statuses


def test_a_long_answer_that_is_leaving_takes_no_place_of_those_who_ask():
    doors = admission.Admission("admission-2", 1)
    with doors.turn("a") as turn, turn.answer_leaving():
        with doors.turn("b"), pytest.raises(Unavailable), doors.turn("c"):
            pytest.fail("there is one place")
        with pytest.raises(ZeroDivisionError), doors.turn("b") as other, other.answer_leaving():
            raise ZeroDivisionError
    with doors.turn("a"):
        pass


def test_no_address_has_all_the_long_answers(monkeypatch):
    monkeypatch.setattr(admission, "ANSWERS_MAX", 8)
    doors = admission.Admission("admission-3", 9)
    with ExitStack() as opened:
        for _ in range(2):
            turn = opened.enter_context(doors.turn("a"))
            opened.enter_context(turn.answer_leaving())
        third = opened.enter_context(doors.turn("a"))
        with pytest.raises(Unavailable, match="too many long answers"), third.answer_leaving():
            pytest.fail("an address has a quarter")
        other = opened.enter_context(doors.turn("b"))
        opened.enter_context(other.answer_leaving())


async def test_who_sends_too_slowly_is_not_waited_for(service, monkeypatch):
    monkeypatch.setattr(requests, "BODY_BEGINS_S", 0.05)
    await service.begin()
    reader, _ = await service.stall()
    status, told = await answer_of(reader)
    assert (status, "did not arrive in time" in told) == (400, True)


def test_the_more_has_come_the_longer_the_rest_is_waited_for():
    assert patience_s(0) == requests.BODY_BEGINS_S
    per_s = requests.BODY_BYTES_PER_S_MIN
    assert patience_s(2 * per_s) == requests.BODY_BEGINS_S + 2
    assert patience_s(LONG) == requests.BODY_S


def test_a_room_forgets_who_has_left():
    room = Room(2, per_address=1)
    room.enter("a")
    assert (room.has_place_for("a"), room.has_place_for("b")) == (False, True)
    room.leave("a")
    assert room.has_place_for("a")
    assert not room._taken_by
