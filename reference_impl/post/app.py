"""Wires the post service."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiohttp import web

from model.rules.ids import IdMinter
from reference_impl.chassis.apps import Check, service_app
from reference_impl.chassis.clients import ServiceClient
from reference_impl.chassis.databases import ShardedDatabase
from reference_impl.chassis.settings import Settings
from reference_impl.post.handlers import SERVICE, routes
from reference_impl.post.neighbours import FollowClient, MediaClient
from reference_impl.post.service import PostService
from reference_impl.post.store import PostgresPostStore


def create_app(
    service: PostService, settings: Settings, *, checks: Sequence[Check] = ()
) -> web.Application:
    """Return the application on any service."""
    app = service_app("post", settings, routes, checks=checks)
    app[SERVICE] = service
    return app


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[web.Application]:
    """Open what the service needs."""
    async with (
        ShardedDatabase(
            settings.post_databases, connections=settings.database_connections, station="post_db"
        ) as database,
        ServiceClient(settings.media_urls, name="media") as media,
        ServiceClient(settings.follow_urls, name="follow") as follows,
    ):
        service = PostService(
            store=PostgresPostStore(database),
            media=MediaClient(media),
            follows=FollowClient(follows),
            minter=IdMinter(_now_ms, secrets.randbits(22)),
            influencer_followers_min=settings.influencer_followers_min,
        )
        yield create_app(service, settings, checks=[database.check])


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
