import time

import pytest
from argon2 import PasswordHasher

from model.rules.ids import IdMinter
from reference_impl.chassis.databases import ShardedDatabase
from reference_impl.user.memory import MemoryUserStore
from reference_impl.user.passwords import Passwords
from reference_impl.user.reservations import Directory
from reference_impl.user.store import PostgresUserStore

AGE = {
    Directory.USERNAME: """
        UPDATE usernames SET reserved_at = reserved_at - make_interval(secs => %s)
        WHERE username = %s""",
    Directory.EMAIL: """
        UPDATE emails SET reserved_at = reserved_at - make_interval(secs => %s)
        WHERE email = %s""",
}


class Clock:
    """A clock that a test moves."""

    def __init__(self):
        self.now_s = time.time()

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def minter():
    return IdMinter(lambda: time.time_ns() // 1_000_000, time.time_ns())


@pytest.fixture
async def passwords():
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    async with Passwords(cheap) as passwords:
        yield passwords


@pytest.fixture
def memory_store(clock):
    return MemoryUserStore(clock)


@pytest.fixture
async def database(engines):
    async with ShardedDatabase(
        engines.user_databases, connections=4, station="user_db"
    ) as database:
        yield database


@pytest.fixture
def postgres_store(database):
    return PostgresUserStore(database)


@pytest.fixture(params=["memory_store", "postgres_store"])
def store(request):
    """Each UserStore in turn: what one promises, the other must."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def pass_time(request, store, clock):
    """Let reservations of these names grow older, on whichever store."""

    async def move_the_clock(_, seconds):
        clock.now_s += seconds

    async def move_the_rows(names, seconds):
        database = request.getfixturevalue("database")
        for directory, name in names.items():
            query = AGE[directory]
            async with database.connection_of_name(name) as connection:
                await connection.execute(query, (seconds, name))

    return move_the_clock if isinstance(store, MemoryUserStore) else move_the_rows
