"""What only the store on PostgreSQL has: servers, events, and locks that others hold."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from reference_impl.chassis.databases import load_queries
from reference_impl.chassis.errors import Forbidden
from reference_impl.follow.store import PostgresFollowStore

PATIENCE_S = 10.0
QUERIES = load_queries("reference_impl.follow")
WAITING = """
    SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE %s
"""


@pytest.fixture
def store(user_database):
    return PostgresFollowStore(user_database)


async def events_about(database, user_id, field):
    """Return (stream, kind, body) of the events in the outbox of the user's server."""
    async with database.connection_of_id(user_id) as connection:
        rows = await connection.execute(
            "SELECT stream, kind, body FROM outbox WHERE body ->> %s = %s ORDER BY event_id",
            [field, str(user_id)],
        )
        return await rows.fetchall()


@asynccontextmanager
async def changing(database, follower_id):
    """Be in the middle of a transaction that changes this follower's pairs."""
    async with database.connection_of_id(follower_id) as connection, connection.transaction():
        await connection.execute(QUERIES["lock"], {"follower_ids": [follower_id]})
        yield connection


async def somebody_waits(database, owner_id, statement="INSERT INTO follow_changes"):
    """Return as soon as such a statement waits for a lock on the server of this user.

    PostgreSQL tells nobody when one begins to wait, so it is asked.
    """
    async with asyncio.timeout(PATIENCE_S), database.connection_of_id(owner_id) as connection:
        while (await (await connection.execute(WAITING, [f"{statement}%"])).fetchone())[0] == 0:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_the_events_of_changes_lie_in_the_outbox_of_the_followers_server(
    store, user_database, on_one_server
):
    follower, target = on_one_server(0), on_one_server(1)
    await store.follow(follower, target)
    await store.end([(follower, target)])
    pair = {"follower_id": str(follower), "target_id": str(target)}
    assert await events_about(user_database, follower, "follower_id") == [
        ("events:follow", "follow.followed", {**pair, "version": 1}),
        ("events:follow", "follow.unfollowed", {**pair, "version": 2}),
    ]


async def test_what_changes_nothing_tells_nothing(store, user_database, new_id):
    follower, target = new_id(), new_id()
    await store.follow(follower, target)
    await store.follow(follower, target)
    await store.end([(target, follower)])
    assert len(await events_about(user_database, follower, "follower_id")) == 1
    assert await events_about(user_database, target, "follower_id") == []


async def test_the_events_of_blocks_lie_in_the_outbox_of_who_blocks(
    store, user_database, on_one_server
):
    user, target = on_one_server(1), on_one_server(0)
    await store.block(user, target)
    await store.block(user, target)
    await store.unblock(user, target)
    await store.unblock(user, target)
    pair = {"user_id": str(user), "target_id": str(target)}
    assert await events_about(user_database, user, "user_id") == [
        ("events:follow", "follow.blocked", {**pair, "version": 1}),
        ("events:follow", "follow.unblocked", {**pair, "version": 2}),
    ]


async def test_each_follow_that_a_block_ends_tells_so_on_its_followers_server(
    store, user_database, on_one_server
):
    user, target = on_one_server(0), on_one_server(1)
    await store.follow(user, target)
    await store.follow(target, user)
    block, _ = await store.block(user, target)
    await store.mirror_block(block)
    for follower in (user, target):
        kinds = [kind for _, kind, _ in await events_about(user_database, follower, "follower_id")]
        assert kinds == ["follow.followed", "follow.unfollowed"]


async def test_one_way_asks_only_servers_that_own_the_shards(one_way_database, on_one_server):
    store = PostgresFollowStore(one_way_database, kept="follower")
    target, near, far = on_one_server(0), on_one_server(0), on_one_server(1)
    for follower in (near, far):
        await store.follow(follower, target)
    async with one_way_database.connection(1) as connection, connection.transaction():
        await connection.execute("LOCK TABLE follows IN ACCESS EXCLUSIVE MODE")
        async with asyncio.timeout(PATIENCE_S):
            page = await store.followers(target, after=0, limit=9, shards=range(2048))
    assert page == [near]


