"""Workers in trouble: what fails, what is away, and what dies in mid-work."""

import asyncio

import pytest
from redis.exceptions import ConnectionError as ConnectionLost

from model.rules.deliveries import TRIES_MAX
from model.rules.fanouts import ALL_SHARDS, class_of
from reference_impl.chassis import attempts, consumers
from reference_impl.chassis.dead_letters import replay
from reference_impl.chassis.errors import Unavailable
from reference_impl.timeline.fanout import worker as worker_module
from reference_impl.timeline.fanout.jobs import Job
from reference_impl.timeline.fanout.worker import GROUP

BIG = 3_500


async def test_an_event_that_cannot_be_read_is_set_aside_and_the_next_is_done(
    floor, worker, fake_store, big, of_big
):
    poison = of_big(event_id="post_db-1:poison").to_fields()
    await floor.broker.xadd(floor.streams[0], {**poison, "body": '{"post_id": "1"}'})
    await floor.publish(of_big())
    async with floor.working(worker):
        await floor.drained()
    [letter] = await floor.dead()
    assert letter[b"event_id"] == b"post_db-1:poison"
    assert len(await floor.records(big[0])) == 1


async def test_a_chunk_that_cannot_be_done_is_set_aside_and_can_be_replayed(
    floor, worker, fake_store, big, of_big
):
    post, author, followers = big

    async def fail_at_a_chunk(_):
        if fake_store.calls and failures:
            raise failures.pop()

    failures = [ValueError("not today")] * TRIES_MAX * 4
    fake_store.before_call = fail_at_a_chunk
    await floor.publish(of_big())
    async with floor.working(worker):
        await floor.drained()
        assert len(await floor.dead(class_of(BIG))) == 4
        assert fake_store.readers_of(post) == [author]
        assert await floor.records(post) == []
        assert await replay(floor.broker, floor.streams[class_of(BIG)]) == 4
        await floor.drained()
    assert fake_store.readers_of(post) == sorted([author, *followers])
    assert len(await floor.records(post)) == 1


async def test_a_failing_chunk_does_not_hold_up_the_others(floor, worker, fake_store, big, of_big):
    fake_store.failures = []
    chunks = []

    async def fail_the_first_chunk(_):
        if fake_store.calls:
            chunks.append(1)
            if len(chunks) == 1:
                raise ValueError("not today")

    fake_store.before_call = fail_the_first_chunk
    await floor.publish(of_big())
    async with floor.working(worker):
        await floor.drained()
    post, author, followers = big
    assert fake_store.readers_of(post) == sorted([author, *followers])
    assert len(chunks) == 5


async def test_while_too_many_events_wait_for_another_try_nothing_new_is_begun(
    floor, fake_store, make_follows, make_event, new_id, monkeypatch
):
    monkeypatch.setattr(attempts, "FAILED_MAX", 1)
    posts, begun = [new_id(), new_id()], []

    async def fail_first(post):
        begun.append(post)
        if len(begun) == 1:
            raise ValueError("not today")

    fake_store.before_call = fail_first
    await floor.publish(*(make_event("post.created", post, new_id()) for post in posts))
    async with floor.working(floor.worker(fake_store, make_follows({}), retry_s=0.05)):
        await floor.drained()
    assert begun == [posts[0], posts[0], posts[1]]


async def test_an_outage_of_the_timeline_store_is_waited_out(
    floor, worker, fake_store, big, of_big
):
    post, author, followers = big
    fake_store.failures = [Unavailable("away")] * (2 * TRIES_MAX)
    await floor.publish(of_big())
    async with floor.working(worker):
        await floor.drained()
    assert fake_store.readers_of(post) == sorted([author, *followers])
    assert await floor.dead() == []


@pytest.fixture
def died(floor, worker, big, of_big):
    """A function that lets the worker die in the midst of its call number so and so."""

    async def dead(fake_store, number):
        inside = asyncio.Event()
        calls = []

        async def hang(_):
            calls.append(1)
            if len(calls) == number:
                inside.set()
                await asyncio.Event().wait()

        fake_store.before_call = hang
        await floor.publish(of_big())
        task = asyncio.create_task(worker.run(asyncio.Event()))
        async with asyncio.timeout(10):
            await inside.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        fake_store.before_call = None

    return dead


@pytest.mark.parametrize("number", [1, 2, 4])
async def test_what_a_worker_dies_in_is_done_by_the_next_of_its_name(
    floor, fake_store, make_follows, big, died, number
):
    post, author, followers = big
    await died(fake_store, number)
    assert await floor.left() > 0
    async with floor.working(floor.worker(fake_store, make_follows({author: followers}))):
        await floor.drained()
    assert fake_store.readers_of(post) == sorted([author, *followers])
    assert len(await floor.records(post)) == 1


async def test_what_a_worker_dies_in_is_taken_over_by_another(
    floor, fake_store, make_follows, big, died
):
    post, author, followers = big
    await died(fake_store, 3)
    heir = floor.worker(fake_store, make_follows({author: followers}), "fanout-2", abandoned_s=0.02)
    async with floor.working(heir):
        await floor.drained()
    assert fake_store.readers_of(post) == sorted([author, *followers])
    assert len(await floor.records(post)) == 1


class Watched:
    """A broker that does something before a worker waits for work, and knows for what it waits."""

    def __init__(self, broker, before_wait):
        self._broker = broker
        self._before_wait = before_wait
        self.waited_for = []

    async def xreadgroup(self, group, name, streams, **options):
        if options.get("block"):  # what waits for a server is looked after without waiting
            self.waited_for.append(set(streams))
            await self._before_wait()
        return await self._broker.xreadgroup(group, name, streams, **options)

    def __getattr__(self, name):
        return getattr(self._broker, name)


