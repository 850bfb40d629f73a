"""Fairness, as an order: how many chunks of a big fan-out are done before a small one is.

Every call of a timeline server waits until all workers are in one, and then one call of each is
let go: a round.  So what is counted depends on no clock.
"""

import asyncio
from contextlib import asynccontextmanager

import pytest

from model.rules.ids import EPOCH_MS, id_of, logical_shard_of
from model.rules.timelines import FANOUT_CHUNK_MAX
from reference_impl.chassis.consumers import Consumer, Subscription, consuming
from reference_impl.chassis.errors import Unavailable
from reference_impl.timeline.fanout.delivering import Fanout, Post
from reference_impl.timeline.fanout.jobs import Job
from reference_impl.timeline.fanout.purging import Purger
from reference_impl.timeline.fanout.worker import GROUP, Pace, Worker

PATIENCE_S = 30.0
CHUNKS = 1_000  # at least, of the big post: there are 4,096, one per shard
ONE_SERVER = (0,) * 4_096


class Crowds:
    """A thousand followers of the big author in every shard, and some of small ones."""

    def __init__(self, big_author, followers_of):
        self._big_author = big_author
        self._followers_of = followers_of

    async def followers(self, user_id, *, after, limit, shards):
        if user_id != self._big_author:
            followers = sorted(
                (logical_shard_of(user), user) for user in self._followers_of[user_id]
            )
            last = (logical_shard_of(after), after) if after else (-1, 0)
            inside = range(shards.first, shards.last + 1)
            return [user for shard, user in followers if shard in inside and (shard, user) > last][
                :limit
            ]
        shard = logical_shard_of(after) + 1 if after else shards.first
        if shard > shards.last:
            return []
        return [id_of(EPOCH_MS + 1, shard, number) for number in range(FANOUT_CHUNK_MAX)]


class Rounds:
    """Lets calls go by in rounds, one of each worker, and writes down whose they were."""

    def __init__(self):
        self.workers = 1  # that are in a call when a round begins
        self.log = []  # (worker, post) of each call done
        self._waiting = {}
        self._changed = asyncio.Event()
        self._is_over = False

    async def go_by(self, worker, post_id):
        assert worker not in self._waiting, "a worker does one chunk at a time"
        if self._is_over:
            raise Unavailable("the test is over")
        turn = asyncio.get_running_loop().create_future()
        self._waiting[worker] = (post_id, turn)
        self._changed.set()
        await turn

    async def all_in(self):
        async with asyncio.timeout(PATIENCE_S):
            while len(self._waiting) < self.workers:
                self._changed.clear()
                await self._changed.wait()

    async def next(self):
        """Wait until every worker is in a call, and let these calls be done."""
        await self.all_in()
        for worker, (post_id, turn) in list(self._waiting.items()):
            del self._waiting[worker]
            self.log.append((worker, post_id))
            turn.set_result(None)

    def end(self):
        """Let every call fail, so that workers wait, and stop when they are told to."""
        self._is_over = True
        for _, turn in self._waiting.values():
            turn.set_exception(Unavailable("the test is over"))
        self._waiting.clear()


class Busy:
    """Workers in the midst of a big fan-out."""

    def __init__(self, floor, make_store, follows, big, count):
        self.rounds = Rounds()
        self._floor = floor
        self._big = int(big.body["post_id"])
        self._stores = [self._store(make_store, worker) for worker in range(count)]
        self.fanouts = [
            Fanout(store=store, follows=follows, owners=ONE_SERVER) for store in self._stores
        ]

    def _store(self, make_store, worker):
        store = make_store(servers=1)
        store.before_call = lambda post: self.rounds.go_by(worker, post)
        return store

    async def chunks_before(self, event, readers, *, rounds_max=40):
        """Publish a post; return how many chunks of the big one each worker does before its end.

        None if that has not come after so many rounds.
        """
        await self.rounds.all_in()
        await self._floor.publish(event)
        post, begun = int(event.body["post_id"]), len(self.rounds.log)
        for _ in range(rounds_max):
            await self.rounds.next()
            await self.rounds.all_in()  # so that what was let go has been done
            if {user for store in self._stores for user in store.readers_of(post)} == readers:
                done = self.rounds.log[begun:]
                return [done.count((worker, self._big)) for worker in range(len(self._stores))]
        return None


@pytest.fixture
def small(make_event, crowd, new_id):
    """A function that makes a post by somebody with so many followers, and who is to have it."""

    def made(count):
        author, *followers = crowd(count + 1)
        event = make_event("post.created", new_id(), author, followers=count)
        return event, {author, *followers}

    return made


