"""Fan-out over a real broker, with followers and timelines that a test can see and slow down."""

import asyncio
import secrets
from collections import Counter, defaultdict
from contextlib import asynccontextmanager

import pytest
from redis.exceptions import ResponseError

from model.rules.fanouts import NEW, late_streams
from model.rules.ids import logical_shard_of
from model.rules.sharding import even_table
from model.rules.timelines import FANOUT_CHUNK_MAX
from reference_impl.chassis.consumers import beside
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.events import Event
from reference_impl.chassis.keyvalue import valkey
from reference_impl.timeline.fanout.absences import Absences
from reference_impl.timeline.fanout.delivering import Fanout
from reference_impl.timeline.fanout.purging import Purger
from reference_impl.timeline.fanout.records import DONE
from reference_impl.timeline.fanout.worker import STREAMS, Pace, Worker

PATIENCE_S = 20.0
SERVERS = 2
OWNERS = even_table(SERVERS).owners
CREATED_S = 1_800_000_000.25
BIG = 3_500  # followers who are cut into ranges


class Follows:
    """Who follows whom, in pages."""

    def __init__(self, followers_of):
        self._followers_of = {
            author: sorted(followers, key=lambda user: (logical_shard_of(user), user))
            for author, followers in followers_of.items()
        }
        self.pages = []  # (author, shards) of each page asked for

    async def followers(self, user_id, *, after, limit, shards):
        assert limit <= FANOUT_CHUNK_MAX
        self.pages.append((user_id, shards))
        first = (logical_shard_of(after), after) if after else (shards.first, 0)
        return [
            user
            for user in self._followers_of.get(user_id, [])
            if (logical_shard_of(user), user) > first
            and shards.first <= logical_shard_of(user) <= shards.last
        ][:limit]


class Store:
    """Timelines that hold whatever is delivered, as often as it is; everybody has one."""

    def __init__(self, servers=SERVERS):
        self._table = even_table(servers)
        self.timelines = defaultdict(list)
        self.merged = defaultdict(list)
        self.calls = []  # in order: what was done with which post, for whom
        self.absent = set()  # users without a timeline
        self.before_call = None  # awaited at the beginning of each delivery
        self.failures = []  # raised by the next deliveries
        self.away = set()  # servers
        self.asked: Counter[int] = Counter()  # how often each server was, away or not

    def server_of(self, post_id, user_id):
        return self._table.server_of_id(user_id)

    async def deliver(self, post_id, *, author_id, user_ids, is_edge):
        assert 0 < len(user_ids) <= FANOUT_CHUNK_MAX
        assert len({self.server_of(post_id, user) for user in user_ids}) == 1
        if self.before_call:
            await self.before_call(post_id)
        if self.failures:
            raise self.failures.pop(0)
        self.reach(self.server_of(post_id, user_ids[0]))
        self.calls.append(("edge" if is_edge else "deliver", post_id, tuple(user_ids)))
        there = [user for user in user_ids if user not in self.absent]
        for user in there:
            if post_id not in self.timelines[user]:
                self.timelines[user].append(post_id)
        return len(there)

    def reach(self, server):
        self.asked[server] += 1
        if server in self.away:
            raise Unavailable(f"{server} did not answer in time")

    async def keep_for_merging(self, post_id, *, author_id):
        self.reach(self._table.server_of_id(author_id))
        self.calls.append(("keep", post_id, (author_id,)))
        self.merged[author_id].append(post_id)

    async def have_merged(self, author_id):
        self.reach(0)
        self.calls.append(("merge", None, (author_id,)))

    async def remove(self, post_id, *, user_ids):
        assert len({self.server_of(post_id, user) for user in user_ids}) == 1
        self.reach(self.server_of(post_id, user_ids[0]))
        self.calls.append(("remove", post_id, tuple(user_ids)))
        for user in user_ids:
            self.timelines[user] = [post for post in self.timelines[user] if post != post_id]

    async def remove_merged(self, post_id, *, author_id):
        self.reach(self._table.server_of_id(author_id))
        self.calls.append(("remove merged", post_id, (author_id,)))
        self.merged[author_id] = [post for post in self.merged[author_id] if post != post_id]

    async def drop(self, user_id):
        self.timelines.pop(user_id, None)

    async def load_functions(self):
        pass

    def readers_of(self, post_id):
        """Return who has the post, each as often as it was delivered."""
        return sorted(user for user, posts in self.timelines.items() for p in posts if p == post_id)


def event_of(kind, post, author, *, delivery="push", followers=0, event_id=None):
    body = {"post_id": str(post), "user_id": str(author), "delivery": delivery}
    if kind == "post.created":
        body |= {"created_ms": 1_800_000_000_000, "follower_count": followers}
    return Event(
        event_id=event_id or f"post_db-1:{kind}:{post}", kind=kind, at_s=CREATED_S, body=body
    )


