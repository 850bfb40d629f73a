"""How the pipeline's members read events, and how what they tell leaves: once, and with the end."""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from typing import Any

import pytest

from model.rules.deliveries import TRIES_MAX
from reference_impl.chassis.consumers import Subscription, beside
from reference_impl.chassis.dead_letters import dead_letters, replay
from reference_impl.chassis.errors import Defective, Unavailable, Unprocessable
from reference_impl.chassis.events import MEDIA_EVENTS, POST_EVENTS, Event
from reference_impl.chassis.queues import queues_of
from reference_impl.media.names import upload_of
from reference_impl.media.pipeline.consumer import GROUP, PipelineReader

PATIENCE_S = 20.0


@pytest.fixture
def reading(broker, pipeline_on, objects):
    """Let members of these names read what posts tell, while the block runs."""

    @asynccontextmanager
    async def read(*names, store=objects):
        pipeline = pipeline_on(store, at_once=len(names))
        readers = [
            PipelineReader(
                broker,
                Subscription(
                    stream=POST_EVENTS, group=GROUP, name=name, retry_s=0.001, block_s=0.02
                ),
                pipeline,
            )
            for name in names
        ]
        async with beside(*(reader.run for reader in readers)):
            yield

    return read


@pytest.fixture
def publish(broker):
    async def publish(*events):
        for event in events:
            fields: dict[Any, Any] = dict(event.to_fields())
            await broker.xadd(POST_EVENTS, fields)

    return publish


@pytest.fixture
def told(broker):
    async def told():
        entries = await broker.xrange(MEDIA_EVENTS)
        return [Event.from_fields(fields) for _, fields in entries]

    return told


@pytest.fixture
def finished(broker):
    """Wait until nothing is unread or in hand."""

    async def wait():
        async with asyncio.timeout(PATIENCE_S):
            while not (queues := await queues_of(broker, POST_EVENTS)) or queues[0].entries:  # noqa: ASYNC110 - the broker has no event for it
                await asyncio.sleep(0.005)

    return wait


@pytest.fixture
def let_read(publish, reading, finished):
    """Publish events and let one member read until it is through; return them."""

    async def read(*events, **how):
        await publish(*events)
        async with reading("pipeline-1.1", **how):
            await finished()
        return events

    return read


@pytest.fixture
def die_over_an_image(reading, darkrooms):
    """Let a member die while an image is in a darkroom."""

    async def live_and_die():
        in_hand = asyncio.Event()

        async def die():
            in_hand.set()
            await asyncio.Event().wait()

        async def live():
            async with reading("pipeline-1.1"):
                await asyncio.Event().wait()

        darkrooms.before_answering = die
        life = asyncio.create_task(live())
        async with asyncio.timeout(PATIENCE_S):
            await in_hand.wait()
        life.cancel()
        with pytest.raises(asyncio.CancelledError):
            await life
        darkrooms.before_answering = None

    return live_and_die


async def test_what_comes_of_an_event_is_told_as_it_is_finished(
    uploaded, events, reading, publish, told, finished
):
    names = [await uploaded() for _ in range(12)]
    heard = [events.post_created(name, str(post_id)) for post_id, name in enumerate(names)]
    await publish(*heard)
    async with reading("pipeline-1.1", "pipeline-1.2"):
        await finished()
    assert Counter(event.kind for event in await told()) == {"media.developed": 12}
    assert {event.event_id for event in await told()} == {
        f"media.developed:{event.event_id}" for event in heard
    }
    assert {event.body["post_id"] for event in await told()} == set(map(str, range(12)))


async def test_an_event_that_comes_twice_is_told_of_once(uploaded, events, let_read, told):
    event = events.post_created(await uploaded())
    await let_read(event, event)
    assert len(await told()) == 1


async def test_what_a_dead_member_had_in_hand_is_done_by_its_next_life(
    uploaded, events, publish, told, die_over_an_image, let_read
):
    await publish(events.post_created(await uploaded()))
    await die_over_an_image()
    assert await told() == []
    await let_read()
    assert [event.kind for event in await told()] == ["media.developed"]


async def test_an_image_over_which_whoever_tried_died_is_told_of_and_set_aside(
    broker, uploaded, events, publish, told, die_over_an_image, let_read
):
    await publish(events.post_created(await uploaded(), "42"))
    for _ in range(TRIES_MAX):
        await die_over_an_image()
    await let_read()
    [failed] = await told()
    assert (failed.kind, failed.body["post_id"]) == ("media.failed", "42")
    assert len(await dead_letters(broker, POST_EVENTS, limit=9)) == 1


@pytest.mark.parametrize(
    "error",
    [Unprocessable("damaged"), Defective("no darkroom starts"), RuntimeError("a defect of ours")],
)
async def test_an_image_that_fails_every_time_is_told_of_and_set_aside(
    broker, objects, uploaded, events, let_read, told, darkrooms, error
):
    bad, good = await uploaded(), await uploaded()
    darkrooms.error = error
    await let_read(events.post_created(bad, "1"), events.post_deleted(good))
    assert len(darkrooms.developed_of) == TRIES_MAX
    kinds = [(event.kind, event.body.get("post_id")) for event in await told()]
    assert sorted(kinds, key=str) == [("media.doomed", None), ("media.failed", "1")]
    [letter] = await dead_letters(broker, POST_EVENTS, limit=9)
    assert str(error) in letter.error
    assert (await objects.get_manifest(upload_of(bad)))["status"] == "failed"


async def test_a_dead_letter_that_is_put_back_is_developed_after_all(
    broker, uploaded, events, let_read, told, darkrooms
):
    darkrooms.error = Unprocessable("damaged")
    await let_read(events.post_created(await uploaded()))
    darkrooms.error = None  # and the defect was mended
    assert await replay(broker, POST_EVENTS, None) == 1
    await let_read()
    assert [event.kind for event in await told()] == ["media.failed", "media.developed"]


class Weather:
    """A store that is away so many times."""

    def __init__(self, objects, times):
        self._objects = objects
        self.times = times

    def __getattr__(self, name):
        operation = getattr(self._objects, name)

        async def maybe(*arguments):
            if self.times:
                self.times -= 1
                raise Unavailable("the object store cannot be used")
            return await operation(*arguments)

        return maybe


async def test_a_store_that_is_away_is_waited_for_however_long(
    broker, objects, uploaded, events, let_read, told
):
    weather = Weather(objects, times=2 * TRIES_MAX)
    await let_read(events.post_created(await uploaded()), store=weather)
    assert weather.times == 0
    assert [event.kind for event in await told()] == ["media.developed"]
    assert await dead_letters(broker, POST_EVENTS, limit=9) == []
