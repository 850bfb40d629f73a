"""Originals in a store, darkrooms that decode nothing, and the events that tell of them."""

import asyncio
import io
from itertools import count

import pytest
from PIL import Image

from reference_impl.chassis.events import Event
from reference_impl.chassis.keyvalue import valkey
from reference_impl.media.memory import MemoryObjects
from reference_impl.media.messages import Rendition
from reference_impl.media.names import name_of, new_upload, url_of
from reference_impl.media.pipeline.clearing import Clearing
from reference_impl.media.pipeline.consumer import Pipeline
from reference_impl.media.pipeline.developing import Developing

WIDTHS = (1080, 640)
TYPES = ("image/webp", "image/jpeg")


class FakeDarkrooms:
    """Makes four renditions of anything, unless it has an error to raise; counts its work."""

    def __init__(self):
        self.error = None
        self.before_answering = None
        self.developed_of = []
        self.at_once = self.at_once_max = 0

    async def developed(self, content):
        self.developed_of.append(content)
        self.at_once += 1
        self.at_once_max = max(self.at_once, self.at_once_max)
        try:
            await asyncio.sleep(0)
            if self.before_answering:
                await self.before_answering()
            if self.error:
                raise self.error
        finally:
            self.at_once -= 1
        return [
            Rendition(
                content=f"{kind} {width}".encode() + content[-8:],
                content_type=kind,
                width=width,
                height=width // 2,
            )
            for width in WIDTHS
            for kind in TYPES
        ]


@pytest.fixture
def darkrooms():
    return FakeDarkrooms()


@pytest.fixture
def objects():
    return MemoryObjects()


@pytest.fixture
def picture():
    """A new original, 12 x 6 unless another size is asked for."""
    numbers = count()

    def make(size=(12, 6)):
        number = next(numbers)
        file = io.BytesIO()
        Image.new("RGB", size, (number % 256, number // 256, 7)).save(file, "PNG")
        return file.getvalue()

    return make


@pytest.fixture
def uploaded(objects, picture):
    """Store an original as the media service does; return its name."""

    async def upload(content=None, content_type="image/png"):
        content = picture() if content is None else content
        name = name_of(content, content_type, new_upload())
        await objects.put(name, content)
        return name

    return upload


@pytest.fixture
def developing_on(darkrooms):
    def make(objects, *, at_once=1, drops_originals=False):
        return Developing(objects, darkrooms, at_once=at_once, drops_originals=drops_originals)

    return make


@pytest.fixture
def pipeline_on(developing_on):
    def make(objects, **how):
        return Pipeline(developing_on(objects, **how), Clearing(objects))

    return make


class Events:
    """What posts and users tell; each event has an id of its own."""

    def __init__(self):
        self._numbers = count(1)

    def event(self, kind, **body):
        number = next(self._numbers)
        return Event(event_id=f"post_db-1:{number}", kind=kind, at_s=0.0, body=body)

    def post_created(self, name, post_id="7"):
        url = url_of(name) if name else ""
        return self.event("post.created", post_id=post_id, user_id="1", media_url=url)

    def post_deleted(self, name, post_id="7"):
        return self.event("post.deleted", post_id=post_id, user_id="1", media_url=url_of(name))

    def user_registered(self, name, user_id="1"):
        return self.event("user.registered", user_id=user_id, profile_image=url_of(name))

    def user_updated(self, name, user_id="1", **changes):
        body = {"user_id": user_id, "profile_image": url_of(name), **changes}
        return self.event("user.updated", **body)

    def user_deleted(self, name, user_id="1"):
        return self.event("user.deleted", user_id=user_id, profile_image=url_of(name))


@pytest.fixture
def events():
    return Events()


async def everything_in(objects):
    """Return the uploads of which something is stored, a manifest even."""
    return [found.upload async for found in objects.aged(0.0)]


@pytest.fixture
def everything():
    return everything_in


@pytest.fixture
def broker_url(engines):
    """A database of the broker for the tests of the pipeline only."""
    return f"{engines.broker}{'&' if '?' in engines.broker else '?'}db=10"


@pytest.fixture
async def broker(broker_url):
    async with valkey(broker_url) as broker:
        await broker.flushdb()
        yield broker
        await broker.flushdb()
