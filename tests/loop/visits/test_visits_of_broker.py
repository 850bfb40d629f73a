"""How often consumers and workers ask the broker about one event is what the model says."""

import asyncio
import secrets
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from redis.asyncio import Redis, client

from model.rules.fanouts import ALL_SHARDS
from model.world.counts import CountTable
from model.world.spreading import spreading_of
from reference_impl.chassis.consumers import Consumer, Subscription, beside
from reference_impl.chassis.events import Event
from reference_impl.chassis.keyvalue import valkey
from reference_impl.media.memory import MemoryObjects
from reference_impl.media.names import name_of, url_of
from reference_impl.media.pipeline.clearing import Clearing
from reference_impl.media.pipeline.consumer import Pipeline, PipelineReader
from reference_impl.media.pipeline.developing import Developing
from reference_impl.search.feeding import Feed
from reference_impl.search.feeding import Pace as FeedPace
from reference_impl.timeline.fanout.jobs import Reach
from reference_impl.timeline.fanout.worker import STREAMS, Pace, Worker

PATIENCE_S = 20.0
NAME = name_of(b"a picture", "image/png", "0b" * 8)
ABOUT_EVENTS = ("XREADGROUP", "EVALSHA", "XACK")  # commands by which entries are read and finished
# Of an event's visits, those that are not under test.
RELAYED, GROUPS_OF_USERS, ERASURE, INDEXED = 1, 4, 3, 2
PIPELINE = 3  # which hears of deleted posts
UNDER_WAY = 1  # look at whether the post is still brought to anybody: a question, not of an event
GROUPS_OF_IMAGES = 4  # user, post and pipeline, and one edge


@pytest.fixture
def asked(monkeypatch):
    """A list of the commands that were asked about events, each that found something."""
    commands = []
    ask_one, ask_some = Redis.execute_command, client.Pipeline.execute

    async def one(self, *words, **options):
        answer = await ask_one(self, *words, **options)
        if words[0] in ABOUT_EVENTS and answer:
            commands.append(words[0])
        return answer

    async def some(self, *words, **options):
        commands.append("pipeline")
        return await ask_some(self, *words, **options)

    monkeypatch.setattr(Redis, "execute_command", one)
    monkeypatch.setattr(client.Pipeline, "execute", some)
    return commands


@pytest.fixture
async def broker(stores):
    async with valkey(stores.broker) as client:
        yield client


@pytest.fixture
def streams():
    mark = secrets.token_hex(4)
    return [f"{name}:{mark}" for name in STREAMS]


@asynccontextmanager
async def running(run, broker, streams, group):
    """Run until an event that is published inside is finished, and all that comes of it."""
    async with asyncio.timeout(PATIENCE_S), beside(run):
        yield
        while await left(broker, streams, group):  # noqa: ASYNC110 - the broker has no event for it
            await asyncio.sleep(0.005)


async def left(broker, streams, group):
    """Return how many entries of the streams the group has not finished."""
    entries = 0
    for stream in streams:
        if await broker.exists(stream):
            found = [each for each in await broker.xinfo_groups(stream) if each["name"] == group]
            entries += sum(each["pending"] + each["lag"] for each in found) if found else 1
    return entries


def event_of(kind, **body):
    event = Event(event_id=f"user_db-1-x:{secrets.randbits(30)}", kind=kind, at_s=0.0, body=body)
    return event.to_fields()


async def test_a_group_reads_an_event_looks_it_up_and_finishes_it(broker, streams, asked, modelled):
    async def handle(_):
        pass

    stream = streams[0]
    its = Subscription(stream=stream, group="some", name="some-1", block_s=0.05)
    async with running(Consumer(broker, its, handle).run, broker, [stream], b"some"):
        await broker.xadd(stream, event_of("user.registered"))
    announced = RELAYED + GROUPS_OF_USERS * len(asked) + INDEXED
    assert announced == modelled.visits("announcement")["broker"]
    assert RELAYED + len(asked) == modelled.visits("reflection")["broker"]


