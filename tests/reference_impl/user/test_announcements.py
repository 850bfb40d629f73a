"""Announcing every user again for a rebuild of the search index, on both stores."""

import asyncio
import secrets
import time

import pytest

from model.rules.search import rebuild_id
from reference_impl.chassis.databases import ShardedDatabase
from reference_impl.chassis.errors import BadRequest, Conflict, Unavailable
from reference_impl.user import announcements as rules
from reference_impl.user.announcement_memory import MemoryAnnouncementStore
from reference_impl.user.announcement_store import PostgresAnnouncementStore
from reference_impl.user.announcements import OUTBOX_MAX, Announcements, Progress, Step
from reference_impl.user.memory import MemoryUserStore
from reference_impl.user.profiles import PRIVATE
from reference_impl.user.records import NewUser

PATIENCE_S = 20.0
TOLD = "SELECT kind, body FROM outbox WHERE stream = 'events:announcements' ORDER BY event_id"
PUBLISHED = "DELETE FROM outbox WHERE stream = 'events:announcements'"


class Told:
    """What a store of either kind has announced; what is in an outbox leaves when it is read."""

    def __init__(self, store):
        self._store = store
        self._so_far = []

    async def all(self):
        if isinstance(self._store, MemoryAnnouncementStore):
            return self._store.told
        for server in self._store.servers:
            async with self._store._database.connection(server) as connection:
                self._so_far += await (await connection.execute(TOLD)).fetchall()
                await connection.execute(PUBLISHED)
        return self._so_far

    async def users(self, rebuild):
        told = await self.all()
        return [
            int(body["user_id"])
            for kind, body in told
            if (kind, body["rebuild"]) == ("user.announced", rebuild)
        ]

    async def ends(self, rebuild):
        told = await self.all()
        return [
            (body["source"], body["sources"])
            for kind, body in told
            if (kind, body["rebuild"]) == ("users.announced", rebuild)
        ]


@pytest.fixture(autouse=True)
async def nobody_else(store):
    """Remove the users and the events that other tests have left."""
    if isinstance(store, MemoryUserStore):
        return
    for server in store._database.servers:
        async with store._database.connection(server) as connection:
            await connection.execute("TRUNCATE users, announcements, outbox")


@pytest.fixture
def announcement_store(store, announcement_store_on):
    return announcement_store_on(store)


@pytest.fixture
def told(announcement_store):
    return Told(announcement_store)


@pytest.fixture
def announcements(announcement_store, follows, stream):
    return Announcements(announcement_store, follows, stream)


@pytest.fixture
def people(store, minter, clock):
    """Return a function that stores so many users and returns their ids."""

    async def make(count):
        ids = [minter.mint() for _ in range(count)]
        for user_id in ids:
            document = {
                "user_id": str(user_id),
                "username": f"user_{user_id}",
                "email": "secret@example.org",
                "profile_image": "/media/x.png",
                "created_ms": 5,
            }
            await store.add(
                NewUser(
                    user_id=user_id,
                    document=document,
                    password_hash="",
                    before_s=clock.now_s + 60,
                )
            )
        return ids

    return make


