"""What every UserStore promises: the one in memory and the one in PostgreSQL."""

import asyncio
import time
from typing import Any

import pytest

from model.rules.sharding import even_table
from reference_impl.chassis import events
from reference_impl.user.records import NewUser
from reference_impl.user.reservations import Directory
from reference_impl.user.store import PostgresUserStore


@pytest.fixture
def user_id(minter):
    return minter.mint()


@pytest.fixture
def name(user_id):
    return f"name{user_id}"


@pytest.fixture
def soon(clock):
    """A time that has not come yet."""
    return clock() + 30


@pytest.fixture
async def record(store, user_id):
    """Of a user who is stored."""
    assert await store.add(user_of(user_id))
    return await store.record_of(user_id)


def user_of(user_id, *, before_s=None):
    document = {
        "user_id": str(user_id),
        "username": f"Name{user_id}",
        "first_name": "Zoë",
        "last_name": "King",
        "email": f"Zoe{user_id}@Example.org",
        "age": 36,
        "phone": "1",
        "profile_image": "/media/x.png",
        "fields": {"pet": "cat"},
        "created_ms": 1,
    }
    return NewUser(
        user_id=user_id,
        document=document,
        password_hash="$argon2id$",
        before_s=time.time() + 30 if before_s is None else before_s,
    )


async def test_a_stored_user_is_read_back(store, record, user_id):
    assert record.document == user_of(user_id).document == await store.document_of(user_id)
    assert (record.user_id, record.password_hash) == (user_id, "$argon2id$")
    assert record.version == 1


async def test_what_was_never_stored_is_not_there(store, name, user_id):
    await store.check()
    assert await store.document_of(user_id) is None
    assert await store.record_of(user_id) is None
    assert await store.departure_of(user_id) is None
    assert await store.documents_of([user_id]) == []
    assert await store.holder_of(Directory.USERNAME, name) is None


async def test_who_comes_too_late_is_not_stored(store, user_id):
    assert not await store.add(user_of(user_id, before_s=time.time() - 1))
    assert await store.document_of(user_id) is None


async def test_many_documents_are_read_in_the_order_asked_for(store, minter):
    ids = [minter.mint() for _ in range(6)]
    for user_id in ids[:5]:
        await store.add(user_of(user_id))
    asked = [ids[3], ids[5], ids[0], ids[4]]
    found = await store.documents_of(asked)
    assert [int(document["user_id"]) for document in found] == [ids[3], ids[0], ids[4]]


async def test_a_changed_document_is_read_back_and_counted(store, record, soon):
    changed = {**record.document, "location": "Paris"}
    assert await store.change(record, changed, before_s=soon)
    after = await store.record_of(record.user_id)
    assert after.document == changed
    assert after.version == record.version + 1
    assert after.password_hash == record.password_hash


async def test_a_change_made_from_an_older_record_is_not_stored(store, record, soon):
    newer = {**record.document, "location": "Paris"}
    assert await store.change(record, newer, before_s=soon)
    assert not await store.change(record, {**record.document, "phone": "2"}, before_s=soon)
    assert await store.document_of(record.user_id) == newer


async def test_of_many_changes_of_one_record_one_is_stored(store, record, soon):
    documents = [{**record.document, "phone": str(number)} for number in range(8)]
    outcomes = await asyncio.gather(
        *(store.change(record, document, before_s=soon) for document in documents)
    )
    assert outcomes.count(True) == 1
    assert await store.document_of(record.user_id) == documents[outcomes.index(True)]


async def test_a_change_that_comes_too_late_is_not_stored(store, record, clock):
    changed = {**record.document, "location": "Paris"}
    assert not await store.change(record, changed, before_s=clock() - 1)
    assert await store.document_of(record.user_id) == record.document


async def test_another_password_counts_as_a_change(store, record, soon):
    assert await store.change_password(record, "$other$")
    after = await store.record_of(record.user_id)
    assert (after.password_hash, after.version) == ("$other$", record.version + 1)
    assert after.document == record.document
    assert not await store.change(record, {**record.document, "phone": "2"}, before_s=soon)


async def test_a_password_is_not_changed_on_an_older_record(store, record):
    assert await store.change_password(record, "$other$")
    assert not await store.change_password(record, "$third$")
    assert (await store.record_of(record.user_id)).password_hash == "$other$"


async def test_another_hash_of_the_same_password_is_no_change(store, record, soon):
    await store.rehash(record, "$stronger$")
    after = await store.record_of(record.user_id)
    assert (after.password_hash, after.version) == ("$stronger$", record.version)
    assert await store.change(record, {**record.document, "phone": "2"}, before_s=soon)


async def test_an_old_password_is_not_hashed_into_the_place_of_a_new_one(store, record):
    await store.change_password(record, "$other$")
    await store.rehash(record, "$stronger$")
    assert (await store.record_of(record.user_id)).password_hash == "$other$"


async def test_who_is_removed_leaves_what_remains_to_be_done(store, record):
    assert await store.remove(record)
    assert await store.record_of(record.user_id) is None
    departure = await store.departure_of(record.user_id)
    assert (departure.user_id, departure.version) == (record.user_id, record.version + 1)
    assert departure.names == {
        Directory.USERNAME: record.document["username"].casefold(),
        Directory.EMAIL: record.document["email"].casefold(),
    }


async def test_nobody_is_removed_on_an_older_record(store, record):
    await store.change_password(record, "$other$")
    assert not await store.remove(record)
    assert await store.record_of(record.user_id) is not None
    assert await store.departure_of(record.user_id) is None


