"""How the timeline service asks the follow and the post service over HTTP."""

from contextlib import AsyncExitStack

import pytest
from aiohttp import web

from reference_impl.chassis.clients import ServiceClient
from reference_impl.timeline.neighbours import FollowClient, PostClient
from reference_impl.timeline.questions import Followees


class Service:
    """Answers every question with `answer`, and remembers it."""

    def __init__(self, answer):
        self._answer = answer
        self.asked = []

    async def handle(self, request):
        body = await request.json() if request.can_read_body else dict(request.query)
        self.asked.append((request.method, request.path, body))
        return web.json_response(self._answer)


@pytest.fixture
async def answering(aiohttp_server):
    """Starts a service with one answer; returns it and a client of it."""
    async with AsyncExitStack() as clients:

        async def start(answer):
            service = Service(answer)
            app = web.Application()
            app.router.add_route("*", "/{path:.*}", service.handle)
            server = await aiohttp_server(app)
            url = f"http://{server.host}:{server.port}"
            client = await clients.enter_async_context(ServiceClient([url], name="neighbour"))
            return service, client

        yield start


async def test_followees(answering):
    service, client = await answering({"ids": ["7", "8"], "seq": 3})
    assert await FollowClient(client).followees(5) == Followees(ids=frozenset({7, 8}), seq=3)
    assert service.asked == [("GET", "/internal/users/5/followees", {})]


async def test_mirror(answering):
    service, client = await answering({"ids": ["8"], "seq": 4})
    found = await FollowClient(client).mirror(5, since=3)
    assert found == Followees(ids=frozenset({8}), seq=4)
    assert service.asked == [("POST", "/internal/users/5/mirror", {"since": 3})]


async def test_posts(answering):
    service, client = await answering({"posts": [{"post_id": "9"}]})
    assert await PostClient(client).posts([9, 8]) == [{"post_id": "9"}]
    assert service.asked == [("GET", "/internal/posts", {"ids": "9,8"})]


@pytest.mark.parametrize(("before", "written"), [(None, None), (9, "9")])
async def test_posts_of_some_authors(answering, before, written):
    service, client = await answering({"ids": ["8", "6"]})
    assert await PostClient(client).by_authors([1, 2], before=before, limit=5) == [8, 6]
    question = {"author_ids": ["1", "2"], "before": written, "limit": 5, "deliveries": None}
    assert service.asked == [("POST", "/internal/posts/by-authors", question)]


async def test_lists_of_what_is_not_pushed(answering):
    service, client = await answering({"lists": {"1": ["8", "6"], "2": []}})
    assert await PostClient(client).lists([1, 2], limit=5) == {1: [8, 6], 2: []}
    question = {"author_ids": ["1", "2"], "limit": 5, "deliveries": ["merge", "edge"]}
    assert service.asked == [("POST", "/internal/posts/lists", question)]


async def test_rates(answering):
    service, client = await answering({"per_day": {"1": 2.5, "2": 0}})
    assert await PostClient(client).rates([1, 2]) == {1: 2.5, 2: 0.0}
    assert service.asked == [("POST", "/internal/posts/rates", {"author_ids": ["1", "2"]})]


async def test_authors_to_merge(answering):
    service, client = await answering({"ids": ["7", "9"]})
    assert await PostClient(client).merge_authors(after=5, limit=2) == [7, 9]
    assert service.asked == [("GET", "/internal/merge-authors", {"after": "5", "limit": "2"})]
