"""A timeline server without persistence, killed while posts come in: readers get everything."""

import asyncio
import itertools
import secrets
from contextlib import ExitStack, asynccontextmanager

import pytest

from model.rules.ids import EPOCH_MS, id_of, logical_shard_of
from model.rules.influencers import Delivery
from model.rules.sharding import even_table
from reference_impl.chassis.keyvalue import ShardedValkey
from reference_impl.chassis.policies import FixedPolicy
from reference_impl.timeline.fanout.absences import Absences
from reference_impl.timeline.fanout.delivering import Fanout
from reference_impl.timeline.fanout.purging import Purger
from reference_impl.timeline.fanout.worker import Pace, Worker
from reference_impl.timeline.service import TimelineService
from reference_impl.timeline.store import STATION, valkey_timelines
from reference_impl.timeline.timelines import timeline_key

PATIENCE_S = 30.0
READERS = [id_of(EPOCH_MS, 4_095 * each // 10, each) for each in range(1, 11)]  # on both servers
AUTHORS = {
    id_of(EPOCH_MS + 1, 5, 1): Delivery.PUSH,
    id_of(EPOCH_MS + 1, 4_000, 2): Delivery.PUSH,
    id_of(EPOCH_MS + 1, 4_001, 3): Delivery.MERGE,
    id_of(EPOCH_MS + 1, 4_002, 4): Delivery.EDGE,
}


class Followers:
    """Who follows whom, as the network's follow service says, in pages."""

    def __init__(self, follows):
        self._follows = follows

    async def followers(self, user_id, *, after, limit, shards):
        ids = sorted(self._follows.followers(user_id), key=lambda u: (logical_shard_of(u), u))
        return [
            user
            for user in ids
            if (logical_shard_of(user), user) > (logical_shard_of(after), after)
        ]


class Scene:
    """A network of readers who follow every author, its timelines on two servers of its own."""

    def __init__(self, network, floor, shards, *, servers, by):
        self.servers = servers
        self.shards = shards
        self.network = network
        self.floor = floor
        self.store = valkey_timelines(shards, cap=100, by=by)
        self.service = TimelineService(
            store=self.store,
            follows=network.follows,
            posts=network.posts,
            policies=FixedPolicy(),
            cap=100,
            merge_authors_fresh_s=0.0,
        )
        follows, owners, absences = Followers(network.follows), even_table(2).owners, Absences()
        self.worker = Worker(
            floor.broker,
            fanout=Fanout(store=self.store, follows=follows, owners=owners, absences=absences),
            purger=Purger(store=self.store, follows=follows, owners=owners, absences=absences),
            name="fanout-1",
            streams=floor.streams,
            late=floor.late,
            pace=Pace(retry_s=0.01, block_s=0.05),
        )

    def servers_of(self, reader):
        return self.store.timelines._placement.servers_of(reader)

    def lose_a_server_at_delivery(self, number):
        """Kill the second server in the midst of that delivery; return the event of it."""
        lost, count, deliver = asyncio.Event(), itertools.count(1), self.store.deliver

        async def counted(post_id, **to):
            if next(count) == number:
                self.servers[1].kill()
                lost.set()
            return await deliver(post_id, **to)

        self.store.deliver = counted  # type: ignore[method-assign]  # the store is the test's own
        return lost

    async def post(self, make_event, count):
        """Store so many posts of each author and publish their events; return those pushed."""
        pushed = set()
        for author, delivery in list(AUTHORS.items()) * count:
            post = self.network.write(author, delivery=delivery)
            pushed |= {post} if delivery is Delivery.PUSH else set()
            event_id = f"post_db-1:{secrets.token_hex(8)}"  # the network's own repeat in every test
            about = {"delivery": delivery.value, "followers": 10, "event_id": event_id}
            await self.floor.publish(make_event("post.created", post, author, **about))
        return pushed

    async def read(self, reader):
        """Return the ids on every page of the reader's newsfeed."""
        found, before = [], None
        while True:
            page = await self.service.newsfeed(reader, before=before, limit=7)
            found += [int(post["post_id"]) for post in page.posts]
            if page.last_scanned is None:
                return found
            before = page.last_scanned

    async def have(self, readers, posts):
        """Wait until the timelines of these readers, as their servers keep them, have the posts."""
        async with asyncio.timeout(PATIENCE_S):
            for reader in readers:
                while not posts <= await self._kept_for(reader):  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(0.01)

    async def _kept_for(self, reader):
        members = await self.shards.of_id(reader).zrange(timeline_key(reader), 0, -1)
        return {int.from_bytes(member) for member in members}

    async def everybody_reads_everything(self):
        for reader in READERS:
            assert await self.read(reader) == self.network.oracle(reader)


@pytest.fixture
def set_scene(network_of, floor, own_valkey):
    """A context manager that makes a scene."""

    @asynccontextmanager
    async def made(*, by, durable=False):
        with ExitStack() as opened:
            servers = [opened.enter_context(own_valkey(durable=durable)) for _ in range(2)]
            async with ShardedValkey([each.url for each in servers], station=STATION) as shards:
                network = network_of(by=by)
                for reader in READERS:
                    network.follows.follow(reader, *AUTHORS)
                yield Scene(network, floor, shards, servers=servers, by=by)

    return made


@pytest.fixture(params=["user", "post"])
async def scene(request, set_scene):
    async with set_scene(by=request.param) as scene:
        yield scene


async def test_readers_get_everything_after_a_server_was_lost_while_posts_came_in(
    scene, make_event
):
    await scene.everybody_reads_everything()  # and so has a timeline
    lost = scene.lose_a_server_at_delivery(15)
    await scene.post(make_event, 5)
    async with asyncio.timeout(PATIENCE_S), scene.floor.working(scene.worker):
        await lost.wait()
        await scene.post(make_event, 2)
        scene.servers[1].start()
        await scene.floor.drained()
        await scene.everybody_reads_everything()
        await scene.post(make_event, 2)
        await scene.floor.drained()
    await scene.everybody_reads_everything()
    assert await scene.floor.dead() == []


async def test_whose_server_is_away_gets_everything_that_there_is(scene, make_event):
    await scene.everybody_reads_everything()
    lost = [reader for reader in READERS if 1 in scene.servers_of(reader)]
    assert lost
    scene.servers[1].kill()
    await scene.post(make_event, 3)
    async with asyncio.timeout(PATIENCE_S):
        for reader in lost:
            assert await scene.read(reader) == scene.network.oracle(reader)


async def test_workers_wait_for_a_server_that_is_away_and_drop_nothing(scene, make_event):
    await scene.everybody_reads_everything()
    scene.servers[1].kill()
    await scene.post(make_event, 3)
    async with asyncio.timeout(PATIENCE_S), scene.floor.working(scene.worker):
        await asyncio.sleep(0.1)
        assert await scene.floor.left() > 0
        scene.servers[1].start()
        await scene.floor.drained()
    await scene.everybody_reads_everything()
    assert await scene.floor.dead() == []


@pytest.mark.parametrize("durable", [False, True], ids=["it comes back empty", "with its data"])
async def test_readers_on_other_servers_get_posts_while_one_is_gone(set_scene, make_event, durable):
    async with set_scene(by="user", durable=durable) as scene:
        await scene.everybody_reads_everything()
        lost = [reader for reader in READERS if 1 in scene.servers_of(reader)]
        others = [reader for reader in READERS if reader not in lost]
        scene.servers[1].kill()
        async with asyncio.timeout(PATIENCE_S), scene.floor.working(scene.worker):
            first = await scene.post(make_event, 3)
            await scene.have(others, first)
            second = await scene.post(make_event, 2)
            await scene.have(others, first | second)
            assert await scene.floor.waiting(1) > 0
            scene.servers[1].start()
            await scene.floor.drained()
        if durable:
            await scene.have(lost, first | second)
        await scene.everybody_reads_everything()
        assert await scene.floor.dead() == []
