"""Announcements on both stores, and what has become of them."""

import asyncio
import secrets
import time

import pytest

from model.rules.search import rebuild_id
from reference_impl.user.announcement_memory import MemoryAnnouncementStore
from reference_impl.user.announcements import Announcements, Progress
from reference_impl.user.memory import MemoryUserStore
from reference_impl.user.records import NewUser

PATIENCE_S = 20.0
TOLD = """
    WITH published AS (DELETE FROM outbox WHERE stream = 'events:announcements' RETURNING *)
    SELECT kind, body FROM published ORDER BY event_id
"""


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
    """Remove the users and the events that other tests have left, and then one's own."""
    if isinstance(store, MemoryUserStore):
        yield
        return
    await truncate(store)
    yield
    await truncate(store)


async def truncate(store):
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
def another(announcement_store, follows, stream):
    """Another instance on the same stores."""
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


def id_of_now():
    return rebuild_id(time.time_ns() // 1_000_000, secrets.token_hex(4))


async def step_all(announcements, told):
    """Step until nothing is due on any server, as the loops do; return how many steps were made."""
    made = 0
    async with asyncio.timeout(PATIENCE_S):
        for server in announcements.servers:
            while (progress := await announcements.step(server)) is not Progress.IDLE:
                made += progress is Progress.MADE
                await told.all()
    return made


@pytest.fixture
def new_rebuild():
    """A function that returns the id of a rebuild of now."""
    return id_of_now


@pytest.fixture
def announce_all():
    return step_all
