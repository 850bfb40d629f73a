"""A timeline server without room: nothing waits for it, and no page is wrong."""

import asyncio

import pytest

from model.rules.influencers import Delivery
from model.rules.policy import FeedPolicy, Strategy
from model.rules.sharding import even_table
from reference_impl.chassis.keyvalue import ShardedValkey
from reference_impl.chassis.policies import FixedPolicy
from reference_impl.timeline.fanout.delivering import Fanout, Post
from reference_impl.timeline.fanout.jobs import Reach
from reference_impl.timeline.functions import STATION
from reference_impl.timeline.lists import Contents
from reference_impl.timeline.merged import merged_key
from reference_impl.timeline.scan import FeedSource
from reference_impl.timeline.service import TimelineService
from reference_impl.timeline.store import valkey_timelines
from reference_impl.timeline.timelines import timeline_key

CAP = 200
CROWD = 300  # whose timelines take up more than the least that a server has


def fill(network):
    for server in network.servers:
        server.is_full = True


@pytest.fixture
async def busy(network):
    """A network in which Ann reads what Bob pushes and what Cat has merged."""
    network.follows.follow(network.ANN, network.BOB, network.CAT)
    for _ in range(3):
        await network.post(network.BOB)
        await network.post(network.CAT, delivery=Delivery.MERGE)
    await network.newest(network.ANN)
    return network


@pytest.mark.parametrize("limit", [1, 3, 20])
@pytest.mark.parametrize("delivery", [Delivery.PUSH, Delivery.MERGE])
async def test_a_post_that_finds_no_room_is_on_every_page(busy, delivery, limit):
    fill(busy)
    await busy.post(busy.BOB, delivery=delivery)
    assert await busy.whole_feed(busy.ANN, limit=limit) == busy.oracle(busy.ANN)


async def test_an_own_post_that_finds_no_room_is_on_the_next_page(busy):
    fill(busy)
    post = busy.write(busy.ANN)
    assert await busy.service.show_own(busy.ANN, post) == 0
    assert (await busy.newest(busy.ANN))[0] == post


async def test_what_no_post_has_come_for_is_still_read(busy):
    fill(busy)
    assert (await busy.page(busy.ANN)).source is FeedSource.TIMELINE


async def test_a_follow_that_finds_no_room_is_on_every_page(busy):
    await busy.post(busy.DAN)
    busy.follows.follow(busy.ANN, busy.DAN)
    fill(busy)
    for _ in range(2):
        assert await busy.newest(busy.ANN) == busy.oracle(busy.ANN)
    assert len(busy.posts.pulls) == 4  # of the build, to cover; then by pull alone


async def test_a_server_that_fills_up_in_mid_build_costs_the_build_alone(ann_follows_bob):
    network = ann_follows_bob
    await network.post(network.BOB)

    async def fill_up():
        fill(network)

    network.meanwhile(fill_up)
    page = await network.page(network.ANN)
    assert [int(post["post_id"]) for post in page.posts] == network.oracle(network.ANN)
    assert (page.source, page.is_without_store) == (FeedSource.PULL, True)
    for server in network.servers:
        server.is_full = False
    assert (await network.page(network.ANN)).source is FeedSource.BUILT  # nobody is waited for


async def test_a_timeline_that_serves_no_longer_makes_room_for_the_next(busy, monkeypatch):
    monkeypatch.setattr("reference_impl.timeline.readers.OUTDATED_S", -1.0)
    fill(busy)
    assert await busy.newest(busy.ANN) == busy.oracle(busy.ANN)
    assert not any(timeline_key(busy.ANN) in server.lists for server in busy.servers)


async def test_with_room_again_what_was_forgotten_is_built(busy):
    fill(busy)
    await busy.post(busy.BOB)
    await busy.post(busy.CAT, delivery=Delivery.MERGE)
    for server in busy.servers:
        server.is_full = False
    for source in (FeedSource.BUILT, FeedSource.TIMELINE):
        page = await busy.page(busy.ANN)
        assert [int(post["post_id"]) for post in page.posts] == busy.oracle(busy.ANN)
        assert page.source is source


# A server that is really full


