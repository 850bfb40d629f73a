import pytest
from aiohttp import web

from reference_impl.chassis.pages import page_response


@pytest.fixture
async def client(aiohttp_client):
    async def read(request):
        return page_response(
            request,
            "posts",
            ["newest", "older"],
            following=request.query.get("then"),
            limit=2,
            headers={"Feed-Source": "timeline"},
        )

    app = web.Application()
    app.router.add_get("/user/{user_id}/newsfeed", read)
    return await aiohttp_client(app)


async def test_a_page_names_its_items_and_the_cursor_of_the_next(client):
    answer = await client.get("/user/7/newsfeed", params={"then": "abc"})
    assert await answer.json() == {"posts": ["newest", "older"], "next": "abc"}


async def test_the_link_leads_to_the_next_page_of_the_same_size(client):
    answer = await client.get("/user/7/newsfeed", params={"then": "a.b-c_d"})
    assert answer.headers["Link"] == '</user/7/newsfeed?limit=2&cursor=a.b-c_d>; rel="next"'
    link = answer.links["next"]["url"]
    assert (link.path, dict(link.query)) == (
        "/user/7/newsfeed",
        {"limit": "2", "cursor": "a.b-c_d"},
    )


async def test_the_last_page_has_neither_cursor_nor_link(client):
    answer = await client.get("/user/7/newsfeed")
    assert (await answer.json())["next"] is None
    assert "Link" not in answer.headers


async def test_headers_of_the_page_are_kept(client):
    for query in ({}, {"then": "abc"}):
        answer = await client.get("/user/7/newsfeed", params=query)
        assert answer.headers["Feed-Source"] == "timeline"