async def test_one_way_writes_nothing_by_target(one_way_database, new_id):
    store, target = PostgresFollowStore(one_way_database, kept="follower"), new_id()
    change = await store.follow(new_id(), target)
    assert change is not None
    await store.reflect([change])
    async with one_way_database.connection_of_id(target) as connection:
        rows = await connection.execute(
            "SELECT count(*) FROM followers WHERE target_id = %s", [target]
        )
        assert await rows.fetchone() == (0,)


async def test_a_block_waits_for_a_follow_that_is_under_way_and_ends_it(
    store, user_database, new_id
):
    one, other = new_id(), new_id()
    block, _ = await store.block(one, other)
    async with changing(user_database, other) as connection:
        mirroring = asyncio.create_task(store.mirror_block(block))
        await somebody_waits(user_database, other)
        await connection.execute(
            QUERIES["follow"],
            {"follower_id": other, "target_id": one, "followees_max": 10},
        )
    assert [change.pair for change in await mirroring] == [(other, one)]


async def test_a_follow_waits_for_a_block_that_is_under_way_and_is_refused(
    store, user_database, new_id
):
    one, other = new_id(), new_id()
    async with changing(user_database, other) as connection:
        following = asyncio.create_task(store.follow(other, one))
        await somebody_waits(user_database, other)
        await connection.execute(
            QUERIES["mirror_block"],
            {"user_id": one, "target_id": other, "blocked": True, "version": 1},
        )
    with pytest.raises(Forbidden):
        await following


async def test_a_departure_waits_for_a_follow_that_is_under_way(store, user_database, new_id):
    one, other = new_id(), new_id()
    async with changing(user_database, one) as connection:
        departing = asyncio.create_task(store.depart(one))
        await somebody_waits(user_database, one)
        await connection.execute(
            QUERIES["follow"],
            {"follower_id": one, "target_id": other, "followees_max": 10},
        )
        assert not departing.done()
    await departing
    assert (await store.followees(one)).ids == [other]


async def test_an_unblock_waits_for_a_block_that_is_under_way(store, user_database, new_id):
    one, other = new_id(), new_id()
    async with changing(user_database, one) as connection:
        unblocking = asyncio.create_task(store.unblock(one, other))
        await somebody_waits(user_database, one)
        await connection.execute(
            QUERIES["block"], {"user_id": one, "target_id": other, "blocked_max": 10}
        )
    block = await unblocking
    assert (block.blocked, block.version) == (False, 2)


async def test_who_departs_while_a_follow_is_reflected_is_seen_by_who_reflects_it(
    store, user_database, new_id
):
    target = new_id()
    change = await store.follow(new_id(), target)
    row = "INSERT INTO followers (target_id, follower_id, following) VALUES (%s, %s, true)"
    async with (
        user_database.connection_of_id(target) as connection,
        connection.transaction(force_rollback=True),
    ):
        await connection.execute(row, [target, change.follower_id])
        reflecting = asyncio.create_task(store.reflect([change]))
        await somebody_waits(user_database, target, "WITH reflected")
        await store.depart(target)
    assert await reflecting == [change]


async def test_many_who_end_pairs_of_the_same_followers_do_not_wait_in_a_ring(store, on_one_server):
    followers = [on_one_server(0) for _ in range(12)]
    targets = [on_one_server(1) for _ in range(6)]
    for follower in followers:
        for target in targets:
            await store.follow(follower, target)
    batches = [
        [(follower, target) for follower in (followers if number % 2 else reversed(followers))]
        for number, target in enumerate(targets)
    ]
    ended = await asyncio.gather(*(store.end(batch) for batch in batches))
    assert [len(changes) for changes in ended] == [12] * 6


async def test_followees_and_their_count_are_of_one_moment(store, new_id):
    """The pairs end one by one: an answer whose count were of another moment would not add up."""
    follower, targets = new_id(), [new_id() for _ in range(30)]
    for target in targets:
        await store.follow(follower, target)

    async def end_all():
        for target in targets:
            await store.end([(follower, target)])

    ending = asyncio.create_task(end_all())
    answers = []
    while not ending.done():
        answers.append(await store.followees(follower))
    await ending
    assert len(answers) > 5
    assert {len(answer.ids) + answer.seq for answer in answers} == {60}