async def test_the_pipeline_and_who_hears_of_it_ask_as_often(broker, streams, asked, modelled):
    """Of an image that was deleted before it was to be developed: nothing is left to be told."""
    objects, darkrooms = MemoryObjects(), Nobody()
    developing = Developing(objects, darkrooms, at_once=1, drops_originals=False)
    its = Subscription(stream=streams[0], group="pipeline", name="p", block_s=0.05)
    reader = PipelineReader(broker, its, Pipeline(developing, Clearing(objects)))
    body = {"post_id": "5", "user_id": "6", "media_url": url_of(NAME)}
    async with running(reader.run, broker, streams[:1], b"pipeline"):
        await broker.xadd(streams[0], event_of("post.created", **body))
    expected = modelled.visits("development")["broker"]
    assert (1 + GROUPS_OF_IMAGES) * len(asked) == expected


async def test_a_shard_of_the_index_reads_and_finishes(broker, streams, asked):
    generations: Any = TakesAll()
    pace = FeedPace(commit_s=0.0, block_s=0.05)
    feed = Feed(broker, generations, stream=streams[0], shard=7, pace=pace)
    async with running(feed.run, broker, streams[:1], b"search-7"):
        await broker.xadd(streams[0], event_of("user.deleted", user_id="5", version=2))
    assert len(asked) == INDEXED


@pytest.mark.parametrize("chunks", [0, 1])
async def test_a_worker_asks_about_a_post_and_about_each_chunk(
    broker, streams, asked, modelled, scenario, chunks
):
    in_chunks: Any = InChunks(chunks)
    nobody: Any = None
    worker = Worker(
        broker,
        fanout=in_chunks,
        purger=nobody,
        name="w",
        streams=streams,
        pace=Pace(block_s=0.05),
    )
    body = {"post_id": "5", "user_id": "6", "delivery": "push", "follower_count": 7}
    async with running(worker.run, broker, streams, b"timeline"):
        await broker.xadd(streams[0], event_of("post.created", **body))
    table = CountTable(counts=(chunks,), cumulated=(1.0,))
    [many] = spreading_of(scenario, np.full(10, 1_001)).many
    spreading = replace(modelled.reach.spreading, many=(replace(many, chunks=table),))
    expected = modelled.visits("fanout", spreading=spreading)["broker"]
    assert RELAYED + ERASURE + len(asked) == expected


@pytest.mark.parametrize("chunks", [1, 2])
async def test_a_worker_asks_about_a_deleted_post_and_about_each_chunk(
    broker, streams, asked, modelled, chunks
):
    purger: Any = PurgedInChunks(chunks)
    nobody: Any = None
    worker = Worker(
        broker, fanout=nobody, purger=purger, name="w", streams=streams, pace=Pace(block_s=0.05)
    )
    body = {"post_id": "5", "user_id": "6", "delivery": "push"}
    async with running(worker.run, broker, streams, b"timeline"):
        await broker.xadd(streams[0], event_of("post.deleted", **body))
    table = CountTable(counts=(chunks,), cumulated=(1.0,))
    purging = replace(modelled.reach.purging, chunks=table)
    expected = modelled.visits("purge", purging=purging, deleted_share=1.0)["broker"]
    assert RELAYED + ERASURE + PIPELINE + len(asked) + UNDER_WAY == expected


class PurgedInChunks:
    """Purges that are done after so many chunks."""

    def __init__(self, chunks):
        self._left = chunks

    async def chunk(self, purge, **_):
        self._left -= 1
        return replace(purge, after=purge.after + 1) if self._left else None


class Nobody:
    """A darkroom that is never asked."""

    async def developed(self, _):
        raise AssertionError


class TakesAll:
    """An index that takes whatever it is told."""

    is_new = False

    def take(self, _):
        pass

    def note_gap(self, **_):
        pass


class InChunks:
    """Fan-out that leaves so many ranges of one chunk each."""

    def __init__(self, ranges):
        self._left = [ALL_SHARDS] * ranges

    async def begin(self, post):
        return Reach(), self._left

    async def chunk(self, job, **_):
        return Reach(), None
