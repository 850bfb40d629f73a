"""A broker and streams of one's own on it."""

import secrets

import pytest

from reference_impl.chassis.databases import ShardedDatabase
from reference_impl.chassis.keyvalue import valkey


@pytest.fixture
async def broker(engines):
    async with valkey(engines.broker) as client:
        yield client


@pytest.fixture
def stream():
    return f"events:test-{secrets.token_hex(4)}"


@pytest.fixture
async def database(engines):
    async with ShardedDatabase(
        engines.user_databases[:1], connections=4, station="user_db"
    ) as database:
        yield database
