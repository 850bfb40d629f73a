"""Changes of the same accounts and names at once, in very many orders: names stay unique."""

import asyncio
import random

import pytest

from reference_impl.chassis.errors import Conflict, ServiceError
from reference_impl.chassis.sessions import MemorySessions
from reference_impl.user.memory import MemoryUserStore
from reference_impl.user.profiles import registration_of
from reference_impl.user.reservations import ABANDONED_S, Directory, Reservations, names_of

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100
PASSWORD = "correct horse"
NAMES = ("ann", "bea", "cat", "dot", "eve")
ORDERS = 2_000


class PlainPasswords:
    """Hashes nothing, so that what happens is decided by lot alone."""

    async def hash_of(self, password):
        return password

    async def verify(self, password, password_hash):
        return password == password_hash

    def is_outdated(self, _):
        return False


class Slow:
    """A store or sessions whose calls take a while, drawn by lot; in some, minutes pass."""

    def __init__(self, part, lots, clock):
        self._part = part
        self._lots = lots
        self._clock = clock

    def __getattr__(self, name):
        async def call(*args, **kwargs):
            for _ in range(self._lots.randrange(6)):
                await asyncio.sleep(0)
            if self._lots.random() < 0.05:
                self._clock.now_s += self._lots.choice((5, 31, 61))
            return await getattr(self._part, name)(*args, **kwargs)

        return call


class World:
    """Three users, whoever else comes, and what they do, drawn by lot."""

    def __init__(self, seed, clock, users_on, accounts_on):
        self.lots = random.Random(seed)
        self.store, self.sessions = MemoryUserStore(clock), MemorySessions(clock)
        parts = [Slow(part, self.lots, clock) for part in (self.store, self.sessions)]
        self.quick_users = users_on(self.store, self.sessions, passwords=PlainPasswords())
        self.users = users_on(*parts, passwords=PlainPasswords())
        self.accounts = accounts_on(*parts, passwords=PlainPasswords())
        self.ids = []

    async def come(self, username, users):
        fields = {"first_name": "A", "last_name": "K", "email": f"{username}@example.org"}
        form = {**fields, "username": username, "password": PASSWORD}
        user_id, _ = await users.register(registration_of(form), PNG)
        self.ids.append(user_id)

    async def do_something(self):
        user_id, name = self.lots.choice(self.ids[:3]), self.lots.choice(NAMES)
        changes = {"username": name, "email": f"{name}@example.org", "location": name}
        match self.lots.randrange(10):
            case 0:
                await self.accounts.delete(user_id, PASSWORD)
            case 1:
                await self.accounts.change_password(user_id, PASSWORD, PASSWORD)
            case 2:
                await self.come(name, self.users)
            case 3:
                await self.accounts.change(user_id, {"username": name.upper()}, None)
            case _:
                some = self.lots.sample(sorted(changes), self.lots.randrange(1, 4))
                await self.accounts.change(user_id, {field: changes[field] for field in some}, None)

    async def outcomes(self):
        for name in NAMES[:3]:
            await self.come(name, self.quick_users)
        doings = [self.do_something() for _ in range(self.lots.randrange(2, 7))]
        return await asyncio.gather(*doings, return_exceptions=True)

    async def documents(self):
        return {user_id: await self.store.document_of(user_id) for user_id in self.ids}

    async def can_be_had(self, directory, name, user_id):
        try:
            await Reservations(self.store).take({directory: name}, user_id)
        except Conflict:
            return False
        return True


@pytest.fixture
def worlds(clock, users_on, accounts_on):
    return (World(seed, clock, users_on, accounts_on) for seed in range(ORDERS))


async def test_whatever_happens_at_once_every_name_in_a_document_is_its_users(worlds):
    for world in worlds:
        outcomes = await world.outcomes()
        assert [one for one in outcomes if not isinstance(one, ServiceError | None)] == []
        for user_id, document in (await world.documents()).items():
            for directory, name in names_of(document).items() if document else ():
                holder = await world.store.holder_of(directory, name)
                assert holder is not None
                assert holder.user_id == user_id


async def test_whatever_happens_at_once_every_other_name_can_be_had_a_minute_later(
    worlds, clock, minter
):
    for world in worlds:
        await world.outcomes()
        clock.now_s += ABANDONED_S
        documents = [one for one in (await world.documents()).values() if one is not None]
        taken = {(d, name) for document in documents for d, name in names_of(document).items()}
        for directory, ending in ((Directory.USERNAME, ""), (Directory.EMAIL, "@example.org")):
            for name in (f"{name}{ending}" for name in NAMES):
                can_be_had = await world.can_be_had(directory, name, minter.mint())
                assert can_be_had is ((directory, name) not in taken)


async def test_what_happens_at_once_is_more_than_refusals(worlds):
    outcomes = [one for world in worlds for one in await world.outcomes()]
    done = [one for one in outcomes if one is None]
    assert 0.5 < len(done) / len(outcomes) < 0.9
    kinds = {type(one).__name__ for one in outcomes if one is not None}
    assert kinds >= {"Conflict", "NotFound"}
