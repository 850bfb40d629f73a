"""What every UserStore promises: the one in memory and the one in PostgreSQL."""

import asyncio
import time

import pytest

from model.rules.sharding import even_table
from reference_impl.user.reservations import Directory
from reference_impl.user.service import NewUser
from reference_impl.user.store import PostgresUserStore


@pytest.fixture
def user_id(minter):
    return minter.mint()


@pytest.fixture
def name(user_id):
    return f"name{user_id}"


def user_of(user_id, *, before_s=None):
    document = {
        "user_id": str(user_id),
        "username": f"Name{user_id}",
        "first_name": "Zoë",
        "last_name": "King",
        "email": "zoe@example.org",
        "created_ms": 1,
    }
    return NewUser(
        user_id=user_id,
        document=document,
        password_hash="$argon2id$",
        before_s=time.time() + 30 if before_s is None else before_s,
    )


@pytest.mark.parametrize("directory", Directory)
async def test_a_free_name_is_reserved_for_who_asks_first(store, directory, name, user_id):
    first = await store.reserve(directory, name, user_id)
    second = await store.reserve(directory, name, user_id + 1)
    assert first.user_id == second.user_id == user_id
    assert first.age_s <= second.age_s < 5
    assert await store.user_id_of(directory, name) == user_id


async def test_usernames_and_addresses_are_two_directories(store, name, user_id):
    await store.reserve(Directory.USERNAME, name, user_id)
    assert await store.user_id_of(Directory.EMAIL, name) is None


async def test_of_many_at_once_one_wins(store, name, user_id):
    asked = [store.reserve(Directory.USERNAME, name, user_id + n) for n in range(12)]
    holders = {answer.user_id for answer in await asyncio.gather(*asked) if answer is not None}
    assert holders == {await store.user_id_of(Directory.USERNAME, name)}


async def test_a_released_name_is_free(store, name, user_id):
    await store.reserve(Directory.USERNAME, name, user_id)
    await store.release(Directory.USERNAME, name, user_id)
    answer = await store.reserve(Directory.USERNAME, name, user_id + 1)
    assert answer.user_id == user_id + 1


async def test_nobody_releases_anothers_name(store, name, user_id):
    await store.reserve(Directory.USERNAME, name, user_id)
    await store.release(Directory.USERNAME, name, user_id + 1)
    assert await store.user_id_of(Directory.USERNAME, name) == user_id


async def test_a_name_is_taken_over_from_who_has_it_and_by_one_only(store, name, user_id):
    await store.reserve(Directory.EMAIL, name, user_id)
    outcomes = [
        await store.take_over(Directory.EMAIL, name, old=user_id, new=user_id + n) for n in (1, 2)
    ]
    assert outcomes == [True, False]
    assert await store.user_id_of(Directory.EMAIL, name) == user_id + 1


async def test_a_stored_user_is_read_back(store, user_id):
    user = user_of(user_id)
    assert await store.add(user)
    assert await store.document_of(user_id) == user.document
    assert await store.password_hash_of(user_id) == "$argon2id$"


async def test_what_was_never_stored_is_not_there(store, name, user_id):
    await store.check()
    assert await store.document_of(user_id) is None
    assert await store.password_hash_of(user_id) is None
    assert await store.user_id_of(Directory.USERNAME, name) is None


async def test_who_comes_too_late_is_not_stored(store, user_id):
    assert not await store.add(user_of(user_id, before_s=time.time() - 1))
    assert await store.document_of(user_id) is None


async def test_the_twin_announces_each_stored_user(memory_store, user_id):
    await memory_store.add(user_of(user_id))
    await memory_store.add(user_of(user_id + 1, before_s=0))
    assert memory_store.events == [user_id]


async def test_the_event_is_written_with_the_user_and_tells_nothing_private(database, user_id):
    store = PostgresUserStore(database)
    await store.add(user_of(user_id))
    await store.add(user_of(user_id + 1, before_s=0))
    query = "SELECT stream, kind, body FROM outbox WHERE body->>'user_id' = ANY(%s)"
    async with database.connection_of_id(user_id) as connection:
        rows = await (
            await connection.execute(query, ([str(user_id), str(user_id + 1)],))
        ).fetchall()
    assert [row[:2] for row in rows] == [("events:user", "user.registered")]
    assert rows[0][2].keys() == {"user_id", "username", "first_name", "last_name", "created_ms"}


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
