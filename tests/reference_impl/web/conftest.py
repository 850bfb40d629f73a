"""The pages in front of a gateway that answers as told, and a browser of few words."""

import asyncio
import json
import re
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from reference_impl.chassis.clients import ServiceClient
from reference_impl.chassis.settings import Settings
from reference_impl.web.app import create_app
from reference_impl.web.assets import Assets
from reference_impl.web.rendering import templates_with

SECRET = "a secret of the tests, long enough"
TOKEN = "t" * 43
ADA, BOB = "7000000000000001", "7000000000000002"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
VOID = frozenset(["meta", "link", "img", "input", "source", "br", "path", "rect", "circle", "use"])


def media(number, suffix="jpg"):
    return f"/media/{number:064x}-{number:016x}.{suffix}"


def person(user_id=ADA, first_name="Ada", last_name="King", **more):
    return {
        "user_id": user_id,
        "username": f"{first_name.lower()}.{user_id[-1]}",
        "first_name": first_name,
        "last_name": last_name,
        "profile_image": media(int(user_id)),
        **more,
    }


def renditions(number, width, height):
    widths = [its for its in (1080, 640, 320) if its <= width]
    return [
        {
            "url": media(number * 10 + at * 2 + is_jpeg, "jpg" if is_jpeg else "webp"),
            "width": its,
            "height": its * height // width,
            "type": "image/jpeg" if is_jpeg else "image/webp",
        }
        for at, its in enumerate(widths)
        for is_jpeg in (0, 1)
    ]


def image_post(number=1, user_id=BOB, status="ready", **more):
    of_image = {"status": status, "width": 1200, "height": 800, "renditions": []}
    if status == "ready":
        of_image["renditions"] = renditions(number, 1200, 800)
    return {
        "post_id": str(8000000000000000 + number),
        "user_id": user_id,
        "created_at": "2026-11-22T09:30:00.123Z",
        "type": "image",
        "caption": "The lake",
        "image_url": media(number),
        "image": of_image,
        **more,
    }


def text_post(number=2, user_id=BOB, text="No picture today.", **more):
    return {
        "post_id": str(8000000000000000 + number),
        "user_id": user_id,
        "created_at": "2026-11-22T11:58:00.000Z",
        "type": "text",
        "caption": "",
        "text": text,
        **more,
    }


