"""Stores of follows: the one in memory and the one on PostgreSQL, held to the same contract."""

import secrets
import time

import pytest

from model.rules.ids import IdMinter
from reference_impl.chassis.databases import ShardedDatabase
from reference_impl.follow.memory import MemoryFollowStore
from reference_impl.follow.store import PostgresFollowStore


@pytest.fixture(scope="session")
def new_id():
    """Ids that no other test uses: the engines are shared."""
    return IdMinter(lambda: time.time_ns() // 1_000_000, secrets.randbits(22)).mint


@pytest.fixture
async def user_database(engines):
    async with ShardedDatabase(
        engines.user_databases, connections=4, station="user_db"
    ) as database:
        yield database


@pytest.fixture(params=["memory", "postgres"])
def store(request):
    if request.param == "memory":
        return MemoryFollowStore()
    return PostgresFollowStore(request.getfixturevalue("user_database"))
