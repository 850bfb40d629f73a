"""Lists and timelines, in memory and on Valkey, held to the same contract."""

import asyncio
import secrets
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from model.rules.ids import EPOCH_MS, IdMinter, id_of
from model.rules.influencers import Delivery
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.keyvalue import ShardedValkey
from reference_impl.chassis.policies import FixedPolicy
from reference_impl.timeline.memory import memory_timelines
from reference_impl.timeline.memory_lists import MemoryLists, MemoryServer
from reference_impl.timeline.questions import Followees
from reference_impl.timeline.service import TimelineService
from reference_impl.timeline.store import (
    STATION,
    Functions,
    ValkeyLists,
    state_key,
    valkey_timelines,
)

CAP = 6
SERVERS = 2


@dataclass
class Bench:
    """One server's lists of CAP posts at most, and what a test may do behind them."""

    lists: Any
    memory: MemoryServer | None = None
    valkey: Any = None

    async def outlast_the_builder(self, key):
        """Let the time pass that a build may take."""
        if self.memory:
            self.memory.lists[key].until_s = 0.0
        else:
            await self.valkey.hset(state_key(key), "until", "0")

    async def let_pass(self, key, seconds):
        """Let the list grow older, as if its build had begun so much earlier."""
        if self.memory:
            self.memory.lists[key].begun_s -= seconds
        else:
            await self.valkey.hincrby(state_key(key), "begun", -round(seconds))

    async def lose(self, key):
        """Lose the list, as a server does that is started again."""
        if self.memory:
            del self.memory.lists[key]
        else:
            await self.valkey.delete(key, state_key(key), f"{key}:pulled")


