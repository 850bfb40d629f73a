"""Stores of follows: in memory and in both layouts on PostgreSQL, held to the same contract."""

import secrets
import time
from dataclasses import dataclass, field

import pytest

from model.rules.ids import IdMinter
from reference_impl.chassis.databases import ShardedDatabase
from reference_impl.chassis.errors import NotFound
from reference_impl.cluster.schemas import SERVICES
from reference_impl.follow.memory import MemoryFollowStore
from reference_impl.follow.store import PostgresFollowStore

ONE_WAY_INDEX = (SERVICES / "follow" / "one_way.sql").read_bytes()


@dataclass
class KnownUsers:
    """A user service that knows everybody but those in `gone`; `asked` says for whom it was."""

    gone: set[int] = field(default_factory=set)
    asked: list[list[int]] = field(default_factory=list)

    async def require(self, user_id):
        if user_id in self.gone:
            raise NotFound(f"no user {user_id}")

    async def profiles(self, user_ids):
        self.asked.append(list(user_ids))
        known = [each for each in user_ids if each not in self.gone]
        return [{"user_id": str(each), "username": f"user{each}"} for each in reversed(known)]


@pytest.fixture(scope="session")
def new_id():
    """Ids that no other test uses: the engines are shared."""
    return IdMinter(lambda: time.time_ns() // 1_000_000, secrets.randbits(22)).mint


@pytest.fixture
def users():
    return KnownUsers()


@pytest.fixture
async def user_database(engines):
    async with ShardedDatabase(
        engines.user_databases, connections=4, station="user_db"
    ) as database:
        yield database


@pytest.fixture
async def one_way_database(user_database):
    for server in user_database.servers:
        async with user_database.connection(server) as connection:
            await connection.execute(ONE_WAY_INDEX)
    return user_database


def store_of(request):
    if request.param == "memory":
        return MemoryFollowStore()
    if request.param == "follower":
        return PostgresFollowStore(request.getfixturevalue("one_way_database"), kept="follower")
    return PostgresFollowStore(request.getfixturevalue("user_database"))


@pytest.fixture(params=["memory", "both", "follower"])
def store(request):
    """Every store in turn: what one promises, the others must."""
    return store_of(request)


@pytest.fixture(params=["memory", "both"])
def mirroring_store(request):
    """The stores that keep the pairs a second time, by target."""
    return store_of(request)


@pytest.fixture
def on_one_server(user_database, new_id):
    """Return a function that makes ids which the numbered server owns."""

    def mint(server):
        while True:
            identity = new_id()
            if user_database.table.server_of_id(identity) == server:
                return identity

    return mint
