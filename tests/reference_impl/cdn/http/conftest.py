"""An edge and its origins over HTTP, on unix sockets."""

import random
from contextlib import AsyncExitStack

import pytest
from aiohttp import web

from reference_impl.cdn.app import create_app
from reference_impl.cdn.contents import PART_BYTES
from reference_impl.cdn.origins import Origins
from reference_impl.cdn.service import EdgeService
from reference_impl.cdn.store import Store
from reference_impl.chassis.clients import ServiceClient
from reference_impl.chassis.settings import Settings

PICTURE = b"0123456789"
LONG = random.Random(2).randbytes(3 * PART_BYTES + 5)
FOREVER = "public, max-age=31536000, immutable"


class Originals:
    """An origin over HTTP: answers what it is told to, and notes what it is asked."""

    def __init__(self):
        self.answers = {}
        self.asked = []

    def put(self, path, content, *, status=200, **headers):
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[path] = (status, {"ETag": f'"{len(content)}"', **told}, content)
        return path

    async def answer(self, request):
        self.asked.append((request.method, request.raw_path, request.headers.copy()))
        status, headers, content = self.answers.get(request.path, (404, {}, b"nothing"))
        if status == 200 and headers.get("ETag", "") == request.headers.get("If-None-Match"):
            return web.Response(status=304, headers=headers)
        return web.Response(status=status, headers=headers, body=content)

    def app(self):
        app = web.Application()
        app.router.add_get("/{path:.*}", self.answer)
        return app


@pytest.fixture
def media():
    return Originals()


@pytest.fixture
def pages():
    return Originals()


@pytest.fixture
async def client(media, pages, sockets, serving_on, tmp_path, clock):
    async with AsyncExitStack() as opened:
        origins = {}
        for name, originals in (("media", media), ("web", pages)):
            await opened.enter_async_context(serving_on(sockets / name, originals.app()))
            asking = ServiceClient([f"unix:{sockets}/{name}"], name=name)
            origins[name] = await opened.enter_async_context(asking)
        store = await Store.opened(tmp_path, bytes_max=16 << 20)
        opened.push_async_callback(store.close)
        service = EdgeService(store, Origins(**origins, clock_s=clock), clock_s=clock)
        app = create_app(service, Settings(zone="zone-1"))
        yield await opened.enter_async_context(serving_on(sockets / "edge", app))


@pytest.fixture
def picture(media, path_of):
    return media.put(path_of(PICTURE), PICTURE, Content_Type="image/jpeg", Cache_Control=FOREVER)


@pytest.fixture
def long_picture(media, path_of):
    return media.put(path_of(LONG), LONG, Content_Type="image/jpeg", Cache_Control=FOREVER)


@pytest.fixture
def ask():
    """Ask once; return status, headers and content."""

    async def ask(client, path, method="GET", **headers):
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        async with client.request(method, path, headers=told, allow_redirects=False) as answer:
            return answer.status, answer.headers, await answer.read()

    return ask
