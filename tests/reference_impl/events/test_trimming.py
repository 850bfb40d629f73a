"""Trimming, and what it goes by: which entries a group has not finished."""

import asyncio

import pytest
from prometheus_client import REGISTRY
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import ResponseError

from reference_impl.chassis import queues, trimming
from reference_impl.chassis.groups import Group
from reference_impl.chassis.queues import EntryId, queues_of
from reference_impl.chassis.trimming import keep_trimmed, trim

PATIENCE_S = 10.0


@pytest.fixture
async def five(broker, stream):
    """The ids of five entries, each of its own millisecond."""
    ids = []
    for number in range(5):
        await asyncio.sleep(0.002)
        ids.append(await broker.xadd(stream, {"n": number}))
    return ids


def member(broker, stream, group="readers"):
    return Group(broker, stream=stream, group=group, name="reader-1")


async def read(group, count):
    await group.create()
    return await group.read(count, block_s=0.0)


async def left(broker, stream):
    return [entry_id for entry_id, _ in await broker.xrange(stream)]


async def trim_now(broker, stream):
    await asyncio.sleep(0.002)
    return await trim(broker, stream, grace_s=0.0, unread_s=0.0)


async def test_what_all_have_finished_goes(broker, stream, five):
    group = member(broker, stream)
    for entry in await read(group, 3):
        await group.finish(entry)
    assert await trim_now(broker, stream) == 3
    assert await left(broker, stream) == five[3:]


async def test_what_nobody_has_read_stays(broker, stream, five):
    await member(broker, stream).create()
    assert await trim_now(broker, stream) == 0


async def test_what_is_in_hand_stays_and_what_follows_it(broker, stream, five):
    group = member(broker, stream)
    entries = await read(group, 4)
    for entry in (entries[0], entries[2], entries[3]):
        await group.finish(entry)
    await trim_now(broker, stream)
    assert await left(broker, stream) == five[1:]


async def test_the_slowest_group_decides(broker, stream, five):
    for name, count in (("readers", 4), ("others", 2)):
        group = member(broker, stream, name)
        for entry in await read(group, count):
            await group.finish(entry)
    await trim_now(broker, stream)
    assert await left(broker, stream) == five[2:]


async def test_what_all_have_finished_stays_for_a_grace(broker, stream, five):
    group = member(broker, stream)
    for entry in await read(group, 5):
        await group.finish(entry)
    assert await trim(broker, stream) == 0
    late = member(broker, stream, "others")
    assert len(await read(late, 10)) == 5


async def test_a_stream_without_readers_is_kept_for_a_while_and_no_longer(broker, stream, five):
    assert await trim(broker, stream) == 0
    assert await trim_now(broker, stream) == 5


async def test_a_stream_that_is_not_there_needs_no_trimming(broker, stream):
    assert await trim_now(broker, stream) == 0
    assert await broker.exists(stream) == 0


async def test_a_reader_goes_on_where_it_was_after_trimming(broker, stream, five):
    group = member(broker, stream)
    for entry in await read(group, 3):
        await group.finish(entry)
    await trim_now(broker, stream)
    assert [entry.entry_id for entry in await group.read(10, block_s=0.0)] == five[3:]


async def test_trimming_goes_on_when_the_broker_has_been_away(
    broker, stream, five, wrapped, monkeypatch
):
    monkeypatch.setattr(trimming, "PERIOD_S", 0.001)
    stopping, looks = asyncio.Event(), []

    async def xinfo_groups(name):
        looks.append(name)
        if len(looks) == 1:
            raise ConnectionLost("nobody there")
        stopping.set()
        return await broker.xinfo_groups(name)

    async with asyncio.timeout(PATIENCE_S):
        await keep_trimmed(wrapped(broker, xinfo_groups=xinfo_groups), [stream], stopping)
    assert looks == [stream, stream]


async def test_a_queue_counts_what_is_unread_and_what_is_in_hand(broker, stream, five):
    group = member(broker, stream)
    entries = await read(group, 3)
    await group.finish(entries[1])
    [queue] = await queues_of(broker, stream)
    assert (queue.group, queue.entries) == ("readers", 4)