async def test_who_is_gone_cannot_be_changed(store, record, soon):
    await store.remove(record)
    assert not await store.change(record, record.document, before_s=soon)
    assert not await store.change_password(record, "$other$")
    assert not await store.remove(record)
    await store.rehash(record, "$stronger$")
    assert await store.record_of(record.user_id) is None


async def test_names_of_who_is_gone_are_freed_by_whichever_claim_and_nobody_elses(store, record):
    names = {
        Directory.USERNAME: record.document["username"].casefold(),
        Directory.EMAIL: record.document["email"].casefold(),
    }
    await store.reserve(Directory.USERNAME, names[Directory.USERNAME], record.user_id)
    other = await store.reserve(Directory.EMAIL, names[Directory.EMAIL], record.user_id + 1)
    await store.remove(record)
    departure = await store.departure_of(record.user_id)
    for _ in range(2):
        await store.free_names(departure)
    assert await store.holder_of(Directory.USERNAME, names[Directory.USERNAME]) is None
    assert await store.holder_of(Directory.EMAIL, names[Directory.EMAIL]) == other.holder


async def test_a_departure_is_forgotten_once_and_for_all(store, record):
    await store.remove(record)
    departure = await store.departure_of(record.user_id)
    for _ in range(2):
        await store.forget(departure)
    assert await store.departure_of(record.user_id) is None


@pytest.fixture
def events_of(store, request):
    """What was told of a user, oldest first, by whichever store."""

    async def in_memory(user_id):
        told = [(event.kind, event.body) for event in store.events]
        return [(kind, body) for kind, body in told if body["user_id"] == str(user_id)]

    async def in_the_outbox(user_id):
        query = """
            SELECT stream, kind, body FROM outbox WHERE body->>'user_id' = %s ORDER BY event_id"""
        database = request.getfixturevalue("database")
        async with database.connection_of_id(user_id) as connection:
            rows = await (await connection.execute(query, (str(user_id),))).fetchall()
        assert {stream for stream, _, _ in rows} <= {"events:user"}
        return [(kind, body) for _, kind, body in rows]

    return in_the_outbox if isinstance(store, PostgresUserStore) else in_memory


async def test_every_change_is_told_with_all_that_is_public_and_nothing_private(
    store, record, soon, events_of
):
    changed = {**record.document, "location": "Paris", "username": "Other"}
    await store.change(record, changed, before_s=soon)
    told = await events_of(record.user_id)
    assert [kind for kind, _ in told] == ["user.registered", "user.updated"]
    registered = {
        "user_id": str(record.user_id),
        "username": f"Name{record.user_id}",
        "first_name": "Zoë",
        "last_name": "King",
        "profile_image": "/media/x.png",
        "fields": {"pet": "cat"},
        "created_ms": 1,
        "version": 1,
    }
    assert told[0][1] == registered
    updated = {"location": "Paris", "username": "Other", "version": 2}
    assert told[1][1] == {**registered, **updated}


async def test_a_departure_is_told_by_the_id_and_the_image_that_is_left(store, record, events_of):
    await store.remove(record)
    told = await events_of(record.user_id)
    body = {"user_id": str(record.user_id), "profile_image": "/media/x.png"}
    assert told[1:] == [("user.deleted", body)]


async def test_a_change_of_the_image_is_told_with_the_one_that_is_left(
    store, record, soon, events_of
):
    await store.change(record, {**record.document, "profile_image": "/media/y.png"}, before_s=soon)
    [_, (kind, told)] = await events_of(record.user_id)
    assert (kind, told["profile_image"]) == ("user.updated", "/media/y.png")
    assert told["dropped_image"] == "/media/x.png"


async def test_what_is_not_stored_is_not_told(store, record, user_id, clock, soon, events_of):
    await store.add(user_of(user_id + 1, before_s=0))
    await store.change(record, record.document, before_s=clock() - 1)
    await store.change_password(record, "$other$")
    await store.rehash(await store.record_of(user_id), "$stronger$")
    await store.change(record, record.document, before_s=soon)
    await store.remove(record)
    assert [kind for kind, _ in await events_of(user_id)] == ["user.registered"]
    assert await events_of(user_id + 1) == []


@pytest.mark.parametrize("step", ["add", "change", "remove"])
async def test_what_cannot_be_told_is_not_stored(database, minter, soon, monkeypatch, step):
    async def fail(*_, **__):
        raise RuntimeError(step)

    store, user = PostgresUserStore(database), user_of(minter.mint())
    if step != "add":
        await store.add(user)
    before: Any = await store.record_of(user.user_id)
    changed = {**user.document, "location": "Paris"}
    steps = {
        "add": lambda: store.add(user),
        "change": lambda: store.change(before, changed, before_s=soon),
        "remove": lambda: store.remove(before),
    }
    monkeypatch.setattr(events, "append", fail)
    with pytest.raises(RuntimeError, match=step):
        await steps[step]()
    assert await store.record_of(user.user_id) == before
    assert await store.departure_of(user.user_id) is None


async def test_a_user_and_their_name_lie_where_the_rules_say(database, name, user_id):
    store = PostgresUserStore(database)
    await store.add(user_of(user_id))
    await store.reserve(Directory.USERNAME, name, user_id)
    table = even_table(2)
    counts = {"users": ("user_id", user_id, table.server_of_id(user_id))}
    counts["usernames"] = ("username", name, table.server_of_name(name))
    for table_name, (column, value, owner) in counts.items():
        for server in database.servers:
            query = f"SELECT count(*) FROM {table_name} WHERE {column} = %s"
            async with database.connection(server) as connection:
                row = await (await connection.execute(query, (value,))).fetchone()
            assert row == (int(server == owner),)