@pytest.fixture(scope="session")
def new_id():
    """Ids that no other test uses: the engines are shared."""
    return IdMinter(lambda: time.time_ns() // 1_000_000, secrets.randbits(22)).mint


@pytest.fixture
async def servers(engines):
    async with ShardedValkey(engines.timeline_stores, station=STATION) as servers:
        yield servers


@pytest.fixture
def valkey_bench(servers):
    functions = Functions(servers.servers[0])
    return Bench(ValkeyLists(functions, cap=CAP), valkey=servers.servers[0])


@pytest.fixture(params=["memory", "valkey"])
def bench(request):
    if request.param == "valkey":
        return request.getfixturevalue("valkey_bench")
    server = MemoryServer()
    return Bench(MemoryLists(server, cap=CAP), memory=server)


@asynccontextmanager
async def full_of(held):
    """Let the server of a bench, or whatever has one, have room for nothing more in the block."""

    async def limit(memory):
        if held.memory:
            held.memory.is_full = memory == "1"
        else:
            await held.valkey.config_set("maxmemory", memory)

    await limit("1")
    try:
        yield
    finally:
        await limit("1gb")


@pytest.fixture
def full():
    """The async context manager in which a server is full."""
    return full_of


@pytest.fixture(params=["user", "post"])
def by(request):
    """How timelines are laid out."""
    return request.param


@pytest.fixture(params=["memory", "valkey"])
def store(request, by):
    """A store on SERVERS servers that keeps the newest CAP posts of a timeline."""
    if request.param == "memory":
        return memory_timelines(cap=CAP, by=by, server_count=SERVERS)
    return valkey_timelines(request.getfixturevalue("servers"), cap=CAP, by=by)


class Follows:
    """The follow service: whom each user follows, and which pairs fan-out knows of."""

    def __init__(self):
        self.seqs = {}  # of each user: pairs by the change that made them; None if unfollowed
        self.mirrored = {}  # of each user: whom fan-out takes them for a follower of
        self.is_away = False
        self.mirrors = []  # whose pairs were made sure of, and since when

    def follow(self, user, *targets, is_mirrored=True):
        for target in targets:
            self._change(user, target, is_followed=True)
        if is_mirrored:
            self._mirror(user)

    def unfollow(self, user, target):
        self._change(user, target, is_followed=False)
        self._mirror(user)

    async def followees(self, user_id):
        await self._visited()
        return self._since(user_id, 0)

    async def mirror(self, user_id, *, since):
        self.mirrors.append((user_id, since))
        await self._visited()
        answer = self._since(user_id, since)
        self._mirror(user_id)
        return answer

    def followers(self, author):
        return [user for user, targets in self.mirrored.items() if author in targets]

    def _change(self, user, target, *, is_followed):
        pairs = self.seqs.setdefault(user, {})
        if (target in self._since(user, 0).ids) != is_followed:
            pairs[target] = (self._since(user, 0).seq + 1, is_followed)

    def _mirror(self, user):
        self.mirrored[user] = set(self._since(user, 0).ids)

    def _since(self, user, since):
        pairs = self.seqs.get(user, {})
        seq = max((seq for seq, _ in pairs.values()), default=0)
        ids = (target for target, (at, is_followed) in pairs.items() if is_followed and at > since)
        return Followees(ids=frozenset(ids), seq=seq)

    async def _visited(self):
        await asyncio.sleep(0)
        if self.is_away:
            raise Unavailable("follow could not be asked")


class Posts:
    """The post service: every post by its author, in the index as long as nobody cleans that."""

    def __init__(self):
        self.author_of = {}
        self.delivery_of = {}
        self.deleted = set()
        self.rate_of = {}
        self.is_away = False
        self.pulls = []  # authors and `before` of every question for the newest of some authors
        self.listings = []  # authors of every question for lists of their own
        self.hydrated = []  # ids of every question for posts
        self.before_answer = None  # what happens when posts are gathered, before they are read
        self.after_answer = None  # and between that and the answer's arrival

    async def posts(self, post_ids):
        self.hydrated.append(list(post_ids))
        await self._visited()
        return [
            {"post_id": str(post), "user_id": str(self.author_of[post])}
            for post in post_ids
            if post in self.author_of and post not in self.deleted
        ]

    async def by_authors(self, author_ids, *, before, limit):
        self.pulls.append((set(author_ids), before))
        await self._visited()
        await self._happens(self.before_answer)
        answer = self._newest(author_ids, before, tuple(Delivery))[:limit]
        await self._happens(self.after_answer)
        return answer

    async def lists(self, author_ids, *, limit):
        self.listings.append(sorted(author_ids))
        await self._visited()
        await self._happens(self.before_answer)
        kept = (Delivery.MERGE, Delivery.EDGE)
        answer = {author: self._newest([author], None, kept)[:limit] for author in author_ids}
        await self._happens(self.after_answer)
        return answer

    async def rates(self, author_ids):
        await self._visited()
        return {author: self.rate_of[author] for author in author_ids if author in self.rate_of}

    async def merge_authors(self, *, after, limit):
        await self._visited()
        merged = {
            self.author_of[post]
            for post, delivery in self.delivery_of.items()
            if delivery is Delivery.MERGE
        }
        return sorted(author for author in merged if author > after)[:limit]

    def _newest(self, author_ids, before, deliveries):
        found = [
            post
            for post, author in self.author_of.items()
            if author in author_ids
            and self.delivery_of[post] in deliveries
            and (before is None or post < before)
        ]
        return sorted(found, reverse=True)

    async def _happens(self, what):
        if what:
            await what()

    async def _visited(self):
        await asyncio.sleep(0)
        if self.is_away:
            raise Unavailable("post could not be asked")


class Network:
    """A few users, what they did, the service under test, and an oracle for what it must say."""

    ANN, BOB, CAT, DAN, EVE = (id_of(EPOCH_MS, 777 * each, each) for each in range(1, 6))

    def __init__(self, *, by="user", cap=100, policy=None):
        self.follows, self.posts = Follows(), Posts()
        self.servers = [MemoryServer() for _ in range(SERVERS)]
        self.cap = cap
        self.policies = FixedPolicy(policy)
        self.now_s = 0.0  # for what the service keeps for a while
        self.store = memory_timelines(cap=cap, by=by, servers=self.servers, policies=self.policies)
        self.service = self.another_service()

    def another_service(self):
        """Return a service of another process."""
        return TimelineService(
            store=self.store,
            follows=self.follows,
            posts=self.posts,
            policies=self.policies,
            cap=self.cap,
            merge_authors_fresh_s=0.0,
            clock_s=lambda: self.now_s,
        )

    def write(self, author, *, delivery=Delivery.PUSH):
        """Store a post that nobody has delivered yet; return its id."""
        place = len(self.posts.author_of) + 1
        post = id_of(EPOCH_MS + place, 1365 * place % 4096, 0)
        self.posts.author_of[post] = author
        self.posts.delivery_of[post] = delivery
        return post

    async def deliver(self, post):
        """Do what fan-out does with a post."""
        author, delivery = self.posts.author_of[post], self.posts.delivery_of[post]
        is_edge = delivery is Delivery.EDGE
        readers = [author]
        if delivery is not Delivery.PUSH:
            await self.store.keep_for_merging(post, author_id=author)
        if delivery is Delivery.MERGE:
            await self.store.have_merged(author)
        if delivery is not Delivery.MERGE:
            readers += self.follows.followers(author)
        for reader in readers:
            await self.store.deliver(post, author_id=author, user_ids=[reader], is_edge=is_edge)

    async def post(self, author, *, delivery=Delivery.PUSH):
        """Store a post and deliver it; return its id."""
        post = self.write(author, delivery=delivery)
        await self.deliver(post)
        return post

    async def page(self, user, *, before=None, limit=20):
        return await self.service.newsfeed(user, before=before, limit=limit)

    async def newest(self, user, *, limit=20):
        """Return the ids on the first page."""
        return ids_on(await self.page(user, limit=limit))

    async def feed(self, user, *, limit=3):
        """Return the ids on each page, from the newest to the end."""
        pages, before = [], None
        while True:
            page = await self.page(user, before=before, limit=limit)
            pages.append(ids_on(page))
            if page.last_scanned is None:
                return pages
            before = page.last_scanned

    async def whole_feed(self, user, *, limit=3):
        """Return the ids on all pages together."""
        return [post for page in await self.feed(user, limit=limit) for post in page]

    def oracle(self, user):
        """Return what the newsfeed must be."""
        authors = self.follows._since(user, 0).ids | {user}
        return sorted(
            (
                post
                for post, author in self.posts.author_of.items()
                if author in authors and post not in self.posts.deleted
            ),
            reverse=True,
        )

    def wipe(self):
        for server in self.servers:
            server.wipe()

    def lose(self, key):
        """Lose the list of this key, wherever it is."""
        for server in self.servers:
            server.lists.pop(key, None)

    def meanwhile(self, happens):
        """Let this happen once, between the next gathering of posts and its answer's arrival."""

        async def happen():
            self.posts.after_answer = None
            await happens()

        self.posts.after_answer = happen


def ids_on(page):
    return [int(post["post_id"]) for post in page.posts]


@pytest.fixture
def network_of():
    """The class of small networks."""
    return Network


@pytest.fixture
def network(by):
    """A small network without policy, in either layout."""
    return Network(by=by)


@pytest.fixture
def ann_follows_bob(network):
    """The network, in which Ann follows Bob, and has not read yet."""
    network.follows.follow(network.ANN, network.BOB)
    return network