async def test_a_queue_is_as_old_as_its_oldest_entry(broker, stream):
    now_ms = await queues.clock_ms(broker)
    await broker.xadd(stream, {"n": 1}, id=f"{now_ms - 60_000}-0")
    await broker.xadd(stream, {"n": 2})
    group = member(broker, stream)
    await group.create()
    [queue] = await queues_of(broker, stream)
    assert 60.0 <= queue.oldest_s < 60.0 + PATIENCE_S
    entries = await read(group, 2)
    [queue] = await queues_of(broker, stream)
    assert 60.0 <= queue.oldest_s < 60.0 + PATIENCE_S
    await group.finish(entries[0])
    [queue] = await queues_of(broker, stream)
    assert 0.0 <= queue.oldest_s < PATIENCE_S


async def test_an_empty_queue_has_no_age(broker, stream, five):
    group = member(broker, stream)
    for entry in await read(group, 5):
        await group.finish(entry)
    [queue] = await queues_of(broker, stream)
    assert (queue.entries, queue.oldest_s) == (0, 0.0)


async def test_a_lag_that_the_broker_does_not_know_is_not_taken_for_none(broker, stream, five):
    group = member(broker, stream)
    await read(group, 1)
    await broker.xdel(stream, five[3])
    await broker.xgroup_setid(stream, "readers", five[0])
    assert (await broker.xinfo_groups(stream))[0]["lag"] is None
    [queue] = await queues_of(broker, stream)
    assert queue.entries >= 1


async def test_a_group_that_goes_while_it_is_looked_at_is_none(broker, stream, five, wrapped):
    await member(broker, stream).create()

    async def xpending(name, group):
        await broker.xgroup_destroy(name, group)
        return await broker.xpending(name, group)

    assert await queues_of(wrapped(broker, xpending=xpending), stream) == []


async def test_a_key_that_is_no_stream_is_our_mistake(broker, stream):
    await broker.set(stream, "text")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await queues_of(broker, stream)


def test_ids_of_entries_are_in_the_order_of_time_then_number():
    texts = [b"9-2", b"9-10", b"10-0"]
    assert sorted(EntryId.read(text) for text in reversed(texts)) == [
        EntryId.read(text) for text in texts
    ]
    assert str(EntryId.read(b"9-10").next()) == "9-11"


async def test_queues_and_dead_letters_are_metrics(broker, stream, five):
    group = member(broker, stream)
    entries = await read(group, 2)
    await group.set_aside(entries[0], ValueError("not today"), tries=5)
    await queues.look(broker, [stream])

    def value(name, **labels):
        return REGISTRY.get_sample_value(name, {"stream": stream, **labels})

    assert value("feedtwin_queue_entries", group="readers") == 4
    oldest_s = value("feedtwin_queue_oldest_seconds", group="readers")
    assert oldest_s is not None
    assert 0 < oldest_s < PATIENCE_S
    assert value("feedtwin_dead_letters") == 1


async def test_metrics_come_back_with_the_broker(broker, stream, five, wrapped, monkeypatch):
    monkeypatch.setattr(queues, "LOOK_S", 0.001)
    stopping, looks = asyncio.Event(), []

    async def xlen(name):
        looks.append(name)
        if len(looks) == 1:
            raise ConnectionLost("nobody there")
        stopping.set()
        return 7

    async with asyncio.timeout(PATIENCE_S):
        await queues.keep_looking(wrapped(broker, xlen=xlen), [stream], stopping)
    assert REGISTRY.get_sample_value("feedtwin_dead_letters", {"stream": stream}) == 7


async def test_more_dead_letters_than_somebody_should_leave_alone_are_an_error_in_the_log(
    broker, stream, five, monkeypatch, caplog
):
    monkeypatch.setattr(queues, "DEAD_MANY", 1)
    group = member(broker, stream)
    entries = await read(group, 2)
    await group.set_aside(entries[0], ValueError("not today"), tries=5)
    await queues.complain(broker, [stream])
    assert caplog.records == []
    await group.set_aside(entries[1], ValueError("not today"), tries=5)
    await queues.complain(broker, [stream])
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "2 dead letters" in caplog.text


def test_what_waits_for_a_timeline_server_is_a_stream_too():
    streams = queues.streams_of(2)
    assert {"fanout:late:0", "fanout:late:1", "events:erasure"} < set(streams)
    assert len(streams) == len(set(streams)) == len(queues.STREAMS) + 2
