"""The people that fan-out is timed with: authors, who follows them, and everybody's timelines."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Self

import psycopg
import redis

from model.rules.ids import IdMinter
from model.rules.sharding import even_table
from model.rules.timelines import FANOUT_CHUNK_MAX
from reference_impl.chassis.keyvalue import ShardedValkey
from reference_impl.chassis.settings import Settings
from reference_impl.timeline.lists import Contents
from reference_impl.timeline.store import (
    ID_BYTES,
    STATION,
    Functions,
    ValkeyLists,
    pulled_key,
    state_key,
)
from reference_impl.timeline.timelines import timeline_key

SMALL_FOLLOWERS = 20  # of each small author
BUILT_AT_ONCE = 100  # timelines in one pipeline

mint = IdMinter(lambda: time.time_ns() // 1_000_000, secrets.randbits(22)).mint


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """A big author, small ones whose followers also follow the big one, and readers besides."""

    big: int
    followers: Sequence[int]  # of the big author
    followers_of: Mapping[int, Sequence[int]]  # of the small ones
    well_read: Sequence[int]  # follow nobody; their timelines are full

    @classmethod
    def gather(cls, *, followers: int, small: int, well_read: int) -> Self:
        """Return new people, whom no other run knows."""
        crowd = [mint() for _ in range(followers)]
        luck = random.Random(1)
        return cls(
            big=mint(),
            followers=crowd,
            followers_of={mint(): luck.sample(crowd, SMALL_FOLLOWERS) for _ in range(small)},
            well_read=[mint() for _ in range(well_read)],
        )

    @property
    def authors(self) -> list[int]:
        """Everybody who has followers."""
        return [self.big, *self.followers_of]


@asynccontextmanager
async def present(people: People, settings: Settings) -> AsyncIterator[None]:
    """Let these people be in the stores while the block runs."""
    try:
        _write_followers(settings, people)
        await _build_timelines(settings, people)
        yield
    finally:
        _erase(settings, people)


def _write_followers(settings: Settings, people: People) -> None:
    """Write who follows whom as it is read by author, and how many they are."""
    followers_of = {people.big: people.followers, **people.followers_of}
    table = even_table(len(settings.user_databases))
    for server, authors in table.ids_by_server(followers_of).items():
        with psycopg.connect(settings.user_databases[server]) as connection:
            cursor = connection.cursor()
            columns = "followers (target_id, follower_id, following)"
            with cursor.copy(f"COPY {columns} FROM STDIN".encode()) as copy:
                for author in authors:
                    for follower in followers_of[author]:
                        copy.write_row((author, follower, True))
            cursor.executemany(
                "INSERT INTO follower_counts (target_id, count) VALUES (%s, %s)",
                [(author, len(followers_of[author])) for author in authors],
            )
            cursor.execute("ANALYZE followers")


async def _build_timelines(settings: Settings, people: People) -> None:
    """Build everybody's timeline: empty, or for those who are well read, full."""
    full = [mint() for _ in range(settings.timeline_cap)]
    async with ShardedValkey(settings.timeline_stores, station=STATION) as servers:
        lists = [
            ValkeyLists(Functions(server), cap=settings.timeline_cap) for server in servers.servers
        ]
        for users, ids in (
            ([*people.authors, *people.followers], []),
            (people.well_read, full),
        ):
            for server, owned in servers.table.ids_by_server(users).items():
                for part in chunks(owned, BUILT_AT_ONCE):
                    keys = [timeline_key(user_id) for user_id in part]
                    await lists[server].begin(keys, "bench")
                    contents = dict.fromkeys(keys, Contents(ids=ids, floor=0))
                    await lists[server].finish(contents, "bench", idle_s=None)


async def holders_of(settings: Settings, people: People, post_id: int) -> int:
    """Return how many followers of the big author have the post in their timelines."""
    member, holders = post_id.to_bytes(ID_BYTES), 0
    async with ShardedValkey(settings.timeline_stores, station=STATION) as servers:
        for server, owned in servers.table.ids_by_server(people.followers).items():
            for part in chunks(owned, FANOUT_CHUNK_MAX):
                pipeline = servers.servers[server].pipeline(transaction=False)
                for user_id in part:
                    pipeline.zscore(timeline_key(user_id), member)
                holders += sum(score is not None for score in await pipeline.execute())
    return holders


def _erase(settings: Settings, people: People) -> None:
    """Take out of the stores whatever these people have left there."""
    mine = people.authors
    for url in settings.user_databases:
        with psycopg.connect(url) as connection:
            connection.execute("DELETE FROM followers WHERE target_id = ANY (%s)", [mine])
            connection.execute("DELETE FROM follower_counts WHERE target_id = ANY (%s)", [mine])
    for url in settings.post_databases:
        with psycopg.connect(url) as connection:
            connection.execute("DELETE FROM posts WHERE user_id = ANY (%s)", [mine])
            connection.execute("DELETE FROM author_posts WHERE user_id = ANY (%s)", [mine])
            connection.execute(
                "DELETE FROM outbox WHERE body->>'user_id' = ANY (%s)",
                [[str(each) for each in mine]],
            )
    readers = [*mine, *people.followers, *people.well_read]
    table = even_table(len(settings.timeline_stores))
    for server, owned in table.ids_by_server(readers).items():
        with redis.Redis.from_url(settings.timeline_stores[server]) as client:
            for part in chunks(owned, FANOUT_CHUNK_MAX):
                keys = [timeline_key(user_id) for user_id in part]
                client.unlink(*keys, *map(state_key, keys), *map(pulled_key, keys))


def chunks(users: Iterable[int], size: int) -> Iterator[list[int]]:
    """Yield these users, at most so many at a time."""
    rest = iter(users)
    while part := list(islice(rest, size)):
        yield part
