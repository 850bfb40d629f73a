"""The user service's wiring."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiohttp import web

from model.rules.ids import IdMinter
from reference_impl.chassis.apps import Check, service_app
from reference_impl.chassis.clients import client_of
from reference_impl.chassis.consumers import Consumer, Subscription, consuming
from reference_impl.chassis.databases import ShardedDatabase
from reference_impl.chassis.events import USER_EVENTS
from reference_impl.chassis.keyvalue import valkey
from reference_impl.chassis.session_store import ValkeySessions
from reference_impl.chassis.settings import Settings
from reference_impl.follow.client import FollowClient
from reference_impl.user.accounts import AccountService
from reference_impl.user.consumer import GROUP, Departures
from reference_impl.user.handlers import ACCOUNTS, SERVICE, VIEWS, routes
from reference_impl.user.means import Means
from reference_impl.user.neighbours import PostClient
from reference_impl.user.passwords import Passwords, owasp_hasher
from reference_impl.user.service import UserService
from reference_impl.user.store import STATION, PostgresUserStore
from reference_impl.user.views import ProfileViews


def create_app(
    settings: Settings,
    *,
    users: UserService,
    accounts: AccountService,
    views: ProfileViews,
    checks: Sequence[Check] = (),
) -> web.Application:
    """Return the user service, ready when `checks` pass."""
    app = service_app("user", settings, routes, checks=checks)
    app[SERVICE], app[ACCOUNTS], app[VIEWS] = users, accounts, views
    return app


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[web.Application]:
    """Open the stores and services that the settings name; finish departures beside."""
    async with (
        ShardedDatabase(
            settings.user_databases, connections=settings.database_connections, station=STATION
        ) as database,
        valkey(settings.session_store) as session_store,
        valkey(settings.broker) as broker,
        client_of(settings, "media") as media,
        client_of(settings, "follow") as follows,
        client_of(settings, "post") as posts,
        Passwords(owasp_hasher()) as passwords,
    ):
        store, sessions = PostgresUserStore(database), ValkeySessions(session_store)
        means = Means(
            store=store,
            sessions=sessions,
            media=media,
            posts=PostClient(posts),
            passwords=passwords,
            clock_s=time.time,
        )
        minter = IdMinter(lambda: time.time_ns() // 1_000_000, secrets.randbits(22))
        accounts = AccountService(means)
        subscription = Subscription(stream=USER_EVENTS, group=GROUP, name=settings.instance)
        async with consuming(Consumer(broker, subscription, Departures(accounts).handle)):
            yield create_app(
                settings,
                users=UserService(means, minter),
                accounts=accounts,
                views=ProfileViews(store, FollowClient(follows)),
                checks=(store.check, sessions.check),
            )
