from dataclasses import replace

import pytest

from model.rules.influencers import Delivery
from reference_impl.post.service import Post
from reference_impl.post.store import PostgresPostStore


@pytest.fixture
def new_post(new_id):
    def make():
        return Post(
            post_id=new_id(),
            user_id=7,
            image_url="/media/0.png",
            caption="naïve ☕",
            delivery=Delivery.MERGE,
            follower_count=12_000,
        )

    return make


async def test_posts_come_back_whole_and_in_the_order_asked_for(store, new_post, new_id):
    posts = [new_post() for _ in range(6)]
    for post in posts:
        assert await store.insert(post)
    asked = [posts[4], posts[0], posts[5], posts[1]]
    ids = [post.post_id for post in asked]
    assert await store.posts([ids[0], new_id(), *ids[1:]]) == asked


async def test_an_id_belongs_to_the_first_post_that_takes_it(store, new_post):
    post = new_post()
    assert await store.insert(post)
    assert not await store.insert(replace(post, caption="usurper"))
    assert await store.posts([post.post_id]) == [post]


async def events_of(database, post_id):
    async with database.connection_of_id(post_id) as connection:
        rows = await connection.execute(
            "SELECT stream, kind, body FROM outbox WHERE body ->> 'post_id' = %s", [str(post_id)]
        )
        return await rows.fetchall()


async def test_a_post_leaves_one_event_on_its_own_server(post_database, new_post):
    store, post = PostgresPostStore(post_database), new_post()
    await store.insert(post)
    await store.insert(post)
    body = {
        "post_id": str(post.post_id),
        "user_id": "7",
        "created_ms": post.created_ms,
        "delivery": "merge",
        "follower_count": 12_000,
    }
    assert await events_of(post_database, post.post_id) == [("events:post", "post.created", body)]


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
