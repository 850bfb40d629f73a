"""An author whose account is gone: nothing is shown, and nothing is stored any more."""

import asyncio
from typing import Any

import pytest

from model.rules.ids import IdMinter
from model.rules.influencers import Delivery
from model.rules.policy import FeedPolicy
from reference_impl.chassis import events
from reference_impl.chassis.errors import NotFound
from reference_impl.chassis.events import Event
from reference_impl.chassis.policies import FixedPolicy
from reference_impl.post.author_index import PostgresAuthorIndex
from reference_impl.post.consumer import Erasure
from reference_impl.post.posts import Draft
from reference_impl.post.service import Neighbours, PostService
from reference_impl.post.store import PostgresPostStore

SEEN_WITHIN_S = 10.0

# Statements that wait for somebody to let go of this author; a key of 64 bits is listed in halves.
WAITING = """
SELECT count(*) FROM pg_locks
WHERE locktype = 'advisory' AND NOT granted
    AND (classid::bigint << 32) + objid::bigint = %s
"""


def departure_of(user_id):
    body = {"user_id": str(user_id)}
    return Event(event_id="user_db-1:1", kind="user.deleted", at_s=0.0, body=body)


async def test_posts_of_the_departed_are_shown_no_more(store, new_post, new_id):
    author = new_id()
    posts = [new_post(user_id=author) for _ in range(9)]  # on both servers, but for 1 in 256
    other = new_post()
    for post in (*posts, other):
        await store.insert(post)
    ids = [post.post_id for post in (*posts, other)]
    for _ in range(2):
        await store.depart(author)
        assert await store.posts(ids) == [other]


@pytest.mark.parametrize("once", [False, True])
async def test_no_post_of_the_departed_is_stored(store, new_post, once):
    post = new_post()
    await store.depart(post.user_id)
    with pytest.raises(NotFound, match=f"no user {post.user_id}"):
        await store.insert(post, once=once)
    assert await store.erase(post.user_id, [post.post_id]) == []


async def test_what_is_not_shown_can_be_erased(store, new_post):
    post = new_post()
    await store.insert(post)
    await store.depart(post.user_id)
    assert await store.erase(post.user_id, [post.post_id]) == [post.post_id]
    assert await store.erase(post.user_id, [post.post_id]) == []


class Held:
    """A store that waits before it inserts: `reached` says that it does, `go_on` lets it."""

    def __init__(self, store):
        self._store = store
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()

    async def insert(self, post, *, once=False):
        self.reached.set()
        await self.go_on.wait()
        return await self._store.insert(post, once=once)


class Ids(IdMinter):
    """Mints what it is told to."""

    def __init__(self, mint):
        self._mint = mint

    def mint(self):
        return self._mint()


class Anybody:
    """Every neighbour: many followers, so that posts are merged."""

    async def follower_count(self, user_id):
        return 1_000

    async def show_own(self, post):
        raise AssertionError("there is nothing to show")


def service_on(store, index, mint):
    anybody: Any = Anybody()
    return PostService(
        store=store,
        index=index,
        neighbours=Neighbours(media=anybody, follows=anybody, users=anybody, timelines=anybody),
        minter=Ids(mint),
        policies=FixedPolicy(FeedPolicy(influencer_followers_min=100)),
    )


@pytest.mark.parametrize("key", [None, "8e03978e-40d5-43dd-bc93-6894a57f9324"])
async def test_a_post_under_way_while_its_author_is_erased_leaves_nothing(
    store, index, new_id, key
):
    author, held = new_id(), Held(store)
    service = service_on(held, index, new_id)
    attempt = asyncio.create_task(service.create(author, Draft(text="words"), key=key))
    await held.reached.wait()
    assert await index.newest_delivery(author) is Delivery.MERGE
    await Erasure(store, index).handle(departure_of(author))
    held.go_on.set()
    with pytest.raises(NotFound, match=f"no user {author}"):
        await attempt
    assert await index.newest([author], before=None, limit=1) == []
    assert author not in await index.merge_authors(after=author - 1, limit=1)


async def test_a_post_that_comes_too_late_for_the_erasure_leaves_no_entry(store, index, new_post):
    post = new_post(delivery=Delivery.MERGE)
    await Erasure(store, index).handle(departure_of(post.user_id))
    service = service_on(store, index, lambda: post.post_id)
    with pytest.raises(NotFound):
        await service.create(post.user_id, Draft(text="words"), key="a key that is long enough")
    assert await index.newest([post.user_id], before=None, limit=1) == []
    assert post.user_id not in await index.merge_authors(after=post.user_id - 1, limit=1)
    assert await index.add(post, b"another request") is not None


@pytest.fixture
def somebody_waits(post_database):
    """Return once a statement waits for somebody to let go of the author."""

    async def look(user_id, server):
        async with asyncio.timeout(SEEN_WITHIN_S):
            while True:
                async with post_database.connection(server) as connection:
                    rows = await connection.execute(WAITING, [user_id])
                    if (await rows.fetchone())[0]:
                        return
                await asyncio.sleep(0.01)

    return look


async def test_a_departure_waits_for_a_post_that_is_being_stored_and_finds_it(
    post_database, new_post, somebody_waits, monkeypatch
):
    store, post = PostgresPostStore(post_database), new_post()
    reached, go_on, append = asyncio.Event(), asyncio.Event(), events.append

    async def held(*args, **kwargs):
        reached.set()
        await go_on.wait()
        await append(*args, **kwargs)

    monkeypatch.setattr("reference_impl.chassis.events.append", held)
    storing = asyncio.create_task(store.insert(post))
    await reached.wait()
    departing = asyncio.create_task(store.depart(post.user_id))
    await somebody_waits(post.user_id, post_database.table.server_of_id(post.post_id))
    assert not departing.done()
    go_on.set()
    assert await storing
    await departing
    assert await store.posts([post.post_id]) == []
    assert await store.erase(post.user_id, [post.post_id]) == [post.post_id]


@pytest.mark.parametrize("once", [False, True])
async def test_a_post_that_waited_for_a_departure_is_not_stored(
    post_database, new_post, somebody_waits, once
):
    store, post = PostgresPostStore(post_database), new_post()
    server = post_database.table.server_of_id(post.post_id)
    async with post_database.connection(server) as connection:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", [post.user_id])
            await connection.execute("INSERT INTO departed_authors VALUES (%s)", [post.user_id])
            storing = asyncio.create_task(store.insert(post, once=once))
            await somebody_waits(post.user_id, server)
        with pytest.raises(NotFound):
            await storing
    assert await store.erase(post.user_id, [post.post_id]) == []


async def test_what_goes_with_an_account_is_told_of_apart_from_what_people_delete(
    post_database, new_post
):
    store, index = PostgresPostStore(post_database), PostgresAuthorIndex(post_database)
    deleted, erased = new_post(), new_post()
    for post in (deleted, erased):
        await index.add(post)
        await store.insert(post)
    await store.delete(deleted.user_id, [deleted.post_id])
    await Erasure(store, index).handle(departure_of(erased.user_id))
    streams = []
    for post in (deleted, erased):
        async with post_database.connection_of_id(post.post_id) as connection:
            rows = await connection.execute(
                "SELECT stream FROM outbox WHERE kind = 'post.deleted' AND body ->> 'post_id' = %s",
                [str(post.post_id)],
            )
            streams += await rows.fetchall()
    assert streams == [("events:post",), ("events:erasure",)]
