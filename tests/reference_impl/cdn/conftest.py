"""An edge on a folder of its own, an origin that can be disturbed, and a clock that is set."""

import asyncio
import hashlib
from contextlib import asynccontextmanager

import pytest

from reference_impl.cdn.entries import promised_digest
from reference_impl.cdn.origins import Fetched
from reference_impl.cdn.service import EdgeService
from reference_impl.cdn.store import Store
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.ranges import Span

CACHE_BYTES = 16 << 20
FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
UPLOAD = "0123456789abcdef"


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self):
        self.now_s = 1_700_000_000.0

    def __call__(self):
        return self.now_s

    def pass_s(self, seconds):
        self.now_s += seconds


class StubOrigin:
    """Has what it is given; counts who asks, and can be away, or hold its answers."""

    def __init__(self, clock):
        self._clock = clock
        self._answers = {}
        self.asked = []  # (path, told, etag)
        self.failures = 0  # so many fetches fail from now on
        self.flow = asyncio.Event()
        self.flow.set()
        self.reached = asyncio.Event()  # by a fetch that is held

    def put(self, path, content, headers=FOREVER, *, status=200, accept=None):
        """Have this at a path, or only for those who send this `Accept`."""
        etag = {"ETag": f'"{hashlib.sha256(content).hexdigest()[:16]}"'} if status == 200 else {}
        self._answers[path, accept] = (status, {**etag, **headers}, content)
        return path

    def put_media(self, content, suffix="jpg"):
        """Have a picture at the path that is its due."""
        return self.put(media_path(content, suffix), content, {**FOREVER, "Content-Type": "a/b"})

    def remove(self, path):
        self._answers = {key: its for key, its in self._answers.items() if key[0] != path}

    def go_away(self):
        self.failures = 10**9

    def come_back(self):
        self.failures = 0

    def hold(self):
        """Let nobody have an answer, from after it is made up, until `flow` is set."""
        self.flow.clear()
        self.reached.clear()

    async def fetch(self, path, told, *, etag):
        self.asked.append((path, dict(told), etag))
        status, headers, content = self._answer_to(path, told)
        is_failing, self.failures = self.failures > 0, max(0, self.failures - 1)
        if not self.flow.is_set():
            self.reached.set()
        await self.flow.wait()
        if is_failing:
            raise Unavailable("the origin is away")
        if status == 200 and etag and etag == headers.get("ETag"):
            status, content = 304, b""
        return Fetched(
            status=status,
            headers=headers,
            content=content,
            digest=hashlib.sha256(content).hexdigest(),
            received_s=self._clock(),
            age_on_arrival_s=0.0,
        )

    def _answer_to(self, path, told):
        for accept in (told["accept"], None):
            if answer := self._answers.get((path, accept)):
                return answer
        return 404, {"Content-Type": "application/problem+json"}, b"{}"


def media_path(content, suffix="jpg"):
    path = f"/media/{hashlib.sha256(content).hexdigest()}-{UPLOAD}.{suffix}"
    assert promised_digest(path)
    return path


class Edge:
    """An edge with all that is its own."""

    def __init__(self, service, store):
        self.service = service
        self.store = store

    async def get(self, path, accept=""):
        """Return the status, the outcome and the content of an answer."""
        served = await self.service.get(path, accept=accept)
        return served.entry.status, served.outcome.value, await whole(served.content)


async def whole(content):
    return await content.read(Span(begin=0, end=content.size_bytes))


@pytest.fixture
def read_whole():
    return whole


@pytest.fixture
def path_of():
    return media_path


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def origin(clock):
    return StubOrigin(clock)


@pytest.fixture
def make_origin():
    return StubOrigin


@pytest.fixture
def edge_in(clock, origin):
    """A context manager: an edge on the cache in this folder, as often as one likes."""

    @asynccontextmanager
    async def living(folder, *, cache_bytes=CACHE_BYTES, origin=origin):
        store = await Store.opened(folder, bytes_max=cache_bytes)
        try:
            yield Edge(EdgeService(store, origin, clock_s=clock), store)
        finally:
            await store.close()

    return living


@pytest.fixture
async def edge(edge_in, tmp_path):
    async with edge_in(tmp_path) as edge:
        yield edge


@pytest.fixture
def files_in():
    """The files of the answers kept in a folder."""

    def files(folder):
        return sorted(path for path in (folder / "answers").iterdir())

    return files
