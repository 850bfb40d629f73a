"""What workers and consumers visit, and how often, is what the model's activities visit."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from model.rules.ids import EPOCH_MS, id_of
from model.rules.influencers import Delivery
from model.world.counts import CountTable
from model.world.spreading import spreading_of
from reference_impl.chassis.clients import client_of
from reference_impl.follow.service import FollowService
from reference_impl.follow.store import PostgresFollowStore
from reference_impl.timeline.fanout.delivering import Fanout, Post
from reference_impl.timeline.fanout.jobs import Job
from reference_impl.timeline.fanout.neighbours import FollowersClient

RELAYED = 1  # visits of a database by the relay, of which nobody keeps an account
NOT_SEEN = ("relay", "post_db", "broker", "fanout")


class Everybody:
    """The user service: everybody exists."""

    async def require(self, user_id):
        pass


@pytest.fixture
async def following(house):
    users: Any = Everybody()
    return FollowService(PostgresFollowStore(await house.user_database()), users)


@pytest.fixture
async def fanout(house):
    """Fan-out as a worker does it, with the follow service and the timeline stores of the house."""
    store = await house.timelines()
    client = await house.opened(client_of(house.settings, "follow"))
    owners = store.timelines._placement.table.owners
    return Fanout(store=store, follows=FollowersClient(client), owners=owners)


@pytest.fixture
def chunks_of_two(monkeypatch):
    """Chunks of two followers, in the services and in the model."""
    fanouts = ("model.rules.fanouts", "reference_impl.timeline.fanout.delivering")
    for module in ("model.rules.timelines", "model.world.spreading", *fanouts):
        monkeypatch.setattr(f"{module}.FANOUT_CHUNK_MAX", 2)


@pytest.mark.parametrize("follows", [True, False])
async def test_reflecting_a_change(house, following, modelled, new_id, seen, follows):
    ada, bob = new_id(), new_id()
    change = await following._store.follow(ada, bob)
    if not follows:
        [change] = await following._store.end([(ada, bob)])
    with seen() as visits:
        await following.reflect([change])
    expected = modelled.visits("reflection", follow_share=float(follows))
    assert visits["user_db"] == expected["user_db"] - RELAYED


async def test_bringing_a_post_to_few(house, fanout, modelled, new_id, seen, following):
    author, readers = new_id(), [new_id() for _ in range(6)]
    for reader in readers:
        await following.set_following(reader, author, following=True)
    post = post_by(author, new_id(), followers=len(readers))
    with seen() as visits:
        _, left = await fanout.begin(post)
    assert left == []
    servers = house.servers_of([author, *readers])
    spreading = replace(modelled.reach.spreading, many_share=0.0, few_servers=fixed_at(servers))
    assert visits == modelled.visits("fanout", spreading=spreading, without=NOT_SEEN)


@pytest.mark.parametrize("server", [0, 1])
async def test_keeping_a_post_for_merging(fanout, modelled, new_id, seen, server):
    author = next(each for each in iter(new_id, None) if fanout._store.server_of(0, each) == server)
    post = post_by(author, new_id(), followers=0, delivery=Delivery.MERGE)
    with seen() as visits:
        await fanout.begin(post)
    assert visits == modelled.visits("fanout", merge_share=1.0, without=NOT_SEEN)


async def test_bringing_a_post_to_many(
    fanout, modelled, scenario, new_id, seen, following, chunks_of_two
):
    author, readers = new_id(), evenly_spread(24)
    for reader in readers:
        await following.set_following(reader, author, following=True)
    post = post_by(author, new_id(), followers=len(readers))
    with seen() as visits:
        _, ranges = await fanout.begin(post)
        chunks = sum([await brought(fanout, post, shards, len(ranges)) for shards in ranges])
    spreading = spreading_of(scenario, np.full(100, len(readers)))
    assert spreading.many_share == 1.0
    assert spreading.chunks.mean == chunks
    assert visits == modelled.visits("fanout", spreading=spreading, without=NOT_SEEN)


def post_by(author, post_id, *, followers, delivery=Delivery.PUSH):
    return Post(post_id=post_id, author_id=author, delivery=delivery, followers=followers)


async def brought(fanout, post, shards, ranges):
    """Bring a post to one range of followers; return in how many chunks."""
    job = Job(
        post_id=post.post_id,
        author_id=post.author_id,
        is_edge=False,
        followers=post.followers,
        created_s=0.0,
        begun_s=0.0,
        ranges=ranges,
        shards=shards,
    )
    chunks, last = 1, (await fanout.chunk(job))[1]
    while last is not None:
        chunks, last = chunks + 1, (await fanout.chunk(replace(job, after=last)))[1]
    return chunks


def fixed_at(count):
    return CountTable(counts=(count,), cumulated=(1.0,))


def evenly_spread(count):
    """Return users who lie as far from each other as they can, by logical shard."""
    return [id_of(EPOCH_MS, (2 * n + 1) * 4096 // (2 * count), n) for n in range(count)]
