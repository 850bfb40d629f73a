"""A relay killed without warning: no event is lost, and whoever consumes sees none twice."""

import asyncio
import os
import random
import sys
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from reference_impl.chassis import events
from reference_impl.chassis.events import Event
from reference_impl.chassis.keyvalue import valkey

PATIENCE_S = 30.0
XADD = b"$4\r\nXADD\r\n"  # as it goes over the wire


class Plant:
    """A relay process between one database and a broker of its own."""

    def __init__(self, settings, broker):
        self.settings = settings
        self.broker = broker
        self._process = None

    async def start(self, broker=None):
        told = self.settings if broker is None else replace(self.settings, broker=broker)
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "reference_impl.chassis.relay",
            env={**os.environ, **told.to_environment()},
        )
        return self._process

    async def kill(self):
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


@pytest.fixture
async def plant(engines, own_valkey):
    with own_valkey() as server:
        settings = replace(
            engines.settings,
            instance="relay-1",
            listen="tcp:127.0.0.1:0",
            broker=server.url,
            user_databases=engines.user_databases[:1],
            post_databases=(),
        )
        async with valkey(server.url) as broker:
            plant = Plant(settings, broker)
            try:
                yield plant
            finally:
                await plant.kill()


@pytest.fixture
def reading(plant, stream, reading):
    """The stream, read from the broker of the plant."""
    return type(reading)(plant.broker, stream)


@pytest.fixture
def write(database, stream):
    async def written(*numbers):
        async with database.connection(0) as connection, connection.transaction():
            for number in numbers:
                await events.append(connection, stream=stream, kind="test", body={"n": number})

    return written


@pytest.fixture
def left(database, stream):
    async def counted():
        async with database.connection(0) as connection:
            query = "SELECT count(*) FROM outbox WHERE stream = %s"
            [(count,)] = await (await connection.execute(query, [stream])).fetchall()
            return count

    return counted


async def until_empty(left):
    async with asyncio.timeout(PATIENCE_S):
        while await left():  # noqa: ASYNC110 - the database has no event for it
            await asyncio.sleep(0.01)


async def numbers_in(broker, stream):
    entries = await broker.xrange(stream)
    return [Event.from_fields(fields).body["n"] for _, fields in entries]


async def test_an_event_that_was_not_published_at_a_death_is_published_by_the_next_relay(
    plant, gate, write, left, stream
):
    await write(*range(50))
    async with gate(plant.settings.broker) as held, asyncio.timeout(PATIENCE_S):
        held.hold(XADD, before=True)
        await plant.start(held.url)
        await held.reached.wait()
        await plant.kill()
        assert await numbers_in(plant.broker, stream) == []
        assert await left() == 50
        held.open()
        await plant.start(held.url)
        await until_empty(left)
    assert await numbers_in(plant.broker, stream) == list(range(50))


async def test_an_event_that_was_published_but_not_committed_at_a_death_is_consumed_once(
    plant, gate, write, left, stream, reading, make_recorder
):
    recorder = make_recorder()
    await write(*range(50))
    async with gate(plant.settings.broker) as held, asyncio.timeout(PATIENCE_S):
        held.hold(XADD, before=False)
        await plant.start(held.url)
        await held.reached.wait()
        await plant.kill()
        assert await numbers_in(plant.broker, stream) == list(range(50))
        assert await left() == 50
        held.open()
        await plant.start(held.url)
        await until_empty(left)
    assert await numbers_in(plant.broker, stream) == 2 * list(range(50))
    async with reading.by(recorder):
        assert await recorder.has_done(50) == list(range(50))
        await reading.finished()
    assert recorder.done == list(range(50))


@asynccontextmanager
async def writing(write):
    """Write events, a few at a time, while the block runs; at its end say how many."""
    stopping, count = asyncio.Event(), [0]

    async def run():
        while not stopping.is_set():
            await write(*range(count[0], count[0] + 3))
            count[0] += 3
            await asyncio.sleep(0.002)

    task = asyncio.create_task(run())
    try:
        yield count
    finally:
        stopping.set()
        await task


@pytest.mark.verify
async def test_a_relay_killed_at_fifty_random_instants_loses_nothing(
    plant, write, left, stream, reading, make_recorder
):
    luck, recorder = random.Random(50), make_recorder()
    async with asyncio.timeout(280.0), reading.by(recorder):
        async with writing(write) as count:
            for _ in range(50):
                await plant.start()
                seen = len(recorder.done)
                while len(recorder.done) == seen:  # noqa: ASYNC110 - it is starting
                    await asyncio.sleep(0.002)
                await asyncio.sleep(luck.uniform(0.0, 0.1))
                await plant.kill()
        await plant.start()
        await until_empty(left)
        await recorder.has_done(count[0])
        await reading.finished()
    assert recorder.done == list(range(count[0]))


async def test_a_relay_tells_operators_and_ends_in_order(plant, write, stream, tmp_path):
    path = str(tmp_path / "r")
    plant.settings = replace(plant.settings, listen=f"unix:{path}")
    process = await plant.start()
    await write(1)
    async with (
        asyncio.timeout(PATIENCE_S),
        aiohttp.ClientSession(connector=aiohttp.UnixConnector(path)) as session,
    ):
        while not Path(path).exists():  # noqa: ASYNC110, ASYNC240 - it is starting
            await asyncio.sleep(0.02)
        for route in ("/livez", "/readyz"):
            async with session.get(f"http://localhost{route}") as answer:
                assert answer.status == 200
        text = ""
        while "feedtwin_outbox_rows{" not in text or "feedtwin_outbox_oldest_seconds{" not in text:
            async with session.get("http://localhost/metrics") as answer:
                text = await answer.text()
        process.terminate()
        assert await process.wait() == 0
