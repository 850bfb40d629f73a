"""Fan-out, from the event in the broker to the timelines, with follows from a fake."""

import asyncio
import secrets

import pytest

from model.rules.sharding import even_table
from model.rules.timelines import FANOUT_CHUNK_MAX
from reference_impl.chassis.consumers import Consumer, Subscription, consuming
from reference_impl.chassis.events import Event
from reference_impl.chassis.keyvalue import valkey
from reference_impl.timeline.consumer import Delivered, Fanout
from reference_impl.timeline.fanout import DONE, Worker
from reference_impl.timeline.memory import MemoryTimelineStore
from reference_impl.timeline.service import TimelineService
from reference_impl.timeline.store import ValkeyTimelineStore

PATIENCE_S = 10.0
GROUP = "timeline"


class Follows:
    """Who follows one author, in pages; and so whom each of them follows."""

    def __init__(self, author, followers):
        self._author = author
        self._followers = sorted(followers)
        self.pages = 0

    async def followers(self, user_id, *, after, limit):
        self.pages += 1
        assert limit <= FANOUT_CHUNK_MAX
        return [follower for follower in self._followers if follower > after][:limit]

    async def followees(self, user_id):
        return frozenset({self._author} if user_id in self._followers else ())


class Posts:
    """Every post is by this author."""

    def __init__(self, author):
        self._author = author

    async def posts(self, post_ids):
        return [{"post_id": str(post), "user_id": str(self._author)} for post in post_ids]


def posted(post, author, delivery="push"):
    return Event(
        event_id=f"post_db-1:{post}",
        kind="post.created",
        at_s=1_800_000_000.25,
        body={
            "post_id": str(post),
            "user_id": str(author),
            "created_ms": 1_800_000_000_000,
            "delivery": delivery,
            "follower_count": 3,
        },
    )


def fanout_to(store, follows):
    return Fanout(store=store, follows=follows, table=even_table(2))


@pytest.fixture
async def broker(engines):
    async with valkey(engines.broker) as client:
        yield client


@pytest.fixture
def stream():
    return f"events:test-{secrets.token_hex(4)}"


@pytest.fixture
def crowd(new_id):
    """Thirty users: an author, twenty who follow, nine who do not."""
    return [new_id() for _ in range(30)]


async def readers_of(store, post, users):
    """Return those users whose timeline holds the post, each as often as it does."""
    timelines = {user: await store.timeline(user, before=None, limit=100) for user in users}
    return [user for user in users for found in timelines[user] if found == post]


async def test_a_post_reaches_its_author_and_exactly_the_followers_once(store, new_id, crowd):
    author, followers, post = crowd[0], crowd[1:21], new_id()
    fanout = fanout_to(store, Follows(author, followers))
    first = await fanout.deliver(posted(post, author))
    again = await fanout.deliver(posted(post, author))
    assert first == again == Delivered(post_id=post, followers=20, chunks=2)
    assert await readers_of(store, post, crowd) == [author, *followers]


async def test_an_author_without_followers_still_sees_the_post(store, new_id, crowd):
    author, post = crowd[0], new_id()
    delivered = await fanout_to(store, Follows(author, [])).deliver(posted(post, author))
    assert delivered == Delivered(post_id=post, followers=0, chunks=1)
    assert await readers_of(store, post, crowd) == [author]


@pytest.mark.parametrize("followers", [999, 1_000, 1_001, 2_500])
async def test_many_followers_are_reached_page_by_page(followers, new_id):
    store, author, post = MemoryTimelineStore(), new_id(), new_id()
    crowd = [new_id() for _ in range(followers)]
    follows = Follows(author, crowd)
    delivered = await fanout_to(store, follows).deliver(posted(post, author))
    assert delivered is not None
    assert delivered.followers == followers
    assert store.timelines == {user: [post] for user in [author, *crowd]}
    assert follows.pages == followers // FANOUT_CHUNK_MAX + 1


async def test_an_influencers_post_is_in_no_timeline_and_on_every_followers_page(
    store, new_id, crowd
):
    author, followers, post = crowd[0], crowd[1:21], new_id()
    follows = Follows(author, followers)
    delivered = await fanout_to(store, follows).deliver(posted(post, author, "merge"))
    assert delivered == Delivered(post_id=post, followers=0, chunks=1)
    assert follows.pages == 0
    assert await readers_of(store, post, crowd) == []
    service = TimelineService(store=store, follows=follows, posts=Posts(author))
    pages = {user: await service.newsfeed(user, before=None, limit=5) for user in crowd}
    assert [user for user in crowd if pages[user].posts] == [author, *followers]


async def test_other_events_pass(crowd):
    event = Event(event_id="post_db-1:1", kind="post.liked", at_s=0.0, body={})
    assert await fanout_to(MemoryTimelineStore(), Follows(1, [])).deliver(event) is None


def subscription(stream):
    return Subscription(stream=stream, group=GROUP, name="fanout-1", retry_s=0.001, block_s=0.05)


class Dying:
    """A broker whose client dies instead of acknowledging: the work is done, and nobody knows."""

    def __init__(self, broker):
        self._broker = broker

    async def xack(self, *_):
        raise asyncio.CancelledError

    def __getattr__(self, name):
        return getattr(self._broker, name)


async def test_a_death_between_work_and_acknowledgement_loses_and_doubles_nothing(
    servers, broker, stream, new_id, crowd
):
    store = ValkeyTimelineStore(servers, cap=100)
    author, followers, posts = crowd[0], crowd[1:21], [new_id(), new_id()]
    worker = Worker(fanout_to(store, Follows(author, followers)), broker)
    for post in posts:
        await broker.xadd(stream, posted(post, author).to_fields())

    doomed = Consumer(Dying(broker), subscription(stream), worker.handle)  # type: ignore[arg-type]
    with pytest.raises(asyncio.CancelledError):
        await doomed.run(asyncio.Event())
    assert await readers_of(store, posts[0], crowd) == [author, *followers]
    assert (await broker.xpending(stream, GROUP))["pending"] == 2

    all_done = asyncio.Event()

    async def handle(event):
        await worker.handle(event)
        if event == posted(posts[-1], author):
            all_done.set()

    async with (
        asyncio.timeout(PATIENCE_S),
        consuming(Consumer(broker, subscription(stream), handle)),
    ):
        await all_done.wait()
    assert (await broker.xpending(stream, GROUP))["pending"] == 0
    for post in posts:
        assert await readers_of(store, post, crowd) == [author, *followers]


async def test_a_delivery_leaves_a_record(broker, new_id, crowd):
    author, post = crowd[0], new_id()
    worker = Worker(fanout_to(MemoryTimelineStore(), Follows(author, crowd[1:21])), broker)
    await worker.handle(posted(post, author))
    entries = [fields for _, fields in await broker.xrevrange(DONE, count=100)]
    [record] = [fields for fields in entries if int(fields[b"post"]) == post]
    assert record.keys() == {
        b"post", b"followers", b"chunks", b"created", b"begun", b"done", b"cpu"
    }  # fmt: skip
    assert (int(record[b"followers"]), int(record[b"chunks"])) == (20, 2)
    assert float(record[b"created"]) == 1_800_000_000.25
    assert 0 < float(record[b"cpu"]) < float(record[b"done"]) - float(record[b"begun"]) + 0.001
