"""Uploads that nobody has ever told of go in the end, and no others."""

import asyncio
import time

import pytest

from reference_impl.chassis.groups import Group
from reference_impl.media.memory import MemoryObjects
from reference_impl.media.names import name_of, upload_of
from reference_impl.media.pipeline import sweeping
from reference_impl.media.pipeline.sweeping import LATE_S, ORPHAN_S, is_late, keep_swept, sweep

STREAM, GROUP = "events:swept", "pipeline"


class Clock:
    def __init__(self):
        self.now_s = 1e9

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def objects(clock):
    return MemoryObjects(clock)


async def test_what_no_event_has_told_of_for_a_day_is_deleted(
    objects, clock, uploaded, developing_on, everything
):
    orphan, in_use = await uploaded(), await uploaded()
    await developing_on(objects).develop(in_use)
    video = await uploaded(b"moving", "video/mp4")
    await developing_on(objects).keep(video)
    failed = await uploaded()
    await developing_on(objects).give_up(failed)
    clock.now_s += ORPHAN_S - 1
    assert await sweep(objects) == 0
    clock.now_s += 1
    young = await uploaded()
    assert await sweep(objects) == 1
    assert await objects.get(orphan) is None
    left = {upload_of(name) for name in (in_use, video, failed, young)}
    assert set(await everything(objects)) == left


async def test_what_is_being_developed_is_in_use(
    objects, clock, uploaded, developing_on, darkrooms
):
    name = await uploaded()

    async def take_long():
        clock.now_s += 2 * ORPHAN_S
        assert await sweep(objects) == 0

    darkrooms.before_answering = take_long
    assert (await developing_on(objects).develop(name)).status == "ready"


async def test_what_many_posts_show_is_not_swept(objects, clock):
    name = name_of(b"gallery", "image/png", "0" * 16)
    await objects.put(name, b"gallery")
    clock.now_s += ORPHAN_S
    assert await sweep(objects) == 0
    assert await objects.get(name) == b"gallery"


async def test_a_round_has_an_end_and_the_next_goes_on(objects, clock, uploaded, monkeypatch):
    monkeypatch.setattr(sweeping, "ROUND_MAX", 2)
    for _ in range(3):
        await uploaded()
    clock.now_s += ORPHAN_S
    assert [await sweep(objects) for _ in range(3)] == [2, 1, 0]


@pytest.fixture
async def waits(broker):
    """Let an entry wait that is so old, for a group."""

    async def wait(age_s, group=GROUP):
        reader = Group(broker, stream=STREAM, group=group, name="x")
        entry_id = f"{round((time.time() - age_s) * 1000)}-0"
        await broker.xadd(STREAM, {"a": "b"}, id=entry_id)
        await reader.create()

    return wait


async def test_events_that_wait_for_long_are_late(broker, waits):
    assert not await is_late(broker, [STREAM, "events:none"], GROUP)
    await waits(LATE_S + 60)
    assert await is_late(broker, [STREAM], GROUP)
    assert not await is_late(broker, [STREAM], "another")


async def test_events_that_have_just_come_are_not_late(broker, waits):
    await waits(LATE_S - 60)
    assert not await is_late(broker, [STREAM], GROUP)


@pytest.mark.parametrize("age_s", [0.0, LATE_S + 60])
async def test_nothing_is_swept_while_events_are_late(
    broker, waits, objects, clock, uploaded, monkeypatch, age_s
):
    await waits(age_s)
    name = await uploaded()
    clock.now_s += ORPHAN_S
    stopping, asked = asyncio.Event(), []

    async def two_rounds(seconds, stopping):
        asked.append(seconds)
        return len(asked) > 2

    monkeypatch.setattr(sweeping, "pause", two_rounds)
    await keep_swept(objects, broker, [STREAM], GROUP, stopping)
    assert (await objects.get(name) is None) == (age_s == 0.0)


def test_whoever_sweeps_waits_for_events_to_leave_their_outbox_and_their_stream():
    assert LATE_S < ORPHAN_S / 2
