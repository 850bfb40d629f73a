import asyncio
import json
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest
from prometheus_client import REGISTRY
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import OutOfMemoryError

from reference_impl.chassis import events
from reference_impl.chassis import relay as relays
from reference_impl.chassis.events import Event
from reference_impl.chassis.keyvalue import valkey
from reference_impl.chassis.relay import Outbox, outboxes_of, publish_batch, relay

PATIENCE_S = 10.0


class DeafAtFirst:
    """A broker that is reached only after so many attempts."""

    def __init__(self, broker, failures):
        self._broker = broker
        self._failures = failures

    def pipeline(self, *, transaction):
        if self._failures:
            self._failures -= 1
            raise ConnectionLost("nobody there")
        return self._broker.pipeline(transaction=transaction)


async def write(database, stream, *numbers):
    async with database.connection(0) as connection, connection.transaction():
        for number in numbers:
            await events.append(connection, stream=stream, kind="test", body={"n": number})


async def left_in_outbox(database, stream):
    async with database.connection(0) as connection:
        rows = await connection.execute("SELECT count(*) FROM outbox WHERE stream = %s", [stream])
        return (await rows.fetchone())[0]


async def numbers_in(broker, stream):
    entries = await broker.xrange(stream)
    return [json.loads(fields[b"body"])["n"] for _, fields in entries]


async def published(broker, stream, count):
    """Wait until the stream holds `count` entries, and return their numbers."""
    async with asyncio.timeout(PATIENCE_S):
        while (size := await broker.xlen(stream)) < count:
            last = await broker.xrevrange(stream, count=1)
            await broker.xread({stream: last[0][0] if last else "0"}, block=200)
        assert size == count
    return await numbers_in(broker, stream)


@pytest.fixture
def outbox(engines):
    return Outbox(name="user_db-1", url=engines.user_databases[0])


@asynccontextmanager
async def relaying(outbox, broker, *, count=1):
    stopping = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(count):
            tasks.create_task(relay(outbox, broker, stopping))
        yield
        stopping.set()


async def test_what_is_committed_is_published_in_order_and_gone(database, broker, stream, outbox):
    await write(database, stream, 1, 2)
    async with relaying(outbox, broker):
        assert await published(broker, stream, 2) == [1, 2]
        await write(database, stream, 3)
        assert await published(broker, stream, 3) == [1, 2, 3]
    assert await left_in_outbox(database, stream) == 0


async def test_what_is_rolled_back_is_never_published(database, broker, stream, outbox):
    async def fail():
        async with database.connection(0) as connection, connection.transaction():
            await events.append(connection, stream=stream, kind="test", body={"n": 1})
            raise ZeroDivisionError

    async with relaying(outbox, broker):
        with pytest.raises(ZeroDivisionError):
            await fail()
        await write(database, stream, 2)
        assert await published(broker, stream, 1) == [2]


async def test_an_event_arrives_as_it_was_written(database, broker, stream, outbox):
    await write(database, stream, 9)
    async with database.connection(0) as connection:
        rows = await connection.execute(
            "SELECT event_id, at FROM outbox WHERE stream = %s", [stream]
        )
        number, at_s = await rows.fetchone()
    async with relaying(outbox, broker):
        await published(broker, stream, 1)
    [(_, fields)] = await broker.xrange(stream)
    async with database.connection(0) as connection:
        source = await relays.source_of(outbox, connection)
    assert Event.from_fields(fields) == Event(
        event_id=f"{source}:{number}", kind="test", at_s=at_s, body={"n": 9}
    )


async def test_the_same_number_of_another_database_is_another_event(engines, outbox):
    sources = set()
    for url in engines.user_databases:
        async with await psycopg.AsyncConnection.connect(url) as connection:
            sources.add(await relays.source_of(outbox, connection))
    assert len(sources) == 2
    assert all(source.startswith("user_db-1-") for source in sources)


async def test_a_notification_wakes_the_relay_before_it_polls(
    database, broker, stream, outbox, monkeypatch
):
    monkeypatch.setattr(relays, "POLL_S", 3600.0)
    stopping = asyncio.Event()
    task = asyncio.create_task(relay(outbox, broker, stopping))
    await write(database, stream, 1)
    await published(broker, stream, 1)
    await write(database, stream, 2)
    assert await published(broker, stream, 2) == [1, 2]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_nothing_is_lost_while_the_broker_is_away(database, broker, stream, outbox):
    await write(database, stream, 1)
    away: Any = DeafAtFirst(broker, failures=1)
    async with database.connection(0) as connection:
        with pytest.raises(ConnectionLost):
            await publish_batch("user_db-1", connection, away)
    assert await left_in_outbox(database, stream) == 1


