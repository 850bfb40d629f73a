"""Wires the timeline service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiohttp import web

from reference_impl.chassis.apps import Check, service_app
from reference_impl.chassis.clients import client_of
from reference_impl.chassis.cursors import Cursors
from reference_impl.chassis.keyvalue import ShardedValkey, valkey
from reference_impl.chassis.policies import default_policy, policy_followed
from reference_impl.chassis.settings import Settings
from reference_impl.timeline.handlers import CURSORS, PAGE_LIMIT, SERVICE, routes
from reference_impl.timeline.neighbours import FollowClient, PostClient
from reference_impl.timeline.service import TimelineService
from reference_impl.timeline.store import STATION, valkey_timelines


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
    """Open what the service needs.

    It is ready without its stores: a page whose timeline cannot be read comes by pull.
    """
    async with (
        ShardedValkey(settings.timeline_stores, station=STATION) as servers,
        client_of(settings, "follow") as follows,
        client_of(settings, "post") as posts,
        valkey(settings.broker) as broker,
        policy_followed(broker, default_policy(settings.policy)) as policies,
    ):
        service = TimelineService(
            store=valkey_timelines(
                servers, cap=settings.timeline_cap, by=settings.timelines_by, policies=policies
            ),
            follows=FollowClient(follows),
            posts=PostClient(posts),
            policies=policies,
            cap=settings.timeline_cap,
            merge_authors_fresh_s=settings.merge_authors_fresh_s,
        )
        yield create_app(service, settings)
