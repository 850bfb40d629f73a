"""What workers and consumers visit, and how often, is what the model's activities visit."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from model.rules.ids import EPOCH_MS, id_of, logical_shard_of
from model.rules.influencers import Delivery
from model.rules.policy import Strategy
from model.world.counts import CountTable
from model.world.purging import purging_of
from model.world.spreading import spreading_of
from reference_impl.chassis.clients import client_of
from reference_impl.follow.service import FollowService
from reference_impl.follow.store import PostgresFollowStore
from reference_impl.timeline.fanout.delivering import Fanout, Post
from reference_impl.timeline.fanout.jobs import Job, Purge
from reference_impl.timeline.fanout.neighbours import FollowersClient
from reference_impl.timeline.fanout.purging import Purger

RELAYED = 1  # visits of a database by the relay, of which nobody keeps an account
NOT_SEEN = ("relay", "post_db", "broker", "fanout")
PUSH = Delivery.PUSH
LAYOUTS = pytest.mark.parametrize(
    "changed", [{}, {"timelines_by": "post"}, {"follows_kept": "follower"}]
)
PER_EDGE = pytest.mark.parametrize("changed", [{"strategy": Strategy.PER_EDGE}])


class Everybody:
    """The user service: everybody exists."""

    async def require(self, user_id):
        pass


@pytest.fixture
async def following(house):
    users: Any = Everybody()
    store = PostgresFollowStore(await house.user_database(), kept=house.settings.follows_kept)
    return FollowService(store, users)


@pytest.fixture
async def fanout(house):
    """Fan-out as a worker does it, with the follow service and the timeline stores of the house."""
    store = await house.timelines()
    client = await house.opened(client_of(house.settings, "follow"))
    owners = store.timelines._placement.table.owners
    return Fanout(store=store, follows=FollowersClient(client), owners=owners)


@pytest.fixture
def told(scenario, policy):
    """The scenario with the policy that the services follow."""
    return scenario.model_copy(update={"policy": policy})


@pytest.fixture
def chunks_of_two(monkeypatch):
    """Chunks of two followers, in the services and in the model."""
    rules = "model.rules.timelines", "model.rules.fanouts"
    world = "model.world.spreading", "model.world.chunks"
    workers = (f"reference_impl.timeline.fanout.{each}" for each in ("delivering", "purging"))
    for module in (*rules, *world, *workers):
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


async def test_a_change_is_reflected_by_nobody_who_keeps_no_mirror(modelled):
    there = modelled.visits("reflection")["user_db"]
    is_kept_once = replace(modelled.reach.layout, is_mirrored=False)
    assert modelled.visits("reflection", layout=is_kept_once)["user_db"] == there - 1


@LAYOUTS
async def test_bringing_a_post_to_few(house, fanout, modelled, new_id, seen, following, changed):
    author, readers = new_id(), [new_id() for _ in range(6)]
    await all_follow(following, readers, author)
    with seen() as visits:
        _, left = await fanout.begin(post_by(author, new_id(), followers=len(readers)))
    assert left == []
    servers = 1 if "timelines_by" in changed else house.servers_of([author, *readers])
    spreading = few_of(modelled, servers=fixed_at(servers))
    assert visits == modelled.visits("fanout", spreading=spreading, without=NOT_SEEN)


@PER_EDGE
async def test_bringing_a_post_to_few_after_keeping_it_for_others(
    house, fanout, modelled, new_id, seen, following
):
    author, readers = new_id(), [new_id() for _ in range(6)]
    await all_follow(following, readers, author)
    post = post_by(author, new_id(), followers=len(readers), delivery=Delivery.EDGE)
    with seen() as visits:
        await fanout.begin(post)
    spreading = few_of(modelled, servers=fixed_at(house.servers_of(readers)))
    assert visits == modelled.visits("fanout", spreading=spreading, without=NOT_SEEN)


@pytest.mark.parametrize("changed", [{"full_feed_followees_max": 1}])
async def test_a_server_of_readers_of_a_share_is_told_again(
    house, fanout, modelled, new_id, seen, following
):
    reader, others = await house.person(), [new_id() for _ in range(2)]
    server = fanout._store.server_of(0, reader.user_id)
    author = on_server(fanout, server, new_id)
    for followed in (*others, author):
        await following.set_following(reader.user_id, followed, following=True)
    await reader.page()
    with seen() as visits:
        await fanout.begin(post_by(author, new_id(), followers=1))
    spreading = few_of(modelled, servers=fixed_at(1), halved_share=1.0)
    assert visits == modelled.visits("fanout", spreading=spreading, without=NOT_SEEN)


@pytest.mark.parametrize("changed", [{}, {"timelines_by": "post"}])
@pytest.mark.parametrize("server", [0, 1])
async def test_keeping_a_post_for_merging(fanout, modelled, new_id, seen, server):
    author = on_server(fanout, server, new_id)
    post = post_by(author, new_id(), followers=0, delivery=Delivery.MERGE)
    with seen() as visits:
        await fanout.begin(post)
    assert visits == modelled.visits("fanout", merge_share=1.0, without=NOT_SEEN)


@LAYOUTS
async def test_bringing_a_post_to_many(
    fanout, modelled, told, new_id, seen, following, chunks_of_two
):
    author, readers = new_id(), evenly_spread(24)
    await all_follow(following, readers, author)
    post = post_by(author, new_id(), followers=len(readers))
    with seen() as visits:
        _, ranges = await fanout.begin(post)
        chunks = sum([await brought(fanout, post, shards, len(ranges)) for shards in ranges])
    spreading = spreading_of(told, np.full(100, len(readers)))
    assert spreading.many_share == 1.0
    assert spreading.many[0].chunks.mean == chunks
    assert visits == modelled.visits("fanout", spreading=spreading, without=NOT_SEEN)


@PER_EDGE
async def test_bringing_a_post_to_many_after_keeping_it_for_others(
    fanout, modelled, told, new_id, seen, following, chunks_of_two
):
    author, readers = new_id(), evenly_spread(24)
    await all_follow(following, readers, author)
    post = post_by(author, new_id(), followers=len(readers), delivery=Delivery.EDGE)
    with seen() as visits:
        _, ranges = await fanout.begin(post)
        for shards in ranges:
            await brought(fanout, post, shards, len(ranges))
    spreading = spreading_of(told, np.full(100, len(readers)))
    assert visits == modelled.visits("fanout", spreading=spreading, without=NOT_SEEN)


@LAYOUTS
async def test_taking_a_deleted_post_out_of_timelines(
    fanout, modelled, told, new_id, seen, following, chunks_of_two
):
    author, readers = new_id(), evenly_spread(3)
    await all_follow(following, readers, author)
    with seen() as visits:
        chunks = await purged(fanout, Purge(post_id=new_id(), author_id=author, delivery=PUSH))
    purging = purging_of(told, np.full(100, len(readers)))
    assert purging.chunks.mean == chunks
    if told.policy.follows_kept == "follower":
        # The second page is looked for only where the first one's last reader lies, and after.
        assert purging.asked.mean == pytest.approx(1.5, rel=0.02)
        purging = replace(purging, asked=CountTable.of_samples([2, 1]))
    by_chunk = [1, 1] if told.policy.timelines_by == "post" else [2, 1]
    writes = replace(purging.writes, servers=CountTable.of_samples(by_chunk))
    purging = replace(purging, writes=writes)
    expected = modelled.visits("purge", purging=purging, deleted_share=1.0, without=NOT_SEEN)
    assert visits == expected


async def test_taking_a_deleted_post_out_of_what_is_kept_for_merging(
    fanout, modelled, new_id, seen
):
    purge = Purge(post_id=new_id(), author_id=new_id(), delivery=Delivery.MERGE)
    with seen() as visits:
        await purged(fanout, purge)
    expected = modelled.visits("purge", merge_share=1.0, deleted_share=1.0, without=NOT_SEEN)
    assert visits == expected


async def all_follow(following, readers, author):
    for reader in readers:
        await following.set_following(reader, author, following=True)


async def purged(fanout, purge):
    """Take a post out of timelines; return in how many chunks."""
    purger = Purger(store=fanout._store, follows=fanout._follows, owners=fanout._owners)
    chunks, left = 1, await purger.chunk(purge)
    while left is not None:
        chunks, left = chunks + 1, await purger.chunk(left)
    return chunks


def on_server(fanout, server, new_id):
    """Return a new id that lies on that timeline server, whatever lies by post."""
    return next(
        each for each in iter(new_id, None) if fanout._owners[logical_shard_of(each)] == server
    )


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


def few_of(modelled, **writes):
    """The widths of posts to few, with these writes to timelines."""
    spreading = modelled.reach.spreading
    return replace(spreading, many=(), few=replace(spreading.few, **writes))


def fixed_at(count):
    return CountTable(counts=(count,), cumulated=(1.0,))


def evenly_spread(count):
    """Return users who lie as far from each other as they can, by logical shard."""
    return [id_of(EPOCH_MS, (2 * n + 1) * 4096 // (2 * count), n) for n in range(count)]
