"""What the pipeline does about each event, and how it reads them."""

from __future__ import annotations

from collections.abc import Sequence

from redis.asyncio import Redis

from reference_impl.chassis.consumers import Reader, Subscription
from reference_impl.chassis.events import MEDIA_EVENTS, Event
from reference_impl.chassis.groups import Addition, Entry, Group
from reference_impl.chassis.marks import Marks
from reference_impl.media.names import name_in
from reference_impl.media.pipeline import news
from reference_impl.media.pipeline.clearing import Clearing
from reference_impl.media.pipeline.developing import Developing
from reference_impl.media.pipeline.news import News
from reference_impl.media.pipeline.uses import Use, left_by, taken_by

GROUP = "pipeline"


class Pipeline:
    """Develops what is taken into use, and clears what is not in use any more.

    Done again it does no harm, and the order of events does not matter: of what was deleted before
    it was to be developed there is no original.
    """

    def __init__(self, developing: Developing, clearing: Clearing) -> None:
        self._developing = developing
        self._clearing = clearing

    async def handle(self, event: Event, *, gives_up: bool = False) -> list[News]:
        """Do what the event asks for and return what is to be told; others pass.

        Raises a ServiceError if an image cannot be developed, unless it is to be given up.
        """
        told = []
        if event.kind == news.DOOMED:
            urls = event.body["urls"]
            await self._clearing.clear([name_in(url) for url in urls])
            told.append(news.deleted(urls))
        if (use := taken_by(event)) is not None:
            told += await self._taken(use, gives_up=gives_up)
        if (name := left_by(event)) is not None:
            told.append(news.doomed(await self._clearing.urls_of(name)))
        return told

    async def _taken(self, use: Use, *, gives_up: bool) -> list[News]:
        if not use.is_image:
            await self._developing.keep(use.name)
            return []
        develop = self._developing.give_up if gives_up else self._developing.develop
        manifest = await develop(use.name)
        return [] if manifest is None else [news.outcome(use.url, use.owner, manifest)]


class PipelineReader(Reader):
    """One member of the group: takes events one by one; what comes of each leaves as it ends."""

    def __init__(self, broker: Redis, subscription: Subscription, pipeline: Pipeline) -> None:
        its = subscription
        group = Group(broker, stream=its.stream, group=its.group, name=its.name)
        super().__init__(group, its, self._work, read_max=1)  # others may be idle
        self._pipeline = pipeline
        self._marks = Marks(broker, its.group)

    async def _work(self, entry: Entry) -> None:
        event = Event.from_fields(entry.fields)
        await self._marks.look_up([entry.fields])
        is_done = self._marks.is_done(event.event_id)
        told = [] if is_done else await self._pipeline.handle(event)
        mark = self._marks.of(event.event_id)
        await self._group.finish(entry, mark=mark, additions=_additions(event, told))

    async def give_up(self, entry: Entry) -> list[Addition]:
        """Return what is to be told of an image that could not be developed."""
        event = Event.from_fields(entry.fields)
        return _additions(event, await self._pipeline.handle(event, gives_up=True))


def _additions(heard: Event, told: Sequence[News]) -> list[Addition]:
    events = [news.event_of(one, heard) for one in told]
    return [Addition(stream=MEDIA_EVENTS, fields=its.to_fields()) for its in events]
