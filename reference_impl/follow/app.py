"""Wires the follow service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiohttp import web

from reference_impl.chassis.apps import Check, service_app
from reference_impl.chassis.clients import ServiceClient
from reference_impl.chassis.consumers import Consumer, Subscription, consuming
from reference_impl.chassis.databases import ShardedDatabase
from reference_impl.chassis.events import FOLLOW_EVENTS
from reference_impl.chassis.keyvalue import valkey
from reference_impl.chassis.settings import Settings
from reference_impl.follow.consumer import GROUP, Mirror
from reference_impl.follow.handlers import SERVICE, routes
from reference_impl.follow.neighbours import UserClient
from reference_impl.follow.service import FollowService
from reference_impl.follow.store import PostgresFollowStore


def create_app(
    service: FollowService, settings: Settings, *, checks: Sequence[Check] = ()
) -> web.Application:
    """Return the application on any service."""
    app = service_app("follow", settings, routes, checks=checks)
    app[SERVICE] = service
    return app


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[web.Application]:
    """Open what the service needs, and mirror changes beside the application."""
    async with (
        ShardedDatabase(
            settings.user_databases, connections=settings.database_connections, station="user_db"
        ) as database,
        ServiceClient(settings.user_urls, name="user") as users,
        valkey(settings.broker) as broker,
    ):
        store = PostgresFollowStore(database)
        subscription = Subscription(stream=FOLLOW_EVENTS, group=GROUP, name=settings.instance)
        async with consuming(Consumer(broker, subscription, Mirror(store).handle)):
            service = FollowService(store, UserClient(users))
            yield create_app(service, settings, checks=[database.check])
