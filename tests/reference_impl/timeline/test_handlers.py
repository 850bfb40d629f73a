import re

import pytest

from reference_impl.chassis.settings import Settings
from reference_impl.timeline.app import create_app
from reference_impl.timeline.cursors import Cursors
from reference_impl.timeline.memory import MemoryTimelineStore
from reference_impl.timeline.service import TimelineService

AS_1 = {"X-User-Id": "1"}
SETTINGS = Settings(secret="s3cret", page_limit=2)
NEWSFEED = "/user/1/newsfeed"


class Follows:
    """Everybody follows user 2."""

    async def followees(self, user_id):
        return frozenset({2})


class Posts:
    """Every post is by user 2."""

    async def posts(self, post_ids):
        return [{"post_id": str(post), "user_id": "2"} for post in post_ids]


@pytest.fixture
async def client(aiohttp_client):
    store = MemoryTimelineStore(timelines={1: [5, 6, 7, 8, 9]})
    service = TimelineService(store=store, follows=Follows(), posts=Posts())
    return await aiohttp_client(create_app(service, SETTINGS))


async def page(client, **params):
    answer = await client.get(NEWSFEED, params=params, headers=AS_1)
    assert answer.status == 200
    body = await answer.json()
    return [int(post["post_id"]) for post in body["posts"]], body["next"]


async def test_cursors_lead_to_the_end(client):
    first, cursor = await page(client)
    second, cursor = await page(client, cursor=cursor)
    third, end = await page(client, cursor=cursor)
    assert [first, second, third, end] == [[9, 8], [7, 6], [5], None]


async def test_the_page_is_as_long_as_asked(client):
    assert (await page(client, limit="4"))[0] == [9, 8, 7, 6]
    assert (await page(client, limit="100"))[0] == [9, 8, 7, 6, 5]


async def test_the_link_leads_to_the_next_page_of_the_same_length(client):
    answer = await client.get(NEWSFEED, params={"limit": "3"}, headers=AS_1)
    found = re.fullmatch('<(.+)>; rel="next"', answer.headers["Link"])
    assert found
    following = await client.get(found[1], headers=AS_1)
    body = await following.json()
    assert [post["post_id"] for post in body["posts"]] == ["6", "5"]
    assert "Link" not in following.headers


def tampered(cursor):
    return cursor[:2] + ("A" if cursor[2] != "A" else "B") + cursor[3:]


CURSOR = Cursors(SETTINGS.secret).write(1, 7)


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (NEWSFEED, {}, 401),
        (NEWSFEED, {"X-User-Id": "me"}, 401),
        (NEWSFEED, {"X-User-Id": "2"}, 403),
        (f"{NEWSFEED}?limit=0", AS_1, 400),
        (f"{NEWSFEED}?limit=-1", AS_1, 400),
        (f"{NEWSFEED}?limit=abc", AS_1, 400),
        (f"{NEWSFEED}?limit=101", AS_1, 400),
        (f"{NEWSFEED}?limit=", AS_1, 400),
        (f"{NEWSFEED}?cursor=", AS_1, 400),
        (f"{NEWSFEED}?cursor=7", AS_1, 400),
        (f"{NEWSFEED}?cursor=%00%ff", AS_1, 400),
        (f"{NEWSFEED}?cursor={tampered(CURSOR)}", AS_1, 400),
        (f"{NEWSFEED}?cursor={Cursors('another').write(1, 7)}", AS_1, 400),
        (f"{NEWSFEED}?cursor={Cursors(SETTINGS.secret).write(2, 7)}", AS_1, 400),
        ("/user/me/newsfeed", AS_1, 404),
    ],
)
async def test_refusals_are_problems(client, path, headers, status):
    answer = await client.get(path, headers=headers)
    assert answer.status == status
    assert answer.content_type == "application/problem+json"


async def test_the_cursor_of_the_table_above_would_work_untouched(client):
    assert (await page(client, cursor=CURSOR))[0] == [6, 5]
