"""Lists in memory and on Valkey answer alike, whatever is done to them in whatever order."""

import asyncio
import secrets

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.rules.ids import id_of
from reference_impl.chassis.errors import Full
from reference_impl.chassis.keyvalue import ShardedValkey
from reference_impl.timeline.lists import FOREVER_S, Contents, Reading
from reference_impl.timeline.memory_lists import MemoryLists, MemoryServer
from reference_impl.timeline.store import (
    STATION,
    Functions,
    ValkeyLists,
    pulled_key,
    state_key,
)

CAP = 3
CREATED_MS = 1_800_000_000_000
POSTS = [id_of(CREATED_MS + place // 3, place % 3, 0) for place in range(9)]
AUTHORS = (7, 8)

POST = st.sampled_from(POSTS)
TOKEN = st.sampled_from(["t", "u"])
KEYS = st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=2, unique=True)
CONTENTS = st.builds(
    Contents,
    ids=st.lists(POST, unique=True, max_size=6),
    floor=st.sampled_from([0, *POSTS[:6]]),
    seq=st.integers(0, 3),
    halvings=st.integers(0, 2),
    pulled=st.none() | st.frozensets(st.sampled_from(AUTHORS)),
)
IDLE_S = st.sampled_from([None, 60.0])
READING = st.builds(Reading, before=st.none() | POST, limit=st.integers(1, 5), idle_s=IDLE_S)
EDGE_OF = st.sampled_from([None, *AUTHORS])
CALLS = st.one_of(
    st.tuples(st.just("begin"), KEYS, TOKEN, TOKEN | st.just("")),
    st.tuples(st.just("finish"), KEYS, TOKEN, CONTENTS, IDLE_S),
    st.tuples(st.just("cover"), KEYS, TOKEN, CONTENTS),
    st.tuples(st.just("deliver"), KEYS, POST, EDGE_OF, IDLE_S),
    st.tuples(st.just("deliver_shares"), KEYS, POST, st.integers(0, 3)),
    st.tuples(st.just("remove"), KEYS, POST),
    st.tuples(st.just("abandon"), KEYS, TOKEN),
    st.tuples(st.just("drop"), KEYS),
    st.tuples(st.just("read"), KEYS, READING),
    st.tuples(st.just("limit"), KEYS, st.booleans()),
    st.tuples(st.just("ends"), KEYS),
)


class InMemory:
    """Lists in memory, and what can be seen of them and done to them from without."""

    def __init__(self):
        self.server = MemoryServer()
        self.lists = MemoryLists(self.server, cap=CAP)

    async def limit(self, *, is_full):
        self.server.is_full = is_full

    async def end_s(self, key):
        held = self.server.there(key)
        left_s = held.ends_s - self.server.clock_s() if held else None
        return None if left_s in (None, FOREVER_S) else left_s


class OnValkey:
    """The same on Valkey."""

    def __init__(self, server):
        self.server = server
        self.lists = ValkeyLists(Functions(server), cap=CAP)

    async def limit(self, *, is_full):
        await self.server.config_set("maxmemory", "1" if is_full else "1gb")

    async def end_s(self, key):
        """Return what is left of all that the list is made of, which must be the same."""
        names = [name for name in names_of(key) if await self.server.exists(name)]
        ends = {await self.server.pexpiretime(name) for name in names}
        assert len(ends) <= 1
        return await self.server.pttl(names[0]) / 1000 if ends - {-1} else None


def names_of(key):
    return key, state_key(key), pulled_key(key)


async def answer(twin, prefix, call):
    """Make a call, and return what can be seen of its answer."""
    name, names, *rest = call
    keys = [f"{prefix}:{each}" for each in names]
    try:
        return await MADE[name](twin, keys, *rest)
    except Full:
        return "full"


async def begin(twin, keys, token, replacing):
    return await twin.lists.begin(keys, token, replacing=replacing)


async def finish(twin, keys, token, contents, idle_s):
    return await twin.lists.finish(dict.fromkeys(keys, contents), token, idle_s=idle_s)


async def cover(twin, keys, build, contents):
    return await twin.lists.cover(keys[0], build, contents)


async def deliver(twin, keys, post, edge_of, idle_s):
    reached = await twin.lists.deliver(keys, post, edge_of=edge_of, idle_s=idle_s)
    return reached.lists, list(reached.halved)


async def deliver_shares(twin, keys, post, luck):
    survived = [luck] * len(keys)
    return await twin.lists.deliver_shares(keys, post, edge_of=None, survived=survived)


async def remove(twin, keys, post):
    await twin.lists.remove(keys, post)


async def abandon(twin, keys, token):
    await twin.lists.abandon(keys[0], token)


async def drop(twin, keys):
    await twin.lists.drop(keys[0])


async def read(twin, keys, reading):
    sources = await twin.lists.read(keys, reading)
    parts = [await twin.lists.read_timeline(key, reading) for key in keys]
    return [seen(source) for source in sources], [known(part) for part in parts]


async def limit(twin, _, is_full):
    await twin.limit(is_full=is_full)


async def ends(twin, keys):
    """Return of each list how long it is kept, in halves of a minute; None if for good."""
    left_s = [await twin.end_s(key) for key in keys]
    return [None if left is None else round(left / 30) for left in left_s]


MADE = {
    each.__name__: each
    for each in (
        *(begin, finish, cover, deliver, deliver_shares, remove, abandon, drop, read),
        *(limit, ends),
    )
}


def seen(source):
    return list(source.ids), source.floor


def known(part):
    return (
        *(seen(part.source), part.build, part.seq, part.halvings, part.pulled, part.reads),
        part.edges_age_s is not None,
        part.age_s < 60,
    )


async def answers(twin, calls):
    prefix = secrets.token_hex(8)
    try:
        return [await answer(twin, prefix, call) for call in calls]
    finally:
        await twin.limit(is_full=False)


async def both(url, calls):
    async with ShardedValkey([url], station=STATION) as servers:
        on_valkey = await answers(OnValkey(servers.servers[0]), calls)
    return await answers(InMemory(), calls), on_valkey


def check(url, examples, **options):
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        **options,
    )
    @given(st.lists(CALLS, min_size=20, max_size=60))
    def alike(calls):
        in_memory, on_valkey = asyncio.run(both(url, calls))
        for call, one, other in zip(calls, in_memory, on_valkey, strict=True):
            assert one == other, call

    alike()


def test_lists_in_memory_and_on_valkey_answer_alike(engines):
    check(engines.timeline_stores[0], 60, derandomize=True)


@pytest.mark.verify
@pytest.mark.timeout(600)
def test_lists_in_memory_and_on_valkey_answer_alike_by_ever_new_chances(engines):
    check(engines.timeline_stores[0], 1_000)