async def test_the_relay_waits_for_the_broker_to_come_back(
    database, broker, stream, outbox, monkeypatch
):
    monkeypatch.setattr(relays, "RECONNECT_S", 0.01)
    await write(database, stream, 1)
    async with relaying(outbox, DeafAtFirst(broker, failures=3)):
        assert await published(broker, stream, 1) == [1]


async def test_a_full_broker_leaves_events_where_they_are_until_there_is_room(
    database, stream, outbox, own_valkey, monkeypatch
):
    monkeypatch.setattr(relays, "RECONNECT_S", 0.01)
    with own_valkey() as server:
        async with valkey(server.url) as full:
            await full.config_set("maxmemory", 1)
            await write(database, stream, 1)
            async with relaying(outbox, full):
                await asyncio.sleep(0.1)
                assert await left_in_outbox(database, stream) == 1
                await full.config_set("maxmemory", 64 << 20)
                assert await published(full, stream, 1) == [1]


class NearlyFull:
    """A broker that takes so many entries; each time that it is found full room comes for some."""

    def __init__(self, broker, *, room, comes):
        self._broker = broker
        self.room = room
        self._comes = comes
        self._waiting = []

    def pipeline(self, *, transaction):
        assert not transaction
        return self

    async def __aenter__(self):
        self._waiting = []
        return self

    async def __aexit__(self, *_):
        pass

    def xadd(self, stream, fields):
        self._waiting.append((stream, fields))

    async def execute(self):
        taken, rest = self._waiting[: self.room], self._waiting[self.room :]
        for stream, fields in taken:
            await self._broker.xadd(stream, fields)
        self.room -= len(taken)
        if rest:
            self.room += self._comes
            raise OutOfMemoryError("there is no more room")


async def test_a_broker_with_room_for_few_gets_one_after_the_other(
    database, broker, stream, outbox, monkeypatch
):
    monkeypatch.setattr(relays, "RECONNECT_S", 0.001)
    await write(database, stream, *range(40))
    nearly: Any = NearlyFull(broker, room=5, comes=3)
    stopping = asyncio.Event()
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
        tasks.create_task(relay(outbox, nearly, stopping))
        while await left_in_outbox(database, stream):  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.01)
        stopping.set()
    there = await numbers_in(broker, stream)
    assert list(dict.fromkeys(there)) == list(range(40))


async def test_nothing_is_dropped_however_long_a_stream_grows(database, broker, stream, outbox):
    await write(database, stream, *range(1_200))
    async with relaying(outbox, broker):
        assert await published(broker, stream, 1_200) == list(range(1_200))


async def test_what_waits_in_an_outbox_is_a_metric(database, broker, stream, outbox):
    name = f"user_db-{stream}"
    async with database.connection(0) as connection:
        await connection.execute("DELETE FROM outbox")
        await relays.count(name, connection)
    assert REGISTRY.get_sample_value("feedtwin_outbox_rows", {"outbox": name}) == 0
    assert REGISTRY.get_sample_value("feedtwin_outbox_oldest_seconds", {"outbox": name}) == 0
    await write(database, stream, 1, 2)
    await asyncio.sleep(0.02)
    async with database.connection(0) as connection:
        await relays.count(name, connection)
    assert REGISTRY.get_sample_value("feedtwin_outbox_rows", {"outbox": name}) == 2
    oldest_s = REGISTRY.get_sample_value("feedtwin_outbox_oldest_seconds", {"outbox": name})
    assert oldest_s is not None
    assert 0.02 <= oldest_s < PATIENCE_S
    async with relaying(outbox, broker):
        await published(broker, stream, 2)


async def test_the_relay_waits_for_a_database_that_is_away(broker, tmp_path, monkeypatch):
    waits = []

    async def pause(seconds, stopping):
        waits.append(seconds)
        stopping.set()
        return True

    monkeypatch.setattr(relays, "pause", pause)
    nowhere = Outbox(name="user_db-1", url=f"postgresql:///feedtwin?host={tmp_path}")
    await relay(nowhere, broker, asyncio.Event())
    assert waits == [relays.RECONNECT_S]


async def test_two_relays_publish_each_event_once(database, broker, stream, outbox, monkeypatch):
    monkeypatch.setattr(relays, "BATCH_MAX", 7)
    for start in range(0, 200, 20):
        await write(database, stream, *range(start, start + 20))
    async with relaying(outbox, broker, count=2):
        assert sorted(await published(broker, stream, 200)) == list(range(200))
    assert await left_in_outbox(database, stream) == 0


def test_every_database_server_has_an_outbox_named_after_it(engines):
    names = [box.name for box in outboxes_of(engines.settings)]
    assert names == ["user_db-1", "user_db-2", "post_db-1", "post_db-2"]