async def entries_left(broker, streams):
    """Return how many entries of these are unread or in hand, all counted at one instant.

    Entries move from stream to stream, and would be missed one by one.
    """
    async with broker.pipeline(transaction=True) as pipeline:
        for stream in streams:
            pipeline.xlen(stream)
            pipeline.xinfo_groups(stream)
        answers = await pipeline.execute(raise_on_error=False)
    left = 0
    for length, groups in zip(answers[::2], answers[1::2], strict=True):
        if isinstance(groups, ResponseError):  # there is no such stream yet
            continue
        left += sum(group["pending"] + group["lag"] for group in groups) if groups else length
    return left


class Floor:
    """A broker's streams that no other test uses, and the workers on them."""

    def __init__(self, broker):
        mark = secrets.token_hex(4)
        self.broker = broker
        self.streams = [f"{name}:test-{mark}" for name in STREAMS]
        self.late = [f"{name}:test-{mark}" for name in late_streams(SERVERS)]

    def fanout(self, store, follows, absences=None):
        return Fanout(store=store, follows=follows, owners=OWNERS, absences=absences)

    def worker(self, store, follows, name="fanout-1", *, broker=None, **changes):
        quick = {"retry_s": 0.001, "block_s": 0.05, **changes}
        absences = Absences()
        return Worker(
            broker or self.broker,
            fanout=self.fanout(store, follows, absences),
            purger=Purger(store=store, follows=follows, owners=OWNERS, absences=absences),
            name=name,
            streams=self.streams,
            late=self.late,
            pace=Pace(**quick),
        )

    @asynccontextmanager
    async def working(self, *workers):
        async with asyncio.timeout(PATIENCE_S), beside(*(worker.run for worker in workers)):
            yield

    async def publish(self, *events, which=NEW):
        for event in events:
            await self.broker.xadd(self.streams[which], event.to_fields())

    async def left(self):
        """Return how many entries of all streams are unread or in hand."""
        return await entries_left(self.broker, [*self.streams, *self.late])

    async def drained(self):
        """Wait until nothing is left to do."""
        async with asyncio.timeout(PATIENCE_S):
            while await self.left():  # noqa: ASYNC110 - the broker has no event for it
                await asyncio.sleep(0.002)

    async def until(self, is_so):
        """Wait until something is so."""
        async with asyncio.timeout(PATIENCE_S):
            while not is_so():  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.002)

    async def in_hand(self, which):
        """Return how many entries of a class somebody has read and not finished."""
        stream = self.streams[which]
        groups = await self.broker.xinfo_groups(stream) if await self.broker.exists(stream) else []
        return sum(group["pending"] for group in groups)

    async def waiting(self, server):
        """Return how many entries wait for a server."""
        if not await self.broker.exists(self.late[server]):
            return 0
        groups = await self.broker.xinfo_groups(self.late[server])
        return sum(group["pending"] + group["lag"] for group in groups)

    async def until_waiting(self, server):
        """Wait until something waits for a server."""
        async with asyncio.timeout(PATIENCE_S):
            while not await self.waiting(server):  # noqa: ASYNC110 - the broker has no event for it
                await asyncio.sleep(0.002)

    async def records(self, post):
        """Return the records of the fan-outs of one post."""
        entries = await self.broker.xrevrange(DONE, count=1_000)
        return [fields for _, fields in entries if int(fields[b"post"]) == post]

    async def dead(self, which=0):
        entries = await self.broker.xrange(f"{self.streams[which]}:dead")
        return [fields for _, fields in entries]


@pytest.fixture
async def broker(engines):
    async with valkey(engines.broker) as client:
        yield client


@pytest.fixture
def count_left():
    return entries_left


@pytest.fixture
def floor(broker):
    return Floor(broker)


@pytest.fixture
def make_store():
    return Store


@pytest.fixture
def fake_store():
    return Store()


@pytest.fixture
def make_follows():
    return Follows


@pytest.fixture
def make_event():
    return event_of


@pytest.fixture
def crowd(new_id):
    """A function that makes so many users."""
    return lambda count: [new_id() for _ in range(count)]


@pytest.fixture
def big(crowd, new_id):
    """A post, its author and so many followers that they are cut into ranges."""
    author, *followers = crowd(BIG + 1)
    return new_id(), author, followers


@pytest.fixture
def of_big(make_event, big):
    def event(kind="post.created", **changes):
        post, author, _ = big
        return make_event(kind, post, author, **{"followers": BIG, **changes})

    return event


@pytest.fixture
def worker(floor, fake_store, make_follows, big):
    _, author, followers = big
    return floor.worker(fake_store, make_follows({author: followers}))
