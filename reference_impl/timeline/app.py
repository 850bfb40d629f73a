"""Wires the timeline service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiohttp import web

from reference_impl.chassis.apps import Check, service_app
from reference_impl.chassis.clients import ServiceClient
from reference_impl.chassis.keyvalue import ShardedValkey
from reference_impl.chassis.settings import Settings
from reference_impl.timeline.cursors import Cursors
from reference_impl.timeline.handlers import CURSORS, PAGE_LIMIT, SERVICE, routes
from reference_impl.timeline.neighbours import FollowClient, PostClient
from reference_impl.timeline.service import TimelineService
from reference_impl.timeline.store import STATION, ValkeyTimelineStore


def create_app(
    service: TimelineService, settings: Settings, *, checks: Sequence[Check] = ()
) -> web.Application:
    """Return the application on any service."""
    app = service_app("timeline", settings, routes, checks=checks)
    app[SERVICE] = service
    app[CURSORS] = Cursors(settings.secret)
    app[PAGE_LIMIT] = settings.page_limit
    return app


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[web.Application]:
    """Open what the service needs."""
    async with (
        ShardedValkey(settings.timeline_stores, station=STATION) as servers,
        ServiceClient(settings.follow_urls, name="follow") as follows,
        ServiceClient(settings.post_urls, name="post") as posts,
    ):
        service = TimelineService(
            store=ValkeyTimelineStore(servers, cap=settings.timeline_cap),
            follows=FollowClient(follows),
            posts=PostClient(posts),
        )
        yield create_app(service, settings, checks=[servers.check])
