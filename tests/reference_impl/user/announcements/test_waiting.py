"""What announcing waits for: room, other events, other services, other instances."""

import asyncio

import pytest

from reference_impl.chassis.databases import ShardedDatabase
from reference_impl.chassis.errors import Unavailable
from reference_impl.user import announcements as rules
from reference_impl.user.announcement_memory import MemoryAnnouncementStore
from reference_impl.user.announcement_store import PostgresAnnouncementStore
from reference_impl.user.announcements import OUTBOX_MAX, Announcements, Progress

PATIENCE_S = 20.0


async def test_of_two_instances_at_once_one_announces(
    announcements, another, announcement_store, told, people, follows, new_rebuild
):
    """Both have read the same users when the first one writes."""
    both = asyncio.Barrier(2)
    counts = follows.follower_counts

    async def counts_with(user_ids):
        await both.wait()
        return await counts(user_ids)

    ids, rebuild = await people(4), new_rebuild()
    await announcements.begin(rebuild)
    with_some = [
        server
        for server in announcements.servers
        if await announcement_store.users_after(server, -1, limit=1)
    ]
    follows.follower_counts = counts_with
    async with asyncio.timeout(PATIENCE_S):
        for server in with_some:
            made = await asyncio.gather(announcements.step(server), another.step(server))
            assert sorted(each.value for each in made) == ["held up", "made"]
            await told.all()
    assert sorted(await told.users(rebuild)) == sorted(ids)


async def test_an_end_is_told_once_by_two_instances(
    announcements, another, announcement_store, told, new_rebuild
):
    rebuild = new_rebuild()
    await announcements.begin(rebuild)
    due = await announcement_store.due(0)
    assert await announcements.step(0) is Progress.MADE
    assert not await announcement_store.advance(0, due, another._end(due, 0))
    assert await told.ends(rebuild) == [(1, 2)]


async def test_while_the_stream_is_full_nobody_is_announced(
    announcements, told, stream, people, new_rebuild
):
    await people(3)
    await announcements.begin(new_rebuild())
    stream.is_full = True
    assert [await announcements.step(server) for server in (0, 1)] == [Progress.HELD_UP] * 2
    assert await told.all() == []
    stream.is_full = False
    assert await announcements.step(0) is Progress.MADE


async def test_the_next_users_wait_until_those_before_have_left(
    announcement_store, announcements, told, people, monkeypatch, new_rebuild
):
    monkeypatch.setattr(rules, "BATCH_MAX", 1)
    await people(6)
    await announcements.begin(new_rebuild())
    assert await announcements.step(0) is Progress.MADE
    announcement_store.has_left = False  # in PostgreSQL it is the outbox that says so
    assert await announcements.step(0) is Progress.HELD_UP
    await told.all()
    announcement_store.has_left = True
    assert await announcements.step(0) is Progress.MADE


async def test_while_much_else_waits_nobody_is_announced(
    announcement_store, announcements, told, new_rebuild
):
    await announcements.begin(new_rebuild())
    await wait_in_outbox(announcement_store, OUTBOX_MAX - 1)
    assert await announcements.step(1) is Progress.MADE
    await told.all()
    await wait_in_outbox(announcement_store, OUTBOX_MAX)
    assert await announcements.step(0) is Progress.CROWDED


@pytest.mark.parametrize("store", ["postgres_store"], indirect=True)
async def test_of_an_outbox_no_more_is_looked_at_than_up_to_the_bound(
    announcement_store, new_rebuild
):
    """Ten times a second: an outbox of a million rows must not be read for each."""
    store = announcement_store
    await store.begin(new_rebuild())
    await wait_in_outbox(store, 3 * OUTBOX_MAX)
    query = f"EXPLAIN (ANALYZE, FORMAT JSON) {store._queries['announcements_due']}"
    parameters = {"outbox_max": OUTBOX_MAX, "stream": "events:announcements"}
    async with store._database.connection(0) as connection:
        [(explained,)] = await (await connection.execute(query, parameters)).fetchall()
    read = [
        node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        for node in nodes_of(explained[0]["Plan"])
        if node.get("Relation Name") == "outbox"
    ]
    assert max(read) == OUTBOX_MAX


def nodes_of(plan):
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes_of(below)


async def wait_in_outbox(store, rows):
    """Let exactly so many events of another stream wait on every server."""
    if isinstance(store, MemoryAnnouncementStore):
        store.outbox_rows = rows
        return
    fill = "INSERT INTO outbox (stream, kind, body) SELECT 't', 't', '{}' FROM generate_series(%s)"
    for server in store.servers:
        async with store._database.connection(server) as connection:
            await connection.execute("DELETE FROM outbox")
            await connection.execute(fill.replace("%s", "1, %s"), [rows])


async def test_while_the_follow_service_is_away_announcing_waits_and_then_goes_on(
    announcements, told, people, follows, monkeypatch, new_rebuild
):
    monkeypatch.setattr(rules, "POLL_S", 0.01)
    monkeypatch.setattr(rules, "HELD_S", 0.01)
    counts, tried = follows.follower_counts, asyncio.Event()

    async def away(_):
        tried.set()
        raise Unavailable("follow did not answer in time")

    ids, rebuild, stopping = await people(3), new_rebuild(), asyncio.Event()
    follows.follower_counts = away
    await announcements.begin(rebuild)
    runs = [
        asyncio.create_task(announcements.run(server, stopping)) for server in announcements.servers
    ]
    async with asyncio.timeout(PATIENCE_S):
        await tried.wait()
        follows.follower_counts = counts
        while len(await told.ends(rebuild)) < 2:  # noqa: ASYNC110 - the outbox tells nobody
            await asyncio.sleep(0.01)
        stopping.set()
        await asyncio.gather(*runs)
    assert sorted(await told.users(rebuild)) == sorted(ids)


async def test_while_a_server_is_away_no_rebuild_begins(engines, follows, stream, new_rebuild):
    urls = (engines.user_databases[0], "postgresql:///x?host=/nowhere")
    async with ShardedDatabase(urls, connections=1, station="user_db") as database:
        store = PostgresAnnouncementStore(database)
        with pytest.raises(Unavailable):
            await Announcements(store, follows, stream).begin(new_rebuild())
