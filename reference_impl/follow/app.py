"""Wires the follow service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiohttp import web

from reference_impl.chassis.apps import Check, service_app
from reference_impl.chassis.clients import client_of
from reference_impl.chassis.consumers import Consumer, Subscription, consuming
from reference_impl.chassis.cursors import Cursors
from reference_impl.chassis.databases import ShardedDatabase
from reference_impl.chassis.events import FOLLOW_EVENTS, USER_EVENTS
from reference_impl.chassis.keyvalue import valkey
from reference_impl.chassis.settings import Settings
from reference_impl.follow.consumer import DEPARTURE_S, GROUP, Farewell, Mirror
from reference_impl.follow.departures import Departures
from reference_impl.follow.handlers import CURSORS, PAGE_LIMIT, SERVICE, routes
from reference_impl.follow.neighbours import UserClient
from reference_impl.follow.service import FollowService
from reference_impl.follow.store import PostgresFollowStore


def create_app(
    service: FollowService, settings: Settings, *, checks: Sequence[Check] = ()
) -> web.Application:
    """Return the application on any service."""
    app = service_app("follow", settings, routes, checks=checks)
    app[SERVICE] = service
    app[CURSORS] = Cursors(settings.secret)
    app[PAGE_LIMIT] = settings.page_limit
    return app


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[web.Application]:
    """Open what the service needs, and mirror changes beside the application."""
    changes = Subscription(stream=FOLLOW_EVENTS, group=GROUP, name=settings.instance)
    users_gone = Subscription(
        stream=USER_EVENTS, group=GROUP, name=settings.instance, abandoned_s=DEPARTURE_S
    )
    async with (
        ShardedDatabase(
            settings.user_databases, connections=settings.database_connections, station="user_db"
        ) as database,
        client_of(settings, "user") as users,
        valkey(settings.broker) as broker,
    ):
        store = PostgresFollowStore(database, kept=settings.follows_kept)
        service = FollowService(store, UserClient(users))
        farewell = Farewell(Departures(store, service))
        async with (
            consuming(Consumer(broker, changes, Mirror(service).handle)),
            consuming(Consumer(broker, users_gone, farewell.handle)),
        ):
            yield create_app(service, settings, checks=[database.check])
