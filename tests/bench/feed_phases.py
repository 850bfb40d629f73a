"""What is timed of fan-out, and of posting, each as something that can be done again in turns."""

from __future__ import annotations

import random
import secrets
import time
from asyncio import sleep
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from math import ceil

from feed_people import People
from feed_plant import Floor, Plant

from model.rules.ids import IdMinter
from model.rules.policy import FeedPolicy, Strategy
from reference_impl.chassis.clients import client_of
from reference_impl.chassis.databases import ShardedDatabase
from reference_impl.chassis.keyvalue import ShardedValkey
from reference_impl.chassis.policies import FixedPolicy
from reference_impl.follow.client import FollowClient
from reference_impl.post.author_index import PostgresAuthorIndex
from reference_impl.post.posts import Draft, Kept, Medium, Post
from reference_impl.post.service import Neighbours, PostService, Profile
from reference_impl.post.store import PostgresPostStore
from reference_impl.timeline.deliveries import Deliveries
from reference_impl.timeline.store import STATION, valkey_timelines

HEAD_START_S = 0.2  # of a big post before the first small one
PAUSE_S = (0.02, 0.06)  # between two small posts: least and most
FEW, MANY = "few", "many"  # followers


class Publisher:
    """Publishes posts to the workers of one floor."""

    def __init__(self, floor: Floor, people: People) -> None:
        self.floor = floor
        self._people = people
        self._luck = random.Random(2)
        self.big_post = 0  # the latest

    async def big(self) -> tuple[int, float]:
        """Publish a big post; return how many followers it was brought to, and its lag."""
        [record] = await self.floor.records([await self._publish_big()])
        return record.followers, record.lag_s

    async def small(self, count: int) -> list[float]:
        """Publish so many small posts, one after the other; return their lags."""
        posts = [await self._publish_small() for _ in range(count)]
        return [record.lag_s for record in await self.floor.records(posts)]

    async def small_beside_a_big_one(self) -> list[float]:
        """Publish small posts for as long as a big one is under way; return their lags."""
        big, posts = await self._publish_big(), []
        await sleep(HEAD_START_S)
        while not await self.floor.is_done(big):
            posts.append(await self._publish_small())
        [until] = await self.floor.records([big])
        records = await self.floor.records(posts)
        return [record.lag_s for record in records if record.created_s < until.done_s]

    async def _publish_big(self) -> int:
        people = self._people
        self.big_post = await self.floor.publish(people.big, followers=len(people.followers))
        return self.big_post

    async def _publish_small(self) -> int:
        author, followers = self._luck.choice(list(self._people.followers_of.items()))
        post_id = await self.floor.publish(author, followers=len(followers))
        await sleep(self._luck.uniform(*PAUSE_S))
        return post_id


class Own:
    """Brings a post to its author, as the timeline service does when it is asked."""

    def __init__(self, store: Deliveries) -> None:
        self._store = store

    async def show_own(self, post: Post) -> None:
        """Put the post into its author's own timeline."""
        author_id = post.user_id
        await self._store.deliver(
            post.post_id, author_id=author_id, user_ids=[author_id], is_edge=False
        )


class Unasked:
    """Services that no text post asks."""

    async def put(self, medium: Medium) -> Kept:
        """Refuse."""
        raise AssertionError("a text has no medium")

    async def public_profile(self, user_id: int) -> Profile | None:
        """Refuse."""
        raise AssertionError("who posts is known")


class Posting:
    """Posts texts by authors with few and with many followers, in turns."""

    def __init__(self, service: PostService, people: People) -> None:
        self._service = service
        few = next(iter(people.followers_of))
        self._authors = {FEW: few, MANY: people.big}

    async def create(self, count: int) -> dict[str, list[float]]:
        """Create so many posts by each of the two; return how long each took."""
        took_s: dict[str, list[float]] = {name: [] for name in self._authors}
        for number in range(count):
            for name, author in sorted(self._authors.items(), reverse=bool(number % 2)):
                begun_s = time.perf_counter()
                await self._service.create(author, Draft(text="how long does this take"))
                took_s[name].append(time.perf_counter() - begun_s)
        return took_s


@asynccontextmanager
async def posting(plant: Plant, people: People) -> AsyncIterator[Posting]:
    """Open the post service on its databases; every post is pushed, whoever its author."""
    settings = plant.settings
    async with (
        ShardedDatabase(settings.post_databases, connections=4, station="post_db") as database,
        client_of(settings, "follow") as follows,
        ShardedValkey(settings.timeline_stores, station=STATION) as servers,
    ):
        unasked = Unasked()
        service = PostService(
            store=PostgresPostStore(database),
            index=PostgresAuthorIndex(database),
            neighbours=Neighbours(
                media=unasked,
                follows=FollowClient(follows),
                users=unasked,
                timelines=Own(valkey_timelines(servers, cap=settings.timeline_cap)),
            ),
            minter=IdMinter(lambda: time.time_ns() // 1_000_000, secrets.randbits(22)),
            policies=FixedPolicy(FeedPolicy(strategy=Strategy.PUSH)),
        )
        yield Posting(service, people)


def quantile(values: Sequence[float], share: float) -> float:
    """Return the smallest of the values that at least this share of them does not exceed."""
    return sorted(values)[ceil(share * len(values)) - 1]
