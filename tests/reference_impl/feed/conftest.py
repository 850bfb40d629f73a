"""Post, follow and timeline service and fan-out in one process, over stores in memory.

Events wait until a test has them handled, one by one and in any order; and while the timeline
service waits for one of its neighbours, whatever a test has planned happens.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from model.rules.ids import EPOCH_MS, IdMinter, id_of
from model.rules.influencers import Delivery
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.events import Event
from reference_impl.chassis.policies import FixedPolicy
from reference_impl.follow.blocks import Block
from reference_impl.follow.memory import MemoryFollowStore
from reference_impl.follow.service import FollowService
from reference_impl.post.authors import AuthorsService
from reference_impl.post.consumer import Erasure
from reference_impl.post.memory import MemoryAuthorIndex, MemoryPostStore
from reference_impl.post.posts import Draft, Post
from reference_impl.post.service import Neighbours, PostService
from reference_impl.timeline.fanout.delivering import Fanout
from reference_impl.timeline.fanout.delivering import Post as Delivered
from reference_impl.timeline.fanout.jobs import Job, Purge
from reference_impl.timeline.fanout.purging import Purger
from reference_impl.timeline.memory import memory_timelines
from reference_impl.timeline.memory_lists import MemoryServer
from reference_impl.timeline.neighbours import NOT_PUSHED
from reference_impl.timeline.questions import Followees
from reference_impl.timeline.service import TimelineService

START_S = 1_900_000_000.0
OUTDATED_S = 50.0

Moment = tuple[str, str]  # a question of the timeline service, and whether it is asked or answered


@dataclass
class Task:
    """Something that a worker or a consumer is still to do; `post` if it is part of a delivery."""

    do: Callable[[], Awaitable[list["Task"]]]
    post: int | None = None


class FollowsTwin:
    """The follow service as post, timeline service and fan-out ask it."""

    def __init__(self, twin):
        self._twin = twin

    async def followees(self, user_id):
        return await self._asked("followees", lambda: self._twin.following.followees(user_id))

    async def mirror(self, user_id, *, since):
        return await self._asked(
            "mirror", lambda: self._twin.following.mirror(user_id, since=since)
        )

    async def followers(self, user_id, *, after, limit, shards):
        shards = range(shards.first, shards.last + 1)
        return await self._twin.following.followers(
            user_id, after=after, limit=limit, shards=shards
        )

    async def follower_count(self, user_id):
        return await self._twin.following.follower_count(user_id)

    async def look_for_own(self, user_id):
        await self._twin.following.look_for_own(user_id)

    async def _asked(self, question, ask):
        answer = await self._twin.asked(question, ask)
        return Followees(ids=frozenset(answer.ids), seq=answer.seq)


class PostsTwin:
    """The post service as the timeline service asks it."""

    def __init__(self, twin):
        self._twin = twin

    async def posts(self, post_ids):
        found = await self._twin.asked("posts", lambda: self._twin.posting.posts(post_ids))
        return [{"post_id": str(post.post_id), "user_id": str(post.user_id)} for post in found]

    async def by_authors(self, author_ids, *, before, limit):
        authors, deliveries = self._twin.authors, tuple(Delivery)
        return await self._twin.asked(
            "by_authors",
            lambda: authors.newest(author_ids, before=before, limit=limit, deliveries=deliveries),
        )

    async def lists(self, author_ids, *, limit):
        authors = self._twin.authors
        return await self._twin.asked(
            "lists", lambda: authors.newest_of_each(author_ids, limit=limit, deliveries=NOT_PUSHED)
        )

    async def rates(self, author_ids):
        return await self._twin.asked("rates", lambda: self._twin.authors.posts_per_day(author_ids))

    async def merge_authors(self, *, after, limit):
        authors = self._twin.authors
        return await self._twin.asked(
            "merge_authors", lambda: authors.merge_authors(after=after, limit=limit)
        )


class OwnTwin:
    """The timeline service as the post service asks it."""

    def __init__(self, twin):
        self._twin = twin

    async def show_own(self, post):
        await self._twin.timelines.show_own(post.user_id, post.post_id)
        self._twin.shown_at_once.add(post.post_id)


class AnybodyTwin:
    """The user service: everybody exists."""

    async def require(self, user_id):
        pass


class Twin:
    """The services, what they are still to do, and what happens meanwhile."""

    def __init__(self, *, users, by, cap, server_count, policy):
        self.users = [id_of(EPOCH_MS, 601 * number, number) for number in range(1, users + 1)]
        self.now_s = START_S
        self.servers = [MemoryServer(clock_s=lambda: self.now_s) for _ in range(server_count)]
        self.policies = FixedPolicy(policy)
        self.store = memory_timelines(cap=cap, by=by, servers=self.servers, policies=self.policies)
        self.follow_store, self.index = MemoryFollowStore(), MemoryAuthorIndex()
        self.post_store = MemoryPostStore()
        anybody: Any = AnybodyTwin()
        self.following = FollowService(self.follow_store, anybody)
        self.authors = AuthorsService(self.index, self._now_ms)
        self.minter = IdMinter(self._now_ms, 1)
        follows: Any = FollowsTwin(self)
        no_media: Any = None
        self.posting = PostService(
            store=self.post_store,
            index=self.index,
            neighbours=Neighbours(
                media=no_media, follows=follows, users=anybody, timelines=OwnTwin(self)
            ),
            minter=self.minter,
            policies=self.policies,
        )
        self.timelines = TimelineService(
            store=self.store,
            follows=follows,
            posts=PostsTwin(self),
            policies=self.policies,
            cap=cap,
            merge_authors_fresh_s=0.0,
            clock_s=lambda: self.now_s,
        )
        owners = self.store.timelines._placement.table.owners
        self.fanout = Fanout(store=self.store, follows=follows, owners=owners)
        self.purger = Purger(store=self.store, follows=follows, owners=owners)
        self.erasure = Erasure(self.post_store, self.index)
        self.tasks: list[Task] = []
        self.under_way: Counter[int] = Counter()  # tasks left of the delivery of each post
        self.delivery_of: dict[int, Delivery] = {}
        self.handled_s: dict[int, float] = {}  # when the last of them was done, so far
        self.shown_at_once: set[int] = set()  # posts whose authors saw them before any worker
        self.plan: dict[Moment, list[Callable[[], Awaitable[None]]]] = {}
        self._loop = asyncio.new_event_loop()

    def run(self, coroutine):
        return self._loop.run_until_complete(coroutine)

    def close(self):
        self._loop.close()

    async def asked(self, question, ask):
        """Answer the timeline service, with what is planned happening before and after."""
        await self._happen((question, "asked"))
        answer = await ask()
        await self._happen((question, "answered"))
        return answer

    async def _happen(self, moment):
        await asyncio.sleep(0)
        for happens in self.plan.pop(moment, []):
            await happens()

    # Posting

    async def post(self, author):
        """Post a text; return its id."""
        post = await self.posting.create(author, Draft(text="something"))
        self._take_up_events()
        return post.post_id

    async def begin_post(self, author):
        """Do the first half of posting: index the post."""
        delivery, follower_count = await self.posting._delivery(author)
        post = Post(
            post_id=self.minter.mint(),
            user_id=author,
            post_type=Draft(text="something").post_type,
            delivery=delivery,
            follower_count=follower_count,
        )
        await self.index.add(post)
        return post

    async def end_post(self, post):
        """Do the second half: store the post and its event; the author is not shown it at once."""
        await self.post_store.insert(post)
        self._take_up_events()

    async def delete(self, author, post_id, *, is_cut_off):
        """Delete a post; cut off, its index entry is left to the event."""
        if is_cut_off:
            await self.post_store.delete(author, [post_id])
        else:
            await self.posting.delete(author, post_id)
        self._take_up_events()

    # Following

    async def follow(self, follower, target, *, is_cut_off):
        """Follow; cut off, the target's server hears of it by the event only."""
        if is_cut_off:
            await self.follow_store.follow(follower, target)
        else:
            await self.following.set_following(follower, target, following=True)
        self._take_up_events()

    async def unfollow(self, follower, target, *, is_cut_off):
        if is_cut_off:
            await self.follow_store.end([(follower, target)])
        else:
            await self.following.set_following(follower, target, following=False)
        self._take_up_events()

    async def set_blocked(self, user, target, *, blocked):
        await self.following.set_blocked(user, target, blocked=blocked)
        self._take_up_events()

    # Workers

    @property
    def handled(self):
        """Posts whose delivery has come to its end."""
        return {post for post, left in self.under_way.items() if left == 0}

    @property
    def kept_lately(self):
        """Posts that came into a list to be merged after a page may have read that list."""
        since_s = self.now_s - self.policies.policy.lists_kept_s
        return {
            post
            for post, at_s in self.handled_s.items()
            if at_s > since_s and self.delivery_of[post] is not Delivery.PUSH
        }

    async def work(self, which, *, is_repeated=False):
        """Do one of the tasks that are left; again later, too, if its end goes unnoticed."""
        if self.tasks:
            await self._do(self.tasks.pop(which % len(self.tasks)), is_repeated=is_repeated)

    async def finish(self, post):
        """Deliver a post to the last reader, if no server is away."""
        while left := [task for task in self.tasks if task.post == post]:
            self.tasks.remove(left[0])
            if not await self._do(left[0], is_repeated=False):
                return

    async def _do(self, task, *, is_repeated):
        try:
            more = await task.do()
        except Unavailable:
            self.tasks.append(task)
            return False
        if is_repeated:
            self.tasks.append(Task(task.do))
        self._add(more)
        if task.post is not None:
            self.under_way[task.post] -= 1
            self.handled_s[task.post] = self.now_s
        return True

    def _add(self, tasks):
        self.tasks += tasks
        self.under_way.update(task.post for task in tasks if task.post is not None)

    def _take_up_events(self):
        events, self.post_store.events = self.post_store.events, []
        for kind, body in events:
            self._add(self._tasks_of(Event(event_id="1", kind=kind, at_s=self.now_s, body=body)))
        changes, self.follow_store.published = self.follow_store.published, []
        self._add([Task(partial(self._mirror, change)) for change in changes])

    def _tasks_of(self, event):
        post_id = int(event.body["post_id"])
        if event.kind == "post.created":
            self.delivery_of[post_id] = Delivery(event.body["delivery"])
            return [Task(lambda: self._deliver(Delivered.of(event)), post=post_id)]
        purge = Purge(
            post_id=post_id,
            author_id=int(event.body["user_id"]),
            delivery=Delivery(event.body["delivery"]),
        )
        return [Task(lambda: self._purge(purge)), Task(lambda: self._erase(event))]

    async def _deliver(self, post):
        _, left = await self.fanout.begin(post)
        jobs = [
            Job(
                post_id=post.post_id,
                author_id=post.author_id,
                is_edge=post.delivery is Delivery.EDGE,
                followers=post.followers,
                created_s=self.now_s,
                begun_s=self.now_s,
                ranges=len(left),
                shards=shards,
            )
            for shards in left
        ]
        return [self._chunk_of(job) for job in jobs]

    def _chunk_of(self, job):
        return Task(lambda: self._deliver_chunk(job), post=job.post_id)

    async def _deliver_chunk(self, job):
        reach, last = await self.fanout.chunk(job)
        return [] if last is None else [self._chunk_of(job.continued(last, reach))]

    async def _purge(self, purge):
        left = await self.purger.chunk(purge)
        return [] if left is None else [Task(lambda: self._purge(left))]

    async def _erase(self, event):
        await self.erasure.handle(event)
        return []

    async def _mirror(self, change):
        if isinstance(change, Block):
            await self.following.mirror_block(change)
        else:
            await self.following.reflect([change])
        return []

    def _now_ms(self):
        return round(self.now_s * 1000)


@pytest.fixture
def twin_of(monkeypatch):
    """The class of twins, with chunks and builds of very few, and no patience with builders.

    Timelines are soon outdated, and authors soon not to be merged any more.
    """
    for module in (
        "model.rules.fanouts",
        "model.rules.timelines",
        "reference_impl.timeline.fanout.delivering",
        "reference_impl.timeline.fanout.purging",
    ):
        monkeypatch.setattr(f"{module}.FANOUT_CHUNK_MAX", 2)
    for module in ("builds", "merging"):
        monkeypatch.setattr(f"reference_impl.timeline.{module}.POLL_S", 0.0)
        monkeypatch.setattr(f"reference_impl.timeline.{module}.POLLS_MAX", 2)
    monkeypatch.setattr("reference_impl.timeline.builds.PULLED_MAX", 3)
    monkeypatch.setattr("reference_impl.timeline.merging.BUILT_POSTS_MAX", 3)
    monkeypatch.setattr("reference_impl.timeline.readers.OUTDATED_S", OUTDATED_S)
    monkeypatch.setattr("reference_impl.timeline.memory.MERGED_FOR_S", OUTDATED_S + 10.0)
    return Twin
