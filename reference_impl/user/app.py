"""The user service's wiring."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from model.rules.ids import IdMinter
from reference_impl.chassis.apps import Check, service_app
from reference_impl.chassis.clients import ServiceClient
from reference_impl.chassis.databases import ShardedDatabase
from reference_impl.chassis.keyvalue import valkey
from reference_impl.chassis.session_store import ValkeySessions
from reference_impl.chassis.settings import Settings
from reference_impl.user.handlers import SERVICE, routes
from reference_impl.user.passwords import Passwords, owasp_hasher
from reference_impl.user.service import UserService
from reference_impl.user.store import STATION, PostgresUserStore


def create_app(settings: Settings, service: UserService, *checks: Check) -> web.Application:
    """Return the user service, ready when `checks` pass."""
    app = service_app("user", settings, routes, checks=checks)
    app[SERVICE] = service
    return app


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[web.Application]:
    """Open the databases, the session store and the media service that the settings name."""
    connections = settings.database_connections
    async with (
        ShardedDatabase(
            settings.user_databases, connections=connections, station=STATION
        ) as database,
        valkey(settings.session_store) as session_store,
        ServiceClient(settings.media_urls, name="media") as media,
        Passwords(owasp_hasher()) as passwords,
    ):
        store, sessions = PostgresUserStore(database), ValkeySessions(session_store)
        minter = IdMinter(lambda: time.time_ns() // 1_000_000, secrets.randbits(22))
        service = UserService(store, sessions, media, passwords, minter=minter, clock_s=time.time)
        yield create_app(settings, service, store.check, sessions.check)
