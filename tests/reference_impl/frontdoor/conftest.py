"""A front door on TCP before boxes on unix sockets that say what they were asked."""

from __future__ import annotations

import asyncio
import hashlib
import json
from contextlib import AsyncExitStack, closing, suppress

import aiohttp
import pytest
from aiohttp import web

from reference_impl.chassis import addresses
from reference_impl.chassis.serve import serving
from reference_impl.chassis.settings import Settings
from reference_impl.frontdoor import backends
from reference_impl.frontdoor.app import assemble

REGIONS = ("zone-1=eu-west", "zone-2=us-east", "zone-3=ap-southeast")


class Box:
    """One instance; it answers every path with what it was asked, unless told otherwise."""

    def __init__(self, name, path):
        self.name = name
        self.url = f"unix:{path}"
        self.asked = []  # method and path of every request but /readyz
        self.status = 200
        self.headers = {}
        self.body = None  # what it says instead of what it was asked
        self.is_ready = True
        self.was_checked = asyncio.Event()
        self.was_asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.hangs_up = False  # having read the request
        self.received_bytes = 0
        self.digest = ""  # of the last body
        self._path = path
        self._runner = None

    async def start(self):
        app = web.Application(client_max_size=1 << 30)
        app.add_routes([web.get("/readyz", self._readyz), web.route("*", "/{_:.*}", self._answer)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.UnixSite(self._runner, str(self._path)).start()

    async def stop(self):
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def _readyz(self, _):
        status = 200 if self.is_ready else 503
        self.was_checked.set()
        return web.json_response({}, status=status)

    async def _answer(self, request):
        self.asked.append(f"{request.method} {request.raw_path}")
        self.was_asked.set()
        content = hashlib.sha256()
        self.received_bytes = 0
        async for piece in request.content.iter_any():
            content.update(piece)
            self.received_bytes += len(piece)
        self.digest = content.hexdigest()
        await self.may_answer.wait()
        if self.hangs_up:
            request.transport.close()
        if self.body is not None:
            return web.Response(status=self.status, headers=self.headers, body=self.body)
        told = {
            "name": self.name,
            "asked": self.asked[-1],
            "headers": {name.lower(): value for name, value in request.headers.items()},
            "bytes": self.received_bytes,
        }
        return web.json_response(told, status=self.status, headers=self.headers)


class Town:
    """The boxes of some zones, the address book that names them, and the door before them."""

    def __init__(self, folder, opened):
        self.boxes = {}
        self.stopping = asyncio.Event()
        self._folder = folder
        self._opened = opened
        self._serving = set()
        self._book = folder / "book"

    async def add(self, *names):
        """Start boxes, each named as `gateway-2`: its kind, and the number of its zone."""
        for name in names:
            self.name(name)
            await self.boxes[name].start()
            self._opened.push_async_callback(self.boxes[name].stop)

    def name(self, name):
        """Enter a box into the book, whoever it is."""
        self.boxes[name] = Box(name, self._folder / name)
        self.write_book(*self.boxes)

    def write_book(self, *names):
        entries: dict[str, list[dict[str, str]]] = {}
        for name in names:
            kind, zone = name.split("-")[:2]
            at = {"url": self.boxes[name].url, "zone": f"zone-{zone}"}
            entries.setdefault(kind, []).append(at)
        draft = self._folder / "draft"
        draft.write_text(json.dumps(entries))
        draft.replace(self._book)

    async def open_door(self, **settings):
        """Open the door; return a client of it, whose address is 127.0.0.1."""
        given = {"listen": "tcp:127.0.0.1:0", "zone_regions": REGIONS, "client_region": "eu-west"}
        told = Settings(addresses=str(self._book), **{**given, **settings})
        app = await self._opened.enter_async_context(assemble(told))
        door = serving(app, told, stopping=self.stopping)
        self.address = await self._opened.enter_async_context(door)
        return await self.client()

    async def client(self):
        kind, _, place = self.address.partition(":")
        connector = aiohttp.UnixConnector(place) if kind == "unix" else None
        base = "http://localhost" if kind == "unix" else f"http://{place}"
        session = aiohttp.ClientSession(base, connector=connector, auto_decompress=False)
        return await self._opened.enter_async_context(session)

    async def connect(self):
        """Connect to the door; return what reads from it and what writes to it."""
        kind, _, place = self.address.partition(":")
        if kind == "unix":
            reader, writer = await asyncio.open_unix_connection(place)
        else:
            reader, writer = await asyncio.open_connection(*place.split(":"))
        self._opened.callback(writer.close)
        return reader, writer

    async def ask(self, request):
        """Send a request as it is; return the whole answer, read until the door hangs up."""
        reader, writer = await self.connect()
        writer.write(request)
        async with asyncio.timeout(5):
            return await reader.read()

    async def replace(self, name, answer):
        """Put in a box's place one that is ready, and does with other requests as it is told."""
        box = self.boxes[name]

        async def serve(reader, writer):
            self._serving.add(asyncio.current_task())  # or one that waits would be collected
            with suppress(asyncio.IncompleteReadError, ConnectionError), closing(writer):
                while head := await reader.readuntil(b"\r\n\r\n"):
                    if head.startswith(b"GET /readyz "):
                        box.was_checked.set()
                        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                    else:
                        await answer(reader, writer)

        await box.stop()
        server = await asyncio.start_unix_server(serve, box.url.removeprefix("unix:"))
        self._opened.callback(server.close)
        await self.all_checked()

    async def end_what_waits(self):
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def all_checked(self):
        """Return when every box has been asked again whether it is ready, and has been heard."""
        for _ in range(2):  # of what is being said meanwhile, only the second is surely news
            for box in self.boxes.values():
                box.was_checked.clear()
            for box in self.boxes.values():
                async with asyncio.timeout(5):
                    await box.was_checked.wait()


@pytest.fixture
async def town(sockets, monkeypatch):
    monkeypatch.setattr(addresses, "LOOK_S", 0.0)
    monkeypatch.setattr(backends, "CHECK_S", 0.02)
    async with AsyncExitStack() as opened:
        town = Town(sockets, opened)
        yield town
        await town.end_what_waits()  # for which the door would wait


@pytest.fixture
async def door(town):
    """A client of the door before one box of each kind in each of three zones."""
    kinds = ("gateway", "web", "cdn")
    await town.add(*(f"{kind}-{zone}" for kind in kinds for zone in (1, 2, 3)))
    return await town.open_door()