def new_rebuild():
    return rebuild_id(time.time_ns() // 1_000_000, secrets.token_hex(4))


async def announce_all(announcements, told):
    """Step until nothing is due on any server, as the loops do; return how many steps were made."""
    made = 0
    async with asyncio.timeout(PATIENCE_S):
        for server in announcements.servers:
            while (progress := await announcements.step(server)) is not Progress.IDLE:
                made += progress is Progress.MADE
                await told.all()
    return made


async def test_everybody_is_announced_and_then_the_end_of_every_source(
    announcements, told, people, monkeypatch
):
    monkeypatch.setattr(rules, "BATCH_MAX", 3)
    ids, rebuild = await people(10), new_rebuild()
    assert await announcements.begin(rebuild) == 2
    await announce_all(announcements, told)
    assert sorted(await told.users(rebuild)) == sorted(ids)
    assert sorted(await told.ends(rebuild)) == [(1, 2), (2, 2)]
    assert await announcements.step(0) is Progress.IDLE


async def test_an_announcement_is_what_a_change_tells_and_how_many_follow(
    announcements, told, people, follows
):
    [user_id], rebuild = await people(1), new_rebuild()
    follows.counts[user_id] = 12
    await announcements.begin(rebuild)
    await announce_all(announcements, told)
    [body] = [body for kind, body in await told.all() if kind == "user.announced"]
    assert body == {
        "user_id": str(user_id),
        "username": f"user_{user_id}",
        "profile_image": "/media/x.png",
        "created_ms": 5,
        "version": 1,
        "rebuild": rebuild,
        "followers": 12,
        "followers_version": 13,
    }
    assert not set(PRIVATE) & body.keys()


async def test_whom_nobody_ever_followed_has_no_followers(announcements, told, people):
    await people(1)
    await announcements.begin(new_rebuild())
    await announce_all(announcements, told)
    body = next(body for kind, body in await told.all() if kind == "user.announced")
    assert (body["followers"], body["followers_version"]) == (0, 0)


async def test_of_what_has_changed_the_present_is_announced(
    announcements, told, people, store, clock
):
    [user_id] = await people(1)
    record = await store.record_of(user_id)
    document = {**record.document, "username": "other"}
    await store.change(record, document, before_s=clock.now_s + 60)
    await announcements.begin(new_rebuild())
    await announce_all(announcements, told)
    body = next(body for kind, body in await told.all() if kind == "user.announced")
    assert (body["username"], body["version"]) == ("other", 2)


async def test_who_is_gone_is_not_announced(announcements, told, people, store):
    stays, goes = await people(2)
    await store.remove(await store.record_of(goes))
    rebuild = new_rebuild()
    await announcements.begin(rebuild)
    await announce_all(announcements, told)
    assert await told.users(rebuild) == [stays]


async def test_what_was_broken_off_goes_on_where_it_was(
    announcements, announcement_store, told, people, follows, stream, monkeypatch
):
    monkeypatch.setattr(rules, "BATCH_MAX", 2)
    ids, rebuild = await people(9), new_rebuild()
    await announcements.begin(rebuild)
    for server in announcements.servers:
        assert await announcements.step(server) is Progress.MADE
        await told.all()
    another = Announcements(announcement_store, follows, stream)
    await announce_all(another, told)
    assert sorted(await told.users(rebuild)) == sorted(ids)
    assert len(await told.ends(rebuild)) == 2


async def test_a_rebuild_that_is_begun_again_goes_on_and_one_that_is_done_stays_so(
    announcements, told, people
):
    ids, rebuild = await people(3), new_rebuild()
    await announcements.begin(rebuild)
    await announcements.begin(rebuild)
    await announce_all(announcements, told)
    assert await announcements.begin(rebuild) == 2
    assert await announce_all(announcements, told) == 0
    assert sorted(await told.users(rebuild)) == sorted(ids)


async def test_a_newer_rebuild_ends_an_older_one(announcements, told, people, monkeypatch):
    monkeypatch.setattr(rules, "BATCH_MAX", 1)
    ids = await people(6)
    older, newer = sorted([new_rebuild(), new_rebuild()])
    await announcements.begin(older)
    for server in announcements.servers:
        await announcements.step(server)
    already = await told.users(older)
    await announcements.begin(newer)
    await announce_all(announcements, told)
    assert await told.users(older) == already
    assert await told.ends(older) == []
    assert sorted(await told.users(newer)) == sorted(ids)
    assert len(await told.ends(newer)) == 2


async def test_an_older_rebuild_does_not_begin_after_a_newer_one(announcements, told):
    older, newer = sorted([new_rebuild(), new_rebuild()])
    await announcements.begin(newer)
    with pytest.raises(Conflict, match=newer):
        await announcements.begin(older)
    await announce_all(announcements, told)
    assert await told.ends(older) == []


async def test_of_two_that_begin_at_once_the_newer_counts_on_every_server(announcement_store):
    """An older one may be stored last, where nobody knew of the newer one yet."""
    older, newer = sorted([new_rebuild(), new_rebuild()])
    await announcement_store.begin(older)
    outdated = [await announcement_store.due(server) for server in announcement_store.servers]
    await announcement_store.begin(newer)
    await announcement_store.begin(older)
    for server, due in enumerate(outdated):
        assert not await announcement_store.advance(
            server, due, Step(news=[], upto_id=5, is_last=False)
        )
        assert (await announcement_store.due(server)).rebuild == newer


@pytest.mark.parametrize("rebuild", ["", "a b", "é", "x" * 65, "a\n", "a;b"])
async def test_what_is_no_id_of_a_rebuild_is_refused(announcements, rebuild):
    with pytest.raises(BadRequest):
        await announcements.begin(rebuild)


async def test_of_two_instances_at_once_one_announces(
    announcements, announcement_store, told, people, follows, stream
):
    """Both have read the same users when the first one writes."""
    both = asyncio.Barrier(2)
    counts = follows.follower_counts

    async def counts_with(user_ids):
        await both.wait()
        return await counts(user_ids)

    ids, rebuild = await people(4), new_rebuild()
    other = Announcements(announcement_store, follows, stream)
    await announcements.begin(rebuild)
    with_some = [
        server
        for server in announcements.servers
        if await announcement_store.users_after(server, -1, limit=1)
    ]
    follows.follower_counts = counts_with
    async with asyncio.timeout(PATIENCE_S):
        for server in with_some:
            made = await asyncio.gather(announcements.step(server), other.step(server))
            assert sorted(each.value for each in made) == ["held up", "made"]
            await told.all()
    assert sorted(await told.users(rebuild)) == sorted(ids)


async def test_an_end_is_told_once_by_two_instances(
    announcements, announcement_store, told, follows, stream
):
    rebuild = new_rebuild()
    await announcements.begin(rebuild)
    due = await announcement_store.due(0)
    assert await announcements.step(0) is Progress.MADE
    late = Announcements(announcement_store, follows, stream)
    assert not await announcement_store.advance(0, due, late._end(due, 0))
    assert await told.ends(rebuild) == [(1, 2)]


async def test_while_the_stream_is_full_nobody_is_announced(announcements, told, stream, people):
    await people(3)
    await announcements.begin(new_rebuild())
    stream.is_full = True
    assert [await announcements.step(server) for server in (0, 1)] == [Progress.HELD_UP] * 2
    assert await told.all() == []
    stream.is_full = False
    assert await announcements.step(0) is Progress.MADE


async def test_the_next_users_wait_until_those_before_have_left(
    announcement_store, announcements, told, people, monkeypatch
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


async def test_while_much_else_waits_nobody_is_announced(announcement_store, announcements, told):
    await announcements.begin(new_rebuild())
    await wait_in_outbox(announcement_store, OUTBOX_MAX - 1)
    assert await announcements.step(1) is Progress.MADE
    await told.all()
    await wait_in_outbox(announcement_store, OUTBOX_MAX)
    assert await announcements.step(0) is Progress.HELD_UP


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
    announcements, told, people, follows, monkeypatch
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


async def test_a_rebuild_is_begun_over_http(client, told):
    rebuild = new_rebuild()
    answer = await client.post("/internal/announcements", json={"rebuild": rebuild})
    assert (answer.status, await answer.json()) == (202, {"sources": 2})
    older = await client.post("/internal/announcements", json={"rebuild": "0"})
    assert older.status == 409


@pytest.mark.parametrize(
    "body",
    [{}, {"rebuild": 7}, {"rebuild": "a b"}, {"rebuild": "x" * 65}, {"rebuild": "1", "x": 1}],
)
async def test_what_begins_no_rebuild_is_refused(client, body):
    assert (await client.post("/internal/announcements", json=body)).status == 400


async def test_while_a_server_is_away_no_rebuild_begins(engines, follows, stream):
    urls = (engines.user_databases[0], "postgresql:///x?host=/nowhere")
    async with ShardedDatabase(urls, connections=1, station="user_db") as database:
        store = PostgresAnnouncementStore(database)
        with pytest.raises(Unavailable):
            await Announcements(store, follows, stream).begin(new_rebuild())