class Plant:
    """A small Valkey server with the timelines of a crowd, and what reads and writes them."""

    def __init__(self, network, servers):
        self.network = network
        self.server = servers.servers[0]
        self.store = valkey_timelines(servers, cap=CAP)
        self.fanout = Fanout(store=self.store, follows=self, owners=even_table(1).owners)
        self.crowd = list(range(1, CROWD + 1))
        self.service = TimelineService(
            store=self.store,
            follows=network.follows,
            posts=network.posts,
            policies=FixedPolicy(),
            cap=CAP,
            merge_authors_fresh_s=0.0,
        )

    async def followers(self, user_id, *, after, limit, shards):
        return [user for user in [self.network.ANN, *self.crowd] if user > after][:limit]

    async def fill(self):
        """Give everybody a timeline, and take all room that is left."""
        posts = [self.network.write(self.network.EVE) for _ in range(CAP)]
        for user in self.crowd:
            await self.store.timelines.begin(user, "t", replacing=None)
            contents = Contents(ids=posts, floor=0)
            await self.store.timelines.finish(user, "t", contents, idle_s=None)
        used = (await self.server.info("memory"))["used_memory"]
        await self.server.config_set("maxmemory", str(used - 1))

    async def has_room(self):
        """Wait until what was forgotten is freed, which the server does by and by."""
        async with asyncio.timeout(10):
            while await self._is_full():  # noqa: ASYNC110 - the server has no event for it
                await asyncio.sleep(0.001)

    async def _is_full(self):
        memory = await self.server.info("memory")
        return memory["used_memory"] >= memory["maxmemory"]

    async def deliver(self, delivery):
        post = self.network.write(self.network.BOB, delivery=delivery)
        reach, left = await self.fanout.begin(
            Post(
                post_id=post,
                author_id=self.network.BOB,
                delivery=delivery,
                followers=CROWD + 1,
            )
        )
        assert not left
        return reach

    async def source(self):
        page = await self.service.newsfeed(self.network.ANN, before=None, limit=20)
        shown = [int(post["post_id"]) for post in page.posts]
        assert shown == self.network.oracle(self.network.ANN)
        return page.source


@pytest.fixture
async def plant(network_of, own_valkey):
    network = network_of()
    network.follows.follow(network.ANN, network.BOB)
    with own_valkey() as server:
        async with ShardedValkey([server.url], station=STATION) as servers:
            yield Plant(network, servers)


async def test_a_post_to_a_full_server_makes_room_and_holds_up_nothing(plant):
    assert await plant.source() is FeedSource.BUILT
    await plant.fill()
    assert await plant.deliver(Delivery.PUSH) == Reach(
        followers=CROWD + 1, delivered=0, skipped=CROWD + 2, calls=1
    )
    assert not await plant.server.exists(timeline_key(plant.network.ANN), timeline_key(1))
    await plant.has_room()
    assert await plant.source() is FeedSource.BUILT
    assert (await plant.deliver(Delivery.PUSH)).delivered == 1
    assert await plant.source() is FeedSource.TIMELINE


async def test_a_post_to_merge_holds_up_nothing_on_a_full_server_either(plant):
    await plant.deliver(Delivery.MERGE)
    await plant.source()
    assert await plant.server.exists(merged_key(plant.network.BOB)) == 1
    await plant.server.config_set("maxmemory", "1")
    await plant.deliver(Delivery.MERGE)
    assert await plant.server.exists(merged_key(plant.network.BOB)) == 0
    for _ in range(2):
        assert await plant.source() is FeedSource.PULL
    await plant.server.config_set("maxmemory", "64mb")
    assert await plant.source() is FeedSource.BUILT


async def test_edges_that_cannot_be_chosen_anew_for_want_of_room_serve_as_they_are(network):
    stale_at_once = FeedPolicy(strategy=Strategy.PER_EDGE, edges_fresh_s=1e-9)
    network.policies.policy = stale_at_once
    network.follows.follow(network.ANN, network.BOB)
    await network.post(network.BOB, delivery=Delivery.EDGE)
    await network.newest(network.ANN)
    fill(network)
    page = await network.page(network.ANN)
    assert page.source is not FeedSource.PULL
    assert [int(post["post_id"]) for post in page.posts] == network.oracle(network.ANN)
