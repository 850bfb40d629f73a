"""Writing a seeded world's timelines, as readers would find them built."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator

from reference_impl.chassis.keyvalue import ShardedValkey
from reference_impl.chassis.policies import default_policy
from reference_impl.chassis.settings import Settings
from reference_impl.seeding.world import World
from reference_impl.timeline.builds import floor_of
from reference_impl.timeline.deliveries import TimelineStore
from reference_impl.timeline.lists import Contents
from reference_impl.timeline.readers import idle_s_of
from reference_impl.timeline.store import STATION, valkey_timelines

AT_ONCE_MAX = 32  # timelines being written


def write_timelines(settings: Settings, world: World) -> int:
    """Write every timeline and the lists of influencers; return the entries written."""
    return asyncio.run(_write(settings, world))


async def _write(settings: Settings, world: World) -> int:
    idle_s = idle_s_of(default_policy(settings.policy))
    async with ShardedValkey(settings.timeline_stores, station=STATION) as servers:
        store = valkey_timelines(servers, cap=settings.timeline_cap, by=settings.timelines_by)
        await store.load_functions()
        rest = _timelines(world)

        async def write_some() -> int:
            return sum([await _write_one(store, *each, idle_s=idle_s) for each in rest])

        written = await asyncio.gather(*(write_some() for _ in range(AT_ONCE_MAX)))
        return sum(written) + await _write_merged(store, world, idle_s=idle_s)


def _timelines(world: World) -> Iterator[tuple[int, Contents]]:
    for user, user_id in enumerate(world.user_ids.tolist()):
        ids = world.timeline_of(user).tolist()
        yield user_id, Contents(ids=ids, floor=floor_of(ids, limit=world.timeline_cap))


async def _write_one(
    store: TimelineStore, user_id: int, contents: Contents, *, idle_s: float | None
) -> int:
    token = secrets.token_hex(8)
    await store.timelines.begin(user_id, token, replacing=None)
    await store.timelines.finish(user_id, token, contents, idle_s=idle_s)
    return len(contents.ids)


async def _write_merged(store: TimelineStore, world: World, *, idle_s: float | None) -> int:
    lists = {int(world.user_ids[author]): posts for author, posts in world.merged_posts.items()}
    contents = {
        author_id: Contents(ids=ids, floor=floor_of(ids, limit=world.timeline_cap))
        for author_id, posts in lists.items()
        for ids in [posts[::-1][: world.timeline_cap].tolist()]
    }
    token = secrets.token_hex(8)
    await store.authors.begin(token)
    await store.authors.finish(token, contents)
    if contents:
        await store.merged.begin(contents, token)
        await store.merged.finish(contents, token, idle_s=idle_s)
    return sum(len(each.ids) for each in contents.values())