@pytest.fixture
def big(make_event, new_id):
    return make_event("post.created", new_id(), new_id(), followers=CHUNKS * FANOUT_CHUNK_MAX + 1)


@pytest.fixture
def busy(floor, make_store, big):
    """The context manager that runs so many workers on the big post, past its first chunks."""

    @asynccontextmanager
    async def running(count, followers_of, work):
        follows = Crowds(int(big.body["user_id"]), followers_of)
        busy = Busy(floor, make_store, follows, big, count)
        await floor.publish(big)
        async with work(busy.fanouts):
            await busy.rounds.next()  # the author's own, by whoever is the first to come
            busy.rounds.workers = count
            for _ in range(12):
                await busy.rounds.next()
            try:
                yield busy
            finally:
                busy.rounds.end()

    return running


@pytest.fixture
def fairly(floor):
    """Works as workers do."""

    def working(fanouts):
        purger = Purger(store=None, follows=None, owners=ONE_SERVER)  # type: ignore[arg-type]  # nothing is deleted
        return floor.working(
            *(
                Worker(
                    floor.broker,
                    fanout=fanout,
                    purger=purger,
                    name=f"fanout-{number}",
                    streams=floor.streams,
                    pace=Pace(block_s=0.05),
                )
                for number, fanout in enumerate(fanouts)
            )
        )

    return working


@pytest.fixture
def first_come(floor):
    """Works as workers did before: every event to its end, in the order in which they came."""

    def working(fanouts):
        def handled_by(fanout):
            async def handle(event):
                post = Post.of(event)
                _, ranges = await fanout.begin(post)
                for shards in ranges:
                    job = Job(
                        post_id=post.post_id,
                        author_id=post.author_id,
                        is_edge=False,
                        followers=post.followers,
                        created_s=event.at_s,
                        begun_s=event.at_s,
                        ranges=len(ranges),
                        shards=shards,
                    )
                    last = 0
                    while last is not None:
                        reach, last = await fanout.chunk(job)
                        job = job.continued(last or 0, reach)

            return handle

        return consuming(
            *(
                Consumer(
                    floor.broker,
                    Subscription(
                        stream=floor.streams[0], group=GROUP, name=f"old-{number}", block_s=0.05
                    ),
                    handled_by(fanout),
                )
                for number, fanout in enumerate(fanouts)
            )
        )

    return working


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("followers", [0, 20, 999])
async def test_a_post_by_few_waits_for_two_chunks_of_a_bigger_one_at_most(
    busy, fairly, small, workers, followers
):
    event, readers = small(followers)
    crowds = {int(event.body["user_id"]): readers - {int(event.body["user_id"])}}
    async with busy(workers, crowds, fairly) as under_way:
        chunks = await under_way.chunks_before(event, readers)
    assert chunks is not None
    assert max(chunks) <= 2


@pytest.mark.parametrize(("workers", "most"), [(1, 2), (2, 3)])
async def test_a_post_by_a_few_thousand_waits_for_one_more_if_it_is_shared(
    busy, fairly, small, workers, most
):
    """While one worker brings it to its author, or does its last range, others have no part."""
    event, readers = small(4_500)
    crowds = {int(event.body["user_id"]): readers - {int(event.body["user_id"])}}
    async with busy(workers, crowds, fairly) as under_way:
        chunks = await under_way.chunks_before(event, readers)
    assert chunks is not None
    assert max(chunks) <= most


async def test_small_posts_in_a_row_leave_the_big_one_its_share(busy, fairly, small):
    made = [small(20) for _ in range(24)]
    crowds = {
        int(event.body["user_id"]): readers - {int(event.body["user_id"])}
        for event, readers in made
    }
    async with busy(1, crowds, fairly) as under_way:
        await under_way.rounds.all_in()
        for event, _ in made[:-1]:
            await under_way._floor.publish(event)
        chunks = await under_way.chunks_before(*made[-1])
    assert chunks is not None
    # The one in hand, and one after each seven of the 24 before the last of these is done.
    assert chunks == [4]


async def test_workers_share_the_ranges_of_one_author(busy, fairly):
    async with busy(2, {}, fairly) as under_way:
        log = under_way.rounds.log
    assert {worker for worker, _ in log} == {0, 1}
    assert len({post for _, post in log}) == 1


async def test_first_come_first_served_would_keep_a_post_by_few_waiting(busy, first_come, small):
    event, readers = small(20)
    crowds = {int(event.body["user_id"]): readers - {int(event.body["user_id"])}}
    async with busy(1, crowds, first_come) as under_way:
        chunks = await under_way.chunks_before(event, readers)
    assert chunks is None
