import time

import pytest
from argon2 import PasswordHasher

from model.rules.ids import IdMinter
from reference_impl.chassis.databases import ShardedDatabase
from reference_impl.user.memory import MemoryUserStore
from reference_impl.user.passwords import Passwords
from reference_impl.user.store import PostgresUserStore


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


@pytest.fixture(params=["memory", "postgres"])
def store(request):
    """Each UserStore in turn: what one promises, the other must."""
    if request.param == "memory":
        return request.getfixturevalue("memory_store")
    return PostgresUserStore(request.getfixturevalue("database"))
