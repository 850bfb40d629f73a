"""Leaving, beside the real post service, while no event is handled: the broker is away."""

from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import FormData, web

from reference_impl.chassis.callers import USER_ID
from reference_impl.post.app import assemble as assemble_posts
from reference_impl.user.app import assemble as assemble_users


@pytest.fixture
async def others(aiohttp_server):
    """Every other service at one address."""
    app = web.Application()

    def answer(method, path, body, status=200):
        async def handler(_):
            return web.json_response(body, status=status)

        app.router.add_route(method, path, handler)

    answer("PUT", "/internal/objects", {"url": "/media/x.png"}, 201)
    answer("GET", "/internal/users/{user_id}/follower-count", {"count": 3})
    answer("GET", "/internal/users/{user_id}/hidden", {"ids": []})
    answer("POST", "/internal/users/{user_id}/own", {"delivered": 1})
    return str((await aiohttp_server(app)).make_url(""))


@pytest.fixture
def settings(engines, others, minter, sockets):
    return replace(
        engines.settings,
        instance=f"leaving-{minter.mint()}",
        broker=f"unix://{sockets}/away",
        media_urls=(others,),
        follow_urls=(others,),
        timeline_urls=(others,),
        user_urls=(f"unix:{sockets}/user",),
        post_urls=(f"unix:{sockets}/post",),
        database_connections=2,
    )


@pytest.fixture
async def client(settings, serving_on, sockets):
    async with assemble_users(settings) as app, serving_on(sockets / "user", app) as client:
        yield client


@pytest.fixture
def post_service(settings, serving_on, sockets):
    """A function that begins the post service, for as long as the block lasts."""

    @asynccontextmanager
    async def begin():
        async with assemble_posts(settings) as app, serving_on(sockets / "post", app) as client:
            yield client

    return begin


class Posts:
    """The post service, as its callers see it."""

    def __init__(self, client, user_id):
        self._client = client
        self._headers = {USER_ID: user_id}
        self._path = f"/user/{user_id}/post"

    async def write(self):
        form = FormData({"text": "words"}, default_to_multipart=True)
        return await self._client.post(self._path, data=form, headers=self._headers)

    async def seen(self, post_id):
        """Say where the post is seen: among those of a feed, by itself, in its author's list."""
        feed = await self._client.get("/internal/posts", params={"ids": post_id})
        page = await self._client.get(f"/post/{post_id}", headers={USER_ID: "1"})
        whole = await self._client.get(f"{self._path}s", headers={USER_ID: "1"})
        listed = (await whole.json())["posts"] if whole.status == 200 else []
        return len((await feed.json())["posts"]), page.status == 200, len(listed)


async def test_when_it_is_answered_nobody_sees_a_post_any_more(newcomer, post_service):
    person = await newcomer().register()
    async with post_service() as service:
        posts = Posts(service, person.user_id)
        post_id = (await (await posts.write()).json())["post"]["post_id"]
        assert await posts.seen(post_id) == (1, True, 1)
        assert (await person.delete()).status == 204
        assert await posts.seen(post_id) == (0, False, 0)
        assert (await posts.write()).status == 404


async def test_while_posts_cannot_be_hidden_it_is_not_answered(newcomer, post_service):
    person = await newcomer().register()
    async with post_service() as service:
        post_id = (await (await Posts(service, person.user_id).write()).json())["post"]["post_id"]
    assert (await person.delete()).status == 503
    async with post_service() as service:
        posts = Posts(service, person.user_id)
        assert (await posts.seen(post_id))[0] == 1
        assert (await person.delete()).status == 204
        assert await posts.seen(post_id) == (0, False, 0)
