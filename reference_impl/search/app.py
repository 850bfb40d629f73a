"""Wires the search service."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from aiohttp import web
from redis.asyncio import Redis

from reference_impl.chassis.apps import service_app
from reference_impl.chassis.clients import ServiceClient, client_of
from reference_impl.chassis.consumers import Run, beside
from reference_impl.chassis.cursors import Cursors
from reference_impl.chassis.events import ANNOUNCEMENTS, USER_EVENTS
from reference_impl.chassis.keyvalue import valkey
from reference_impl.chassis.settings import PREFIX, Settings, SettingsError
from reference_impl.follow.client import FollowClient
from reference_impl.search.disk import DiskShelf
from reference_impl.search.feeding import Feed, Pace
from reference_impl.search.generations import Generations
from reference_impl.search.handlers import (
    CURSORS,
    GENERATIONS,
    OWN_SHARD,
    PAGE_LIMIT,
    SERVICE,
    routes,
)  # fmt: skip
from reference_impl.search.looking import keep_looking
from reference_impl.search.service import SearchService, Shard
from reference_impl.search.shards import ANSWER_S, OtherShard, OwnShard


def create_app(
    service: SearchService, settings: Settings, *, own: Shard, generations: Generations
) -> web.Application:
    """Return the application on any service; it is ready without the broker and other shards."""
    app = service_app("search", settings, routes)
    app[SERVICE], app[OWN_SHARD], app[GENERATIONS] = service, own, generations
    app[CURSORS] = Cursors(settings.secret)
    app[PAGE_LIMIT] = settings.page_limit
    return app


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[web.Application]:
    """Open the index and what else the service needs, and feed the index beside it.

    Raises SettingsError if the settings do not say which index this is.
    """
    shard, shards = settings.search_shard, len(settings.search_urls)
    _refuse_unplaced(settings)
    shelf = DiskShelf(Path(settings.search_index), shard=shard, shards=shards)
    opening = partial(Generations, shelf, shard=shard, shards=shards, clock_s=time.time)
    async with AsyncExitStack() as opened:
        opened.callback(shelf.close)
        generations = await asyncio.to_thread(opening)
        broker = await opened.enter_async_context(valkey(settings.broker))
        follows = await opened.enter_async_context(client_of(settings, "follow"))
        own = OwnShard(generations)
        asked: list[Shard] = [own]
        for number, url in enumerate(settings.search_urls, start=1):
            if number != shard:
                client = ServiceClient([url], name="search", timeout_s=ANSWER_S)
                asked.append(OtherShard(await opened.enter_async_context(client)))
        service = SearchService(asked, FollowClient(follows))
        await opened.enter_async_context(beside(*feeds_of(broker, generations, shard)))
        yield create_app(service, settings, own=own, generations=generations)


def feeds_of(
    broker: Redis, generations: Generations, shard: int, *, pace: Pace | None = None
) -> list[Run]:
    """Return what is done beside the service: both streams read, and the metrics kept."""
    feeds = [
        Feed(broker, generations, stream=stream, shard=shard, pace=pace or Pace())
        for stream in (USER_EVENTS, ANNOUNCEMENTS)
    ]
    looking: Run = partial(keep_looking, broker, generations, shard)
    return [*(feed.run for feed in feeds), looking]


def _refuse_unplaced(settings: Settings) -> None:
    if not settings.search_index:
        raise SettingsError(f"{PREFIX}SEARCH_INDEX: must name a folder")
    if not 1 <= settings.search_shard <= len(settings.search_urls):
        raise SettingsError(
            f"{PREFIX}SEARCH_SHARD: must be one of the {len(settings.search_urls)} that"
            f" {PREFIX}SEARCH_URLS names, got {settings.search_shard}"
        )
