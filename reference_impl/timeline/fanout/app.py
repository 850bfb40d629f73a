"""Wires a worker, and what it tells operators."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from aiohttp import web

from model.rules.fanouts import late_streams
from reference_impl.chassis.apps import service_app
from reference_impl.chassis.attempts import Postponed
from reference_impl.chassis.clients import client_of
from reference_impl.chassis.consumers import Consumer, Subscription, beside
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.events import USER_EVENTS, Event
from reference_impl.chassis.keyvalue import ShardedValkey, valkey, visiting
from reference_impl.chassis.metering import meter_child_tasks
from reference_impl.chassis.policies import default_policy, policy_followed
from reference_impl.chassis.queues import keep_looking
from reference_impl.chassis.settings import Settings
from reference_impl.timeline.deliveries import Deliveries
from reference_impl.timeline.fanout.absences import Absences
from reference_impl.timeline.fanout.delivering import Fanout
from reference_impl.timeline.fanout.neighbours import FollowersClient
from reference_impl.timeline.fanout.purging import Purger
from reference_impl.timeline.fanout.worker import AWAY_S, GROUP, STREAMS, Worker
from reference_impl.timeline.store import STATION, valkey_timelines

log = logging.getLogger("feedtwin")


class Forgetting:
    """Forgets the timelines of those who are gone."""

    def __init__(self, store: Deliveries) -> None:
        self._store = store

    async def handle(self, event: Event) -> None:
        """Drop the timeline of a deleted user; let events of other kinds pass.

        While its server is away others are dropped before.
        """
        if event.kind != "user.deleted":
            return
        try:
            await self._store.drop(int(event.body["user_id"]))
        except Unavailable as error:
            raise Postponed(str(error), for_s=AWAY_S) from error


async def bring_functions(store: Deliveries) -> None:
    """Bring every server that answers to this version of its functions."""
    try:
        await store.load_functions()
    except Unavailable as error:  # a server that was away has none, and is given them when asked
        log.warning("functions are not loaded: %s", error)


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[web.Application]:
    """Open what the worker needs, and work beside the application."""
    meter_child_tasks(asyncio.get_running_loop())
    async with (
        ShardedValkey(settings.timeline_stores, station=STATION) as servers,
        client_of(settings, "follow") as client,
        valkey(settings.broker) as broker,
        policy_followed(broker, default_policy(settings.policy)) as policies,
    ):

        async def check_broker() -> None:
            with visiting("broker"):
                await broker.ping()

        store = valkey_timelines(
            servers, cap=settings.timeline_cap, by=settings.timelines_by, policies=policies
        )
        await bring_functions(store)
        follows, owners, absences = FollowersClient(client), servers.table.owners, Absences()
        late = late_streams(len(settings.timeline_stores))
        worker = Worker(
            broker,
            fanout=Fanout(store=store, follows=follows, owners=owners, absences=absences),
            purger=Purger(store=store, follows=follows, owners=owners, absences=absences),
            name=settings.instance,
            late=late,
        )
        users = Subscription(stream=USER_EVENTS, group=GROUP, name=settings.instance)
        forgetting = Consumer(broker, users, Forgetting(store).handle)
        looking = partial(keep_looking, broker, (*STREAMS, *late, USER_EVENTS))
        async with beside(worker.run, forgetting.run, looking):
            yield service_app("fanout", settings, [], checks=[check_broker, servers.check])