async def test_a_worker_without_work_waits_for_every_stream(floor, fake_store, make_follows):
    stopping = asyncio.Event()

    async def stop():
        stopping.set()

    watched = Watched(floor.broker, stop)
    async with asyncio.timeout(10):
        await floor.worker(fake_store, make_follows({}), broker=watched).run(stopping)
    assert watched.waited_for == [set(floor.streams)]


async def test_what_was_in_hand_when_the_broker_went_away_is_done_once(
    floor, fake_store, make_follows, crowd, new_id, monkeypatch
):
    """Two entries come when the worker begins to wait, so it has one in hand in mid-work."""
    monkeypatch.setattr(consumers, "AWAY_S", 0.001)
    author, *followers = (user for user in crowd(12) if fake_store.server_of(0, user) == 0)
    posts, losses = [new_id(), new_id()], [ConnectionLost("nobody there")]

    async def come():
        if len(watched.waited_for) == 1:
            for which, post in zip((2, 3), posts, strict=True):
                job = Job(
                    post_id=post,
                    author_id=author,
                    is_edge=False,
                    followers=len(followers),
                    created_s=1.5,
                    begun_s=2.5,
                    ranges=1,
                    shards=ALL_SHARDS,
                )
                await floor.broker.xadd(floor.streams[which], job.to_fields())

    async def lose_the_broker(_):
        if losses:
            raise losses.pop()

    watched = Watched(floor.broker, come)
    fake_store.before_call = lose_the_broker
    worker = floor.worker(fake_store, make_follows({author: followers}), broker=watched)
    async with floor.working(worker):
        while len(watched.waited_for) < 2:  # noqa: ASYNC110 - it waits again when all is done
            await asyncio.sleep(0.001)
    assert await floor.left() == 0
    assert losses == []
    delivered = [(post, user) for _, post, users in fake_store.calls for user in users]
    assert sorted(delivered) == sorted((post, user) for post in posts for user in followers)


async def test_a_worker_that_is_told_to_stop_finishes_its_chunk_and_leaves_the_rest(
    floor, worker, fake_store, big, of_big
):
    stopping = asyncio.Event()

    async def stop(_):
        if fake_store.calls:
            stopping.set()
            await asyncio.sleep(0)

    fake_store.before_call = stop
    await floor.publish(of_big())
    async with asyncio.timeout(10):
        await worker.run(stopping)
    assert len(fake_store.calls) == 2
    groups = await floor.broker.xinfo_groups(floor.streams[class_of(BIG)])
    assert [(group["name"], group["pending"]) for group in groups] == [(GROUP.encode(), 0)]


class HalfAway:
    """Followers of whom those of some authors cannot be asked for."""

    def __init__(self, follows, away):
        self._follows = follows
        self.away = away
        self.refused = 0

    async def followers(self, user_id, **page):
        if user_id in self.away:
            self.refused += 1
            raise Unavailable("user_db did not answer in time")
        return await self._follows.followers(user_id, **page)


async def test_posts_whose_followers_cannot_be_asked_for_hold_up_nobody_elses(
    floor, fake_store, make_follows, make_event, crowd, new_id, monkeypatch
):
    monkeypatch.setattr(worker_module, "AWAY_S", 0.01)
    (hidden, follower), (author, other) = crowd(2), crowd(2)
    first, second = new_id(), new_id()
    follows = HalfAway(make_follows({hidden: [follower], author: [other]}), away={hidden})
    await floor.publish(
        make_event("post.created", first, hidden, followers=1),
        make_event("post.created", second, author, followers=1),
    )
    async with floor.working(floor.worker(fake_store, follows)):
        await floor.until(lambda: fake_store.readers_of(second) == sorted([author, other]))
        await floor.until(lambda: follows.refused > TRIES_MAX)
        assert fake_store.readers_of(first) == []
        follows.away = set()
        await floor.drained()
    assert fake_store.readers_of(first) == sorted([hidden, follower])
    assert await floor.dead() == []


async def test_what_is_in_hand_is_done_before_anything_is_waited_for(
    floor, fake_store, make_follows, make_event, crowd, new_id
):
    """Though a lane before it has nothing but an entry that others have finished."""
    author, post = new_id(), new_id()
    worker = floor.worker(fake_store, make_follows({}))
    await floor.publish(make_event("post.created", post, author))
    first, later = worker._lanes[0], worker._lanes[1]
    for lane in worker._lanes:
        await lane.group.create()
    [later.hand] = await first.group.read(1, block_s=0.01)
    first.attempts._due_s[b"1-1"] = 0.0
    found = await worker._next()
    assert found is not None
    assert (found[0], found[1].fields[b"kind"]) == (1, b"post.created")


async def test_what_comes_takes_the_place_of_nothing_in_hand(
    floor, fake_store, make_follows, make_event, new_id
):
    worker = floor.worker(fake_store, make_follows({}))
    lane = worker._lanes[0]
    for each in worker._lanes:
        await each.group.create()
    await floor.publish(*(make_event("post.created", new_id(), new_id()) for _ in range(2)))
    [lane.hand] = await lane.group.read(1, block_s=0.01)
    in_hand = lane.hand
    await worker._wait(asyncio.Event())
    assert lane.hand is in_hand
