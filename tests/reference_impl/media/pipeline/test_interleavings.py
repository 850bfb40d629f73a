"""A deletion may come at any moment, and a crash too: in the end nothing is left of an upload."""

import asyncio
import random
from contextlib import suppress

import pytest

from reference_impl.media.memory import MemoryObjects
from reference_impl.media.names import (
    manifest_key_of,
    name_in,
    name_of,
    new_upload,
    upload_of,
)
from reference_impl.media.pipeline.clearing import Clearing

SCHEDULES = 1_000


class Crash(Exception):
    """The process that worked has died."""


class Stepwise:
    """A store whose every operation waits for its turn, and may be the last of a process."""

    def __init__(self, objects, turns, steps_left=-1):
        self._objects = objects
        self._turns = turns
        self._steps_left = steps_left

    def __getattr__(self, name):
        operation = getattr(self._objects, name)

        async def in_turn(*arguments):
            if self._steps_left == 0:
                raise Crash
            self._steps_left -= 1
            await self._turns.put(turn := asyncio.Event())
            await turn.wait()
            return await operation(*arguments)

        return in_turn

    async def delete_upload(self, upload):
        """Delete what is found, and then the manifest, as a real store does: in many operations."""
        for name in await self.names_of(upload):
            await self.delete(name)
        await self.delete_manifest(upload)


class Objects(MemoryObjects):
    async def delete_manifest(self, upload):
        self._delete(manifest_key_of(upload))


async def in_any_order(chance, *works):
    """Run works, each with its turns, one operation at a time: some of one, some of another."""
    tasks = {asyncio.create_task(work): turns for work, turns in works}
    current, stays = chance.choice(list(tasks)), chance.choice((0.5, 0.9))
    while left := [task for task in tasks if not task.done()]:
        await asyncio.sleep(0)
        if current.done() or chance.random() > stays:
            current = chance.choice(left)
        if not tasks[current].empty():
            tasks[current].get_nowait().set()
    for task in tasks:
        task.result()


async def develop_until_done(chance, make, name):
    """Develop, and again after each of up to two crashes, as a group does with its events."""
    for _ in range(2):
        with suppress(Crash):
            await make(chance.randrange(24)).develop(name)
            return
    await make(-1).develop(name)


async def clear(objects, name):
    clearing = Clearing(objects)
    await clearing.clear([name_in(url) for url in await clearing.urls_of(name)])


@pytest.fixture(params=[False, True], ids=["kept", "dropped"])
def drops_originals(request):
    return request.param


@pytest.fixture
def schedules(picture, developing_on, drops_originals):
    """Yield a store with one upload, its name, and what works on it, in so many random orders."""
    content = picture((12, 6))

    async def each():
        for seed in range(SCHEDULES):
            objects, name = Objects(), name_of(content, "image/png", new_upload())
            await objects.put(name, content)
            yield Schedule(random.Random(seed), objects, name, developing_on, drops_originals)

    return each


class Schedule:
    """One store with one upload, and those who work on it in a random order."""

    def __init__(self, chance, objects, name, developing_on, drops_originals):
        self.objects = objects
        self.name = name
        self._chance = chance
        self._developing_on = developing_on
        self._drops_originals = drops_originals

    def develop(self):
        turns: asyncio.Queue[asyncio.Event] = asyncio.Queue()

        def make(steps_left):
            store = Stepwise(self.objects, turns, steps_left)
            return self._developing_on(store, drops_originals=self._drops_originals)

        return develop_until_done(self._chance, make, self.name), turns

    def clear(self):
        turns: asyncio.Queue[asyncio.Event] = asyncio.Queue()
        return clear(Stepwise(self.objects, turns), self.name), turns

    async def run(self, *works):
        await in_any_order(self._chance, *works)


async def test_nothing_is_left_however_developing_and_deleting_interleave(schedules, everything):
    async for schedule in schedules():
        await schedule.run(schedule.develop(), schedule.clear())
        assert await everything(schedule.objects) == []


async def test_whatever_crashes_what_nobody_deletes_is_developed(schedules, drops_originals):
    async for schedule in schedules():
        await schedule.run(schedule.develop())
        objects, name = schedule.objects, schedule.name
        manifest = await objects.get_manifest(upload_of(name))
        assert manifest["status"] == "ready"
        assert (await objects.get(name) is None) == drops_originals
        for made in manifest["renditions"]:
            assert await objects.get(name_in(made["url"])) is not None