def video_post(number=3, user_id=BOB, **more):
    return {
        "post_id": str(8000000000000000 + number),
        "user_id": user_id,
        "created_at": "2026-11-01T11:58:00.000Z",
        "type": "video",
        "caption": "",
        "video_url": media(number, "mp4"),
        **more,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Held:
    def __init__(self):
        self.reached = asyncio.Event()
        self.release = asyncio.Event()


@dataclass(slots=True, kw_only=True)
class FakeGateway:
    """Answers what it has been told to, remembers what it was asked."""

    answers: dict[tuple[str, str], tuple[int, Any, dict[str, str]]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    held: Held | None = None

    def says(self, method, path, body=None, *, status=200, **headers):
        self.answers[method, path] = (status, body, headers)

    def refuses(self, method, path, status, detail, **headers):
        self.says(method, path, {"detail": detail}, status=status, **headers)

    def asks_of(self, path):
        return [asked for asked in self.asked if asked.path == path]

    def hold(self):
        """Hold every further answer; what is returned says when one is held, and lets go."""
        self.held = Held()
        return self.held

    async def answer(self, request):
        if self.held:
            self.held.reached.set()
            await self.held.release.wait()
        self.asked.append(
            Asked(
                method=request.method,
                path=request.path,
                query=dict(request.query),
                headers=dict(request.headers),
                body=await request.read(),
            )
        )
        asked = (request.method, request.path)
        if asked not in self.answers:
            return web.json_response({"detail": "there is no such path"}, status=404)
        status, body, headers = self.answers[asked]
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is None:
            return web.Response(status=status, headers=told)
        return web.json_response(body, status=status, headers=told)


@pytest.fixture
def gateway():
    """A gateway at which Ada follows Bob, who has posted."""
    fake = FakeGateway()
    bob = person(BOB, "Bob", "Stone", follower_count=1234, followed=True, location="Oslo")
    ada = person(follower_count=1, followed=False)
    posts = [text_post(), image_post(), video_post()]
    fake.says("GET", f"/user/{ADA}/newsfeed", {"posts": posts, "next": "older+1"})
    fake.says("GET", "/users", {"users": [person(BOB, "Bob", "Stone")]})
    fake.says("GET", f"/user/{BOB}/profile", bob)
    fake.says("GET", f"/user/{BOB}/posts", {"posts": posts, "next": None})
    fake.says("GET", f"/user/{ADA}/profile", ada)
    fake.says("GET", f"/user/{ADA}/posts", {"posts": [], "next": None})
    for post, author in ((posts[1], bob), (image_post(9, ADA), ada)):
        answer = {"post": post, "author": author}
        fake.says("GET", f"/post/{post['post_id']}", answer)
    fake.says("GET", "/search", {"users": [bob], "next": None, "complete": True})
    account = {**person(fields={"pronouns": "she/her"}), "email": "ada@example.org", "age": 36}
    fake.says("GET", f"/user/{ADA}/account", {**account, "created_at": "2026-01-01T00:00:00.000Z"})
    fake.says("GET", f"/user/{ADA}/blocked", {"users": [], "next": None})
    return fake


class Balance(HTMLParser):
    """Reads HTML as strictly as one must to find what is not closed, or closed twice."""

    def __init__(self):
        super().__init__()
        self.open = []
        self.tags = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        assert len({name for name, _ in attrs}) == len(attrs), f"<{tag}> says something twice"
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open, f"</{tag}> closes nothing"
            assert self.open[-1] == tag, f"</{tag}> closes <{self.open[-1]}>"
            self.open.pop()


def tags_of(html):
    """Every tag with its attributes, of HTML that is well-formed."""
    parser = Balance()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    return parser.tags


class Browser:
    """Gets pages and sends the forms in them, as their visitor would."""

    def __init__(self, client):
        self.client = client

    def sign_in(self, *, name="session", user_id=ADA, token=TOKEN):
        cookie = {name: f"{user_id}.{token}"}
        self.client.cookie_jar.update_cookies(cookie, URL("http://localhost"))
        return self

    @property
    def cookies(self):
        return {cookie.key: cookie.value for cookie in self.client.cookie_jar}

    async def get(self, path, **headers):
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.get(path, headers=told, allow_redirects=False)

    async def page(self, path, *, status=200):
        answer = await self.get(path)
        assert answer.status == status, await answer.text()
        text = await answer.text()
        tags_of(text)
        return text

    async def form_of(self, path, action):
        """The hidden fields of the form with this action, as the page at the path has it."""
        text = await self.page(path)
        form = re.search(rf'<form[^>]*action="{action}".*?</form>', text, re.DOTALL)
        assert form, f"{path} has no form for {action}"
        inputs = [its for tag, its in tags_of(form[0]) if tag == "input"]
        return {its["name"]: its["value"] for its in inputs if its["type"] == "hidden"}

    async def send(self, action, fields, *, files=None, headers=None):
        data = aiohttp.FormData(default_to_multipart=True)
        for name, text in fields.items():
            data.add_field(name, text)
        for name, content in (files or {}).items():
            data.add_field(name, content, filename="chosen", content_type="image/jpeg")
        return await self.client.post(action, data=data, headers=headers, allow_redirects=False)

    async def fill_in(self, path, action, fields, *, files=None, headers=None):
        hidden = await self.form_of(path, action)
        return await self.send(action, {**hidden, **fields}, files=files, headers=headers)


@pytest.fixture(scope="session")
def templates():
    """The templates, compiled once for all tests."""
    return templates_with(Assets())


@pytest.fixture
async def browser_of(gateway, sockets, serving_on, templates):
    """Return a browser in front of the pages with these settings."""
    fake = web.Application(client_max_size=16 << 20)
    fake.router.add_route("*", "/{path:.*}", gateway.answer)
    async with AsyncExitStack() as opened:
        await opened.enter_async_context(serving_on(sockets / "gateway", fake))

        async def open_browser(**settings):
            urls = [f"unix:{sockets}/gateway"]
            asking = await opened.enter_async_context(ServiceClient(urls, name="gateway"))
            app = create_app(
                Settings(secret=SECRET, **settings),
                asking,
                assets=Assets(),
                templates=templates,
                clock=lambda: NOW,
            )
            path = sockets / f"web-{len(list(sockets.iterdir()))}"
            client = await opened.enter_async_context(serving_on(path, app))
            return Browser(client)

        yield open_browser


@pytest.fixture
async def stranger(browser_of):
    return await browser_of()


@pytest.fixture
async def ada(browser_of):
    return (await browser_of()).sign_in()


@pytest.fixture
def tags():
    return tags_of


@pytest.fixture
def make():
    """How posts and people look in the answers of the gateway."""

    class Make:
        ADA, BOB, TOKEN, SECRET = ADA, BOB, TOKEN, SECRET
        person = staticmethod(person)
        image_post = staticmethod(image_post)
        text_post = staticmethod(text_post)
        video_post = staticmethod(video_post)

    return Make
