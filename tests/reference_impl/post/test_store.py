from dataclasses import replace

import pytest
from psycopg.errors import DiskFull

from model.rules.influencers import Delivery
from reference_impl.chassis.errors import Unavailable
from reference_impl.post.posts import PostType
from reference_impl.post.store import PostgresPostStore


async def test_posts_come_back_whole_and_in_the_order_asked_for(store, new_post, new_id):
    posts = [new_post() for _ in range(6)]
    for post in posts:
        assert await store.insert(post)
    asked = [posts[4], posts[0], posts[5], posts[1]]
    ids = [post.post_id for post in asked]
    assert await store.posts([ids[0], new_id(), *ids[1:]]) == asked


@pytest.mark.parametrize("delivery", Delivery)
@pytest.mark.parametrize(
    "kind",
    [
        {"post_type": PostType.IMAGE, "media_url": "/media/0.png", "alt_text": "a cup"},
        {"post_type": PostType.IMAGE, "image": None},
        {"post_type": PostType.VIDEO, "media_url": "/media/0.mp4", "caption": "", "image": None},
        {"post_type": PostType.TEXT, "media_url": "", "text": "naïve\n☕", "image": None},
    ],
    ids=["image", "image of old", "video", "text"],
)
async def test_every_kind_of_post_comes_back_whole(store, new_post, kind, delivery):
    post = new_post(**kind, delivery=delivery)
    await store.insert(post)
    assert await store.posts([post.post_id]) == [post]


async def test_an_id_belongs_to_the_first_post_that_takes_it(store, new_post):
    post = new_post()
    assert await store.insert(post)
    assert not await store.insert(replace(post, caption="usurper"))
    assert await store.posts([post.post_id]) == [post]


async def test_a_deleted_post_is_gone(store, new_post):
    post, other = new_post(), new_post()
    await store.insert(post)
    await store.insert(other)
    assert await store.delete(post.user_id, [post.post_id]) == [post.post_id]
    assert await store.posts([post.post_id, other.post_id]) == [other]


async def test_a_post_is_deleted_once(store, new_post):
    post = new_post()
    await store.insert(post)
    await store.delete(post.user_id, [post.post_id])
    assert await store.delete(post.user_id, [post.post_id]) == []


async def test_nobody_deletes_another_users_post(store, new_post, new_id):
    post = new_post()
    await store.insert(post)
    assert await store.delete(new_id(), [post.post_id]) == []
    assert await store.posts([post.post_id]) == [post]


async def test_of_many_posts_those_are_deleted_that_are_there(store, new_post, new_id):
    author = new_id()
    posts = [new_post(user_id=author) for _ in range(9)]  # on both servers, but for 1 in 256
    for post in posts:
        await store.insert(post)
    ids = [post.post_id for post in posts]
    assert set(await store.delete(author, [new_id(), *ids[2:]])) == set(ids[2:])
    assert await store.posts(ids) == posts[:2]


@pytest.fixture
def events_of(request, store):
    """What the store told of a post, as (kind, body)."""
    if not isinstance(store, PostgresPostStore):

        async def told(post_id):
            return [event for event in store.events if event[1]["post_id"] == str(post_id)]

        return told
    database = request.getfixturevalue("post_database")

    async def in_outbox(post_id):
        async with database.connection_of_id(post_id) as connection:
            rows = await connection.execute(
                "SELECT kind, body FROM outbox WHERE body ->> 'post_id' = %s AND stream = %s"
                " ORDER BY event_id",
                [str(post_id), "events:post"],
            )
            return await rows.fetchall()

    return in_outbox


async def test_a_post_leaves_one_event_on_its_own_server(store, events_of, new_post):
    post = new_post(delivery=Delivery.MERGE)
    await store.insert(post)
    await store.insert(post)
    body = {
        "post_id": str(post.post_id),
        "user_id": str(post.user_id),
        "created_ms": post.created_ms,
        "delivery": "merge",
        "follower_count": 12,
        "media_url": "/media/0.png",
    }
    assert await events_of(post.post_id) == [("post.created", body)]


async def test_a_deletion_leaves_one_event_on_the_same_server(store, events_of, new_post):
    post = new_post(delivery=Delivery.EDGE)
    await store.insert(post)
    for _ in range(2):
        await store.delete(post.user_id, [post.post_id])
    body = {
        "post_id": str(post.post_id),
        "user_id": str(post.user_id),
        "delivery": "edge",
        "media_url": "/media/0.png",
    }
    assert (await events_of(post.post_id))[1:] == [("post.deleted", body)]


async def test_each_of_many_deletions_leaves_its_event(store, events_of, new_post, new_id):
    author = new_id()
    ids = [new_id() for _ in range(40)]
    for post_id in ids:
        await store.insert(new_post(post_id=post_id, user_id=author))
    await store.delete(author, ids)
    for post_id in ids:
        assert [kind for kind, _ in await events_of(post_id)] == ["post.created", "post.deleted"]


@pytest.fixture
def outbox_full(monkeypatch):
    """Let no event be appended."""

    async def refuse(*_, **__):
        raise DiskFull

    for append in ("append", "append_all"):
        monkeypatch.setattr(f"reference_impl.chassis.events.{append}", refuse)


async def test_a_post_that_cannot_be_told_of_is_not_stored(post_database, new_post, outbox_full):
    store, post = PostgresPostStore(post_database), new_post()
    with pytest.raises(Unavailable):
        await store.insert(post)
    assert await store.posts([post.post_id]) == []


async def test_a_deletion_that_cannot_be_told_of_does_not_happen(post_database, new_post, request):
    store, post = PostgresPostStore(post_database), new_post()
    await store.insert(post)
    request.getfixturevalue("outbox_full")
    with pytest.raises(Unavailable):
        await store.delete(post.user_id, [post.post_id])
    assert await store.posts([post.post_id]) == [post]


async def test_posts_spread_over_the_partitions(post_database, new_post):
    store = PostgresPostStore(post_database)
    for _ in range(64):  # all in one of eight partitions: 8 * (1/8)**64
        await store.insert(new_post())
    for server in post_database.servers:
        async with post_database.connection(server) as connection:
            rows = await connection.execute("SELECT count(DISTINCT tableoid) FROM posts")
            assert (await rows.fetchone())[0] == 4


async def test_the_row_says_when_the_post_was_made(post_database, new_post):
    store, post = PostgresPostStore(post_database), new_post()
    await store.insert(post)
    async with post_database.connection_of_id(post.post_id) as connection:
        rows = await connection.execute(
            "SELECT created_at FROM posts WHERE post_id = %s", [post.post_id]
        )
        [created_at] = await rows.fetchone()
        assert round(created_at.timestamp() * 1000) == post.created_ms
