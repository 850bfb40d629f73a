"""The user service's wiring."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from aiohttp import web

from model.rules.ids import IdMinter
from reference_impl.chassis.apps import Check, service_app
from reference_impl.chassis.callers import PATIENCE_S
from reference_impl.chassis.clients import client_of
from reference_impl.chassis.consumers import Consumer, Subscription, beside, consuming
from reference_impl.chassis.databases import ShardedDatabase
from reference_impl.chassis.events import MEDIA_EVENTS, USER_EVENTS
from reference_impl.chassis.keyvalue import valkey
from reference_impl.chassis.session_store import ValkeySessions
from reference_impl.chassis.settings import Settings
from reference_impl.follow.client import FollowClient
from reference_impl.user.accounts import AccountService
from reference_impl.user.announcement_store import PostgresAnnouncementStore
from reference_impl.user.announcements import Announcements
from reference_impl.user.consumer import GROUP, Departures, Development
from reference_impl.user.handlers import ACCOUNTS, ANNOUNCEMENTS, SERVICE, VIEWS, routes
from reference_impl.user.means import Means
from reference_impl.user.neighbours import AnnouncementStream, PostClient
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
    announcements: Announcements,
    checks: Sequence[Check] = (),
) -> web.Application:
    """Return the user service, ready when `checks` pass."""
    app = service_app("user", settings, routes, checks=checks)
    app[SERVICE], app[ACCOUNTS], app[VIEWS] = users, accounts, views
    app[ANNOUNCEMENTS] = announcements
    return app


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[web.Application]:
    """Open the stores and services that the settings name; consume and announce beside."""
    async with (
        ShardedDatabase(
            settings.user_databases, connections=settings.database_connections, station=STATION
        ) as database,
        valkey(settings.session_store) as session_store,
        valkey(settings.broker) as broker,
        client_of(settings, "media", timeout_s=PATIENCE_S) as media,
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
        images = Subscription(stream=MEDIA_EVENTS, group=GROUP, name=settings.instance)
        followed, announced = FollowClient(follows), AnnouncementStream(broker)
        announcements = Announcements(PostgresAnnouncementStore(database), followed, announced)
        async with (
            consuming(Consumer(broker, subscription, Departures(accounts).handle)),
            consuming(Consumer(broker, images, Development(store).handle)),
            beside(*(partial(announcements.run, server) for server in announcements.servers)),
        ):
            yield create_app(
                settings,
                users=UserService(means, minter),
                accounts=accounts,
                views=ProfileViews(store, followed),
                announcements=announcements,
                checks=(store.check, sessions.check),
            )
