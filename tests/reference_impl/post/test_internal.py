from typing import Any

import pytest

from model.rules.ids import EPOCH_MS, ID_MAX, id_of
from model.rules.influencers import Delivery
from reference_impl.chassis.policies import FixedPolicy
from reference_impl.chassis.settings import Settings
from reference_impl.post.app import create_app
from reference_impl.post.authors import AUTHORS_MAX, AuthorsService
from reference_impl.post.memory import MemoryAuthorIndex, MemoryPostStore
from reference_impl.post.posts import PostType
from reference_impl.post.service import Neighbours, PostService

NOW_MS = EPOCH_MS + 86_400_000


def post_id(number):
    return id_of(NOW_MS, 0, number)


@pytest.fixture
async def client(aiohttp_client, new_post):
    """Posts 1 to 5: by 7 and 8 in turn, and the third is merged."""
    store, index = MemoryPostStore(), MemoryAuthorIndex()
    nobody: Any = object()  # is never asked
    for number in range(1, 6):
        delivery = Delivery.MERGE if number == 3 else Delivery.PUSH
        author = 8 if number % 2 == 0 else 7
        post = new_post(post_id=post_id(number), user_id=author, delivery=delivery)
        await store.insert(post)
        await index.add(post)
    service = PostService(
        store=store,
        index=index,
        neighbours=Neighbours(media=nobody, follows=nobody, users=nobody, timelines=nobody),
        minter=nobody,
        policies=FixedPolicy(),
    )
    return await aiohttp_client(
        create_app(service, AuthorsService(index, lambda: NOW_MS), Settings())
    )


def texts(*numbers):
    return [str(post_id(number)) for number in numbers]


async def asked(client, path, **body):
    answer = await client.post(f"/internal/posts/{path}", json=body)
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def test_posts_are_read_by_id_and_missing_ones_left_out(client):
    ids = ",".join([*texts(5), "12", *texts(1)])
    answer = await client.get("/internal/posts", params={"ids": ids})
    posts = (await answer.json())["posts"]
    assert [post["post_id"] for post in posts] == texts(5, 1)


async def test_nobody_outside_is_told_how_a_post_is_delivered(client):
    answer = await client.get("/internal/posts", params={"ids": texts(3)[0]})
    [post] = (await answer.json())["posts"]
    assert post["type"] == PostType.IMAGE.value
    assert not {"delivery", "follower_count"} & post.keys()


@pytest.mark.parametrize("ids", ["", "x", "1,,2", "-1", "9" * 30, ",".join(["1"] * 101)])
async def test_ids_that_are_none_are_refused(client, ids):
    assert (await client.get("/internal/posts", params={"ids": ids})).status == 400


async def test_the_newest_of_several_authors_come_as_one_list(client):
    question = {"author_ids": ["7", "8", "9"], "before": None, "limit": 3, "deliveries": None}
    assert await asked(client, "by-authors", **question) == {"ids": texts(5, 4, 3)}


async def test_a_list_begins_below_a_post(client):
    question = {"author_ids": ["7", "8"], "before": texts(4)[0], "limit": 2}
    assert await asked(client, "by-authors", **question) == {"ids": texts(3, 2)}


async def test_a_list_may_be_of_some_deliveries(client):
    question = {"author_ids": ["7", "8"], "limit": 9, "deliveries": ["merge", "edge"]}
    assert await asked(client, "by-authors", **question) == {"ids": texts(3)}
    assert await asked(client, "lists", **question) == {"lists": {"7": texts(3), "8": []}}


async def test_every_author_has_a_list_of_its_own(client):
    question = {"author_ids": ["7", "8", "9"], "limit": 2}
    assert await asked(client, "lists", **question) == {
        "lists": {"7": texts(5, 3), "8": texts(4, 2), "9": []}
    }


async def test_how_often_authors_post_is_told_per_day(client):
    assert await asked(client, "rates", author_ids=["7", "9"]) == {"per_day": {"7": 0.1, "9": 0.0}}


async def test_of_nobody_there_is_nothing(client):
    assert await asked(client, "by-authors", author_ids=[], limit=1) == {"ids": []}
    assert await asked(client, "lists", author_ids=[], limit=1) == {"lists": {}}
    assert await asked(client, "rates", author_ids=[]) == {"per_day": {}}


@pytest.mark.parametrize("path", ["by-authors", "rates"])
async def test_as_many_authors_may_be_named_as_one_may_follow(client, path):
    authors = [str(ID_MAX - number) for number in range(AUTHORS_MAX)]
    await asked(client, path, author_ids=authors, limit=1)


async def test_authors_to_merge_are_told_in_pages(client):
    for query, ids in (({}, ["7"]), ({"after": "6", "limit": "1"}, ["7"]), ({"after": "7"}, [])):
        answer = await client.get("/internal/merge-authors", params=query)
        assert await answer.json() == {"ids": ids}


GOOD = {"author_ids": ["7"], "before": None, "limit": 1, "deliveries": None}


@pytest.mark.parametrize(
    "wrong",
    [
        {"author_ids": None},
        {"author_ids": "7"},
        {"author_ids": [7]},
        {"author_ids": ["x"]},
        {"author_ids": ["9" * 30]},
        {"author_ids": ["1"] * (AUTHORS_MAX + 1)},
        {"limit": 0},
        {"limit": 1_001},
        {"limit": "1"},
        {"limit": True},
        {"limit": 1.0},
        {"limit": None},
        {"before": 12},
        {"before": "x"},
        {"deliveries": "push"},
        {"deliveries": ["shove"]},
        {"deliveries": [1]},
        {"deliveries": [["push"]]},
        {"deliveries": {"push": 1}},
    ],
    ids=str,
)
async def test_questions_about_authors_are_refused_by_name(client, wrong):
    paths = ["by-authors"]
    paths += [] if "before" in wrong else ["lists"]
    paths += ["rates"] if "author_ids" in wrong else []
    for path in paths:
        answer = await client.post(f"/internal/posts/{path}", json={**GOOD, **wrong})
        assert answer.status == 400
        assert next(iter(wrong)) in (await answer.json())["detail"]


async def test_too_many_lists_are_refused(client):
    question = {**GOOD, "author_ids": [str(number) for number in range(1_001)]}
    assert (await client.post("/internal/posts/lists", json=question)).status == 400


async def test_a_question_has_a_length(client):
    answer = await client.post("/internal/posts/rates", json={"author_ids": ["1" * 18] * 20_000})
    assert answer.status == 413


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "after=x", "after=-1"])
async def test_pages_of_authors_to_merge_are_refused_by_name(client, query):
    answer = await client.get(f"/internal/merge-authors?{query}")
    assert answer.status == 400
    assert query.partition("=")[0] in (await answer.json())["detail"]
