"""A gateway in front of services that answer with what they were asked."""

import pytest
from aiohttp import web

from reference_impl.chassis.clients import ServiceClient
from reference_impl.chassis.forms import FORM_BYTES_MAX
from reference_impl.chassis.middleware import problem
from reference_impl.chassis.sessions import MemorySessions
from reference_impl.chassis.settings import Settings
from reference_impl.gateway.app import create_app
from reference_impl.gateway.counters import MemoryCounters
from reference_impl.gateway.records import MemoryRecords

SERVICES = ("user", "follow", "post", "timeline", "media", "search")
OUTWARD = {
    "Link": '<next>; rel="next"',
    "ETag": '"7"',
    "Location": "/post/9",
    "Accept-Ranges": "bytes",
    "Content-Range": "bytes 0-1/9",
    "Retry-After": "3",
    "Feed-Source": "built",
    "WWW-Authenticate": "Bearer",
}
SECRET = {"Set-Cookie": "a=b", "X-Internal": "1", "Server": "x", "X-User-Id": "7"}


class Service:
    """Answers every path with what it was asked, unless told to fail."""

    def __init__(self, name):
        self.name = name
        self.asked = []  # method and path of every request
        self.status = 201
        self.before_answering = None

    async def answer(self, request):
        self.asked.append(f"{request.method} {request.path_qs}")
        if self.before_answering:
            await self.before_answering()
        told = {
            "service": self.name,
            "asked": self.asked[-1],
            "headers": {name.lower(): value for name, value in request.headers.items()},
            "body": (await request.read()).decode(errors="replace"),
            "nth": len(self.asked),
        }
        if self.status == 500:
            return web.Response(status=500, text="Traceback: secrets")
        if self.status >= 400:
            return problem(self.status, "refused by the service", request.path)
        timing = {"Server-Timing": f"{self.name};dur=1.000;cpu=0.500;n=1"}
        return web.json_response(told, status=self.status, headers={**timing, **OUTWARD, **SECRET})


class Clock:
    """A clock that a test moves."""

    def __init__(self):
        self.now_s = 1_000.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def service_of():
    return {name: Service(name) for name in SERVICES}


@pytest.fixture
async def services(aiohttp_server, service_of):
    clients = {}
    for name, service in service_of.items():
        app = web.Application(client_max_size=FORM_BYTES_MAX)
        app.router.add_route("*", "/{path:.*}", service.answer)
        url = str((await aiohttp_server(app)).make_url(""))
        clients[name] = await ServiceClient([url], name=name).__aenter__()
    yield clients
    for client in clients.values():
        await client.__aexit__(None, None, None)


@pytest.fixture
def sessions():
    return MemorySessions()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def counters(clock):
    return MemoryCounters(clock)


@pytest.fixture
def records(clock):
    return MemoryRecords(clock)


@pytest.fixture
def serving(aiohttp_client, sessions, services, counters, records):
    async def start(*, rate_limits=True, page_limit=20, **changed):
        parts = {"services": services, "counters": counters, "records": records, **changed}
        settings = Settings(
            server_timing=True, secret="not one", rate_limits=rate_limits, page_limit=page_limit
        )
        return await aiohttp_client(create_app(settings, sessions, **parts))

    return start


@pytest.fixture
async def gateway(serving):
    return await serving()


@pytest.fixture
async def token(sessions):
    return {"Authorization": f"Bearer {await sessions.begin(7)}"}
