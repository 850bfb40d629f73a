"""What the timeline service answers over HTTP."""

import re

import pytest
from prometheus_client import REGISTRY

from reference_impl.chassis.cursors import Cursors
from reference_impl.chassis.settings import Settings
from reference_impl.timeline.app import create_app

SETTINGS = Settings(secret="s3cret", page_limit=2)


@pytest.fixture
async def network(network_of):
    """Ann has posted five times."""
    network = network_of()
    for _ in range(5):
        await network.post(network.ANN)
    return network


@pytest.fixture
def posts(network):
    """The ids of Ann's posts, newest first."""
    return network.oracle(network.ANN)


@pytest.fixture
async def client(aiohttp_client, network):
    return await aiohttp_client(create_app(network.service, SETTINGS))


@pytest.fixture
def newsfeed(network):
    return f"/user/{network.ANN}/newsfeed"


@pytest.fixture
def as_ann(network):
    return {"X-User-Id": str(network.ANN)}


@pytest.fixture
def page(client, newsfeed, as_ann):
    """Reads a page: the ids on it, and the cursor of the next."""

    async def read(**params):
        answer = await client.get(newsfeed, params=params, headers=as_ann)
        assert answer.status == 200
        body = await answer.json()
        return [int(post["post_id"]) for post in body["posts"]], body["next"]

    return read


async def test_cursors_lead_to_the_end(page, posts):
    first, cursor = await page()
    second, cursor = await page(cursor=cursor)
    third, end = await page(cursor=cursor)
    assert [first, second, third, end] == [posts[:2], posts[2:4], posts[4:], None]


async def test_the_page_is_as_long_as_asked(page, posts):
    assert (await page(limit="4"))[0] == posts[:4]
    assert (await page(limit="100"))[0] == posts


async def test_the_link_leads_to_the_next_page_of_the_same_length(client, newsfeed, as_ann, posts):
    answer = await client.get(newsfeed, params={"limit": "3"}, headers=as_ann)
    found = re.fullmatch('<(.+)>; rel="next"', answer.headers["Link"])
    assert found
    following = await client.get(found[1], headers=as_ann)
    body = await following.json()
    assert [int(post["post_id"]) for post in body["posts"]] == posts[3:]
    assert "Link" not in following.headers


async def test_a_page_says_where_its_posts_were_found(client, newsfeed, as_ann, network):
    sources = []
    for is_away in (False, False, True):
        for server in network.servers:
            server.is_away = is_away
        answer = await client.get(newsfeed, headers=as_ann)
        sources.append(answer.headers["Feed-Source"])
    assert sources == ["built", "timeline", "pull"]


def counted(name, **labels):
    return REGISTRY.get_sample_value(f"feedtwin_newsfeed_{name}_total", labels) or 0


async def test_pages_are_counted_by_where_their_posts_were_found(page, network):
    names = [("pages", {"source": "built"}), ("pages", {"source": "pull"})]
    names.append(("pages_without_store", {}))
    before = [counted(name, **labels) for name, labels in names]
    await page()
    for server in network.servers:
        server.is_away = True
    await page()
    after = [counted(name, **labels) for name, labels in names]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1, 1]


def tampered(cursor):
    return cursor[:2] + ("A" if cursor[2] != "A" else "B") + cursor[3:]


def cursor_of(user, post, *, secret=SETTINGS.secret, purpose="newsfeed"):
    return Cursors(secret).write(purpose, user, post)


@pytest.mark.parametrize("limit", ["0", "-1", "abc", "101", ""])
async def test_a_limit_out_of_bounds_is_refused(client, newsfeed, as_ann, limit):
    answer = await client.get(newsfeed, params={"limit": limit}, headers=as_ann)
    assert answer.status == 400
    assert answer.content_type == "application/problem+json"
    assert "limit" in (await answer.json())["detail"]


async def test_only_cursors_given_out_to_this_reader_for_this_list_lead_on(
    client, newsfeed, as_ann, network, posts
):
    good = cursor_of(network.ANN, posts[1])
    bad = [
        "",
        "7",
        "\x00\xff",
        tampered(good),
        cursor_of(network.ANN, posts[1], secret="another"),
        cursor_of(network.BOB, posts[1]),
        cursor_of(network.ANN, posts[1], purpose="posts"),
    ]
    for cursor in bad:
        answer = await client.get(newsfeed, params={"cursor": cursor}, headers=as_ann)
        assert answer.status == 400, cursor
        assert answer.content_type == "application/problem+json"
        assert "cursor" in (await answer.json())["detail"]
    answer = await client.get(newsfeed, params={"cursor": good}, headers=as_ann)
    body = await answer.json()
    assert [int(post["post_id"]) for post in body["posts"]] == posts[2:4]


@pytest.mark.parametrize(
    ("caller", "status"), [(None, 401), ("me", 401), ("7", 403), ("owner", 200)]
)
async def test_only_the_reader_may_read(client, newsfeed, network, caller, status):
    name = str(network.ANN) if caller == "owner" else caller
    answer = await client.get(newsfeed, headers={} if name is None else {"X-User-Id": name})
    assert answer.status == status


async def test_nobody_is_called_me(client, as_ann):
    assert (await client.get("/user/me/newsfeed", headers=as_ann)).status == 404


async def test_without_the_follow_service_the_page_is_refused(client, newsfeed, as_ann, network):
    network.follows.is_away = True
    answer = await client.get(newsfeed, headers=as_ann)
    assert answer.status == 503
    assert answer.content_type == "application/problem+json"


async def test_an_own_post_is_shown_on_the_next_page(client, network, page, posts):
    await page()
    post = network.write(network.ANN)
    answer = await client.post(f"/internal/users/{network.ANN}/own", json={"post_id": str(post)})
    assert (answer.status, await answer.json()) == (200, {"delivered": 1})
    assert (await page())[0] == [post, posts[0]]


async def test_an_own_post_of_who_does_not_read_is_put_nowhere(client, network):
    post = network.write(network.BOB)
    answer = await client.post(f"/internal/users/{network.BOB}/own", json={"post_id": str(post)})
    assert await answer.json() == {"delivered": 0}


@pytest.mark.parametrize(
    ("user", "body", "status"),
    [
        ("7", {}, 400),
        ("7", {"post_id": 7}, 400),
        ("7", {"post_id": "seven"}, 400),
        ("7", [], 400),
        ("9" * 19, {"post_id": "7"}, 400),
        ("me", {"post_id": "7"}, 404),
    ],
)
async def test_an_own_post_that_cannot_be_read_is_refused(client, user, body, status):
    answer = await client.post(f"/internal/users/{user}/own", json=body)
    assert answer.status == status
    assert answer.content_type == "application/problem+json"


async def test_an_own_post_while_its_server_is_away_is_a_503(client, network):
    for server in network.servers:
        server.is_away = True
    answer = await client.post(f"/internal/users/{network.ANN}/own", json={"post_id": "7"})
    assert answer.status == 503
