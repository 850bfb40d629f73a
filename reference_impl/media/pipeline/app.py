"""Wires the pipeline, and what it tells operators."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from functools import partial

from aiohttp import web
from redis.asyncio import Redis

from reference_impl.chassis.apps import service_app
from reference_impl.chassis.consumers import Subscription, beside
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.events import (
    ERASURE_EVENTS,
    MEDIA_EVENTS,
    POST_EVENTS,
    USER_EVENTS,
)
from reference_impl.chassis.keyvalue import valkey, visiting
from reference_impl.chassis.queues import keep_looking
from reference_impl.chassis.settings import Settings
from reference_impl.media.darkrooms import Darkrooms
from reference_impl.media.pipeline.clearing import Clearing
from reference_impl.media.pipeline.consumer import GROUP, Pipeline, PipelineReader
from reference_impl.media.pipeline.developing import Developing
from reference_impl.media.pipeline.sweeping import keep_swept
from reference_impl.media.store import StoredObjects, opened

ADOPTING = (POST_EVENTS, USER_EVENTS)  # these tell of images to be developed
STREAMS = (*ADOPTING, ERASURE_EVENTS, MEDIA_EVENTS)
MEMBERS_MAX = 16  # of one process, per stream; each holds a connection to the broker
# Two who develop one image at once might take a dropped original for a deleted one.  So this is
# longer than two images take one after the other, each of whose dozen steps gives up after 15 s.
ABANDONED_S = 360.0


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[web.Application]:
    """Open what the pipeline needs, and work beside the application."""
    objects = StoredObjects(opened(settings.objects))
    with suppress(Unavailable):  # it is away, and was claimed before
        await objects.claim()
    async with (
        valkey(settings.broker) as broker,
        Darkrooms(settings.darkrooms) as darkrooms,
    ):

        async def check_broker() -> None:
            with visiting("broker"):
                await broker.ping()

        developing = Developing(
            objects,
            darkrooms,
            at_once=settings.darkrooms,
            drops_originals=settings.originals == "drop",
        )
        pipeline = Pipeline(developing, Clearing(objects))
        readers = _readers(broker, pipeline, settings)
        looking = partial(keep_looking, broker, STREAMS)
        sweeping = partial(keep_swept, objects, broker, ADOPTING, GROUP)
        async with beside(*(reader.run for reader in readers), looking, sweeping):
            yield service_app("pipeline", settings, [], checks=[check_broker, objects.check])


def _readers(broker: Redis, pipeline: Pipeline, settings: Settings) -> Iterator[PipelineReader]:
    """Yield as many readers of what tells of images as are developed at a time, one of the rest."""
    for stream in STREAMS:
        members = min(settings.darkrooms, MEMBERS_MAX) if stream in ADOPTING else 1
        for number in range(1, members + 1):
            subscription = Subscription(
                stream=stream,
                group=GROUP,
                name=f"{settings.instance}.{number}",
                abandoned_s=ABANDONED_S,
            )
            yield PipelineReader(broker, subscription, pipeline)
