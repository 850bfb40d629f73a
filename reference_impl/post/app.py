"""Wires the post service."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import web
from redis.asyncio import Redis

from model.rules.ids import IdMinter
from reference_impl.chassis.apps import Check, service_app
from reference_impl.chassis.callers import PATIENCE_S
from reference_impl.chassis.clients import client_of
from reference_impl.chassis.consumers import Consumer, Handle, Subscription, consuming
from reference_impl.chassis.cursors import Cursors
from reference_impl.chassis.databases import ShardedDatabase
from reference_impl.chassis.events import (
    ERASURE_EVENTS,
    MEDIA_EVENTS,
    POST_EVENTS,
    USER_EVENTS,
)
from reference_impl.chassis.keyvalue import valkey
from reference_impl.chassis.policies import default_policy, policy_followed
from reference_impl.chassis.settings import Settings
from reference_impl.follow.client import FollowClient
from reference_impl.post import handlers, internal
from reference_impl.post.author_index import PostgresAuthorIndex
from reference_impl.post.authors import AuthorsService
from reference_impl.post.consumer import GROUP, Erasure
from reference_impl.post.images import Development
from reference_impl.post.neighbours import MediaClient, TimelineClient, UserClient
from reference_impl.post.service import Neighbours, PostService
from reference_impl.post.store import PostgresPostStore

OWN_S = 0.3  # that an author waits at most to find the post in the own timeline at once


def create_app(
    service: PostService,
    authors: AuthorsService,
    settings: Settings,
    *,
    checks: Sequence[Check] = (),
) -> web.Application:
    """Return the application on any services."""
    app = service_app("post", settings, [*handlers.routes, *internal.routes], checks=checks)
    app[handlers.SERVICE] = service
    app[handlers.CURSORS] = Cursors(settings.secret)
    app[handlers.PAGE_LIMIT] = settings.page_limit
    app[internal.AUTHORS] = authors
    return app


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[web.Application]:
    """Open what the service needs, and follow up beside the application what others tell."""
    async with (
        ShardedDatabase(
            settings.post_databases, connections=settings.database_connections, station="post_db"
        ) as database,
        valkey(settings.broker) as broker,
        policy_followed(broker, default_policy(settings.policy)) as policies,
        _asking(settings) as neighbours,
    ):
        store, index = PostgresPostStore(database), PostgresAuthorIndex(database)
        service = PostService(
            store=store,
            index=index,
            neighbours=neighbours,
            minter=IdMinter(_now_ms, secrets.randbits(22)),
            policies=policies,
        )
        authors = AuthorsService(index, _now_ms)
        erase, develop = Erasure(store, index).handle, Development(store).handle
        handles = {
            POST_EVENTS: erase,
            ERASURE_EVENTS: erase,
            USER_EVENTS: erase,
            MEDIA_EVENTS: develop,
        }
        async with _following_up(handles, broker, settings.instance):
            yield create_app(service, authors, settings, checks=[database.check])


@asynccontextmanager
async def _asking(settings: Settings) -> AsyncIterator[Neighbours]:
    async with (
        client_of(settings, "media", timeout_s=PATIENCE_S) as media,
        client_of(settings, "follow") as follows,
        client_of(settings, "user") as users,
        client_of(settings, "timeline", timeout_s=OWN_S) as timelines,
    ):
        yield Neighbours(
            media=MediaClient(media),
            follows=FollowClient(follows),
            users=UserClient(users),
            timelines=TimelineClient(timelines),
        )


@asynccontextmanager
async def _following_up(
    handles: Mapping[str, Handle], broker: Redis, name: str
) -> AsyncIterator[None]:
    async with AsyncExitStack() as consumers:
        for stream, handle in handles.items():
            subscription = Subscription(stream=stream, group=GROUP, name=name)
            consumer = Consumer(broker, subscription, handle)
            await consumers.enter_async_context(consuming(consumer))
        yield


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
