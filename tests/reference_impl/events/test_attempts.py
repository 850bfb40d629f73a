"""Events that fail: tried again behind the others, and set aside after five tries."""

import asyncio
import json
import logging
from itertools import pairwise

import pytest
from redis.exceptions import ConnectionError as ConnectionLost

from model.rules.deliveries import TRIES_MAX
from reference_impl.chassis import attempts, consumers
from reference_impl.chassis.attempts import Attempts, Postponed
from reference_impl.chassis.consumers import Consumer, consuming
from reference_impl.chassis.errors import Defective, Unavailable
from reference_impl.chassis.groups import Group

PATIENCE_S = 10.0


async def test_a_passing_failure_is_tried_again(reading, make_recorder):
    recorder = make_recorder(failures=TRIES_MAX - 1)
    await reading.publish(1)
    async with reading.by(recorder):
        await recorder.has_done(1)
    assert recorder.tries == [1] * TRIES_MAX
    assert await reading.dead() == []


async def test_what_is_behind_a_failing_event_does_not_wait_for_its_next_try(
    reading, make_recorder
):
    recorder = make_recorder(failures=1, only=1)
    await reading.publish(1, 2, 3)
    async with reading.by(recorder, retry_s=0.02):
        assert await recorder.has_done(3) == [2, 3, 1]


async def test_the_waits_between_tries_grow(reading, make_recorder, monkeypatch):
    recorder, at_s = make_recorder(failures=3), []

    async def handle(event):
        at_s.append(asyncio.get_running_loop().time())
        await recorder.handle(event)

    await reading.publish(1)
    its = reading.subscription(retry_s=0.02)
    stopping = asyncio.Event()
    task = asyncio.create_task(Consumer(reading.broker, its, handle).run(stopping))
    await recorder.has_done(1)
    stopping.set()
    await task
    waits_s = [later - sooner for sooner, later in pairwise(at_s)]
    least_s = (0.02, 0.04, 0.08)
    assert all(wait >= least for wait, least in zip(waits_s, least_s, strict=True))


async def test_a_poisonous_event_is_set_aside_after_five_tries(reading, make_recorder, caplog):
    recorder = make_recorder(failures=1_000, only=1)
    await reading.publish(1, 2)
    async with reading.by(recorder):
        await recorder.has_done(1)
        await reading.finished()
    assert recorder.tries.count(1) == 5
    [letter] = await reading.dead()
    assert letter[b"event_id"] == reading.event(1).event_id.encode()
    assert letter[b"dead:error"] == b"ValueError: not today"
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert ["set aside" in record.getMessage() for record in errors] == [True]


async def test_an_event_at_which_a_neighbour_fails_is_set_aside_too(reading, make_recorder):
    recorder = make_recorder(failures=1_000, only=1, error=Defective)
    await reading.publish(1, 2)
    async with reading.by(recorder):
        assert await recorder.has_done(1) == [2]
        await reading.finished()
    assert recorder.tries.count(1) == TRIES_MAX
    [letter] = await reading.dead()
    assert letter[b"dead:tries"] == b"5"


async def test_what_is_too_early_is_done_later_and_costs_no_try(reading, make_recorder):
    recorder, too_early = make_recorder(), [1] * (2 * TRIES_MAX)

    async def handle(event):
        if event.body["n"] in too_early:
            too_early.pop()
            raise Postponed("not yet", for_s=0.001)
        await recorder.handle(event)

    await reading.publish(1, 2)
    async with consuming(Consumer(reading.broker, reading.subscription(), handle)):
        assert await recorder.has_done(2) == [2, 1]
        await reading.finished()
    assert await reading.dead() == []


async def test_an_event_that_kills_whoever_tries_it_is_set_aside_after_five_deaths(
    reading, make_recorder
):
    await reading.publish(1, 2)
    for _ in range(TRIES_MAX):
        await reading.die_in_mid_event("reader-1")
    recorder = make_recorder()
    async with reading.by(recorder, "reader-1"):
        await recorder.has_done(1)
        await reading.finished()
    assert recorder.tries == [2]
    [letter] = await reading.dead()
    assert letter[b"event_id"] == reading.event(1).event_id.encode()


async def test_four_deaths_do_not_set_an_event_aside(reading, make_recorder):
    await reading.publish(1, 2)
    for _ in range(TRIES_MAX - 1):
        await reading.die_in_mid_event("reader-1")
    recorder = make_recorder()
    async with reading.by(recorder, "reader-1"):
        assert await recorder.has_done(2) == [1, 2]
    assert await reading.dead() == []


async def test_an_outage_is_waited_out_however_long(reading, make_recorder):
    recorder = make_recorder(failures=3 * TRIES_MAX, error=Unavailable)
    await reading.publish(1)
    async with reading.by(recorder, retry_s=1e-9):  # doubled fifteen times: still 33 µs
        await recorder.has_done(1)
    assert len(recorder.tries) == 3 * TRIES_MAX + 1
    assert await reading.dead() == []


async def test_those_behind_wait_out_an_outage_too(reading, make_recorder):
    recorder = make_recorder(failures=3, error=Unavailable, only=1)
    await reading.publish(1, 2)
    async with reading.by(recorder):
        assert await recorder.has_done(2) == [1, 2]


async def test_an_outage_costs_no_try(reading, make_recorder):
    recorder = make_recorder(failures=2 * TRIES_MAX, error=Unavailable)

    async def handle(event):
        if not recorder.failures and recorder.error is Unavailable:
            recorder.failures, recorder.error = TRIES_MAX - 1, ValueError
        await recorder.handle(event)

    await reading.publish(1)
    stopping = asyncio.Event()
    consumer = Consumer(reading.broker, reading.subscription(retry_s=1e-6), handle)
    task = asyncio.create_task(consumer.run(stopping))
    await recorder.has_done(1)
    stopping.set()
    await task
    assert len(recorder.tries) == 3 * TRIES_MAX
    assert await reading.dead() == []


async def test_stops_during_an_outage_cost_no_try(reading, make_recorder):
    await reading.publish(1)
    for _ in range(2 * TRIES_MAX):
        stopping = asyncio.Event()

        async def handle(event, stopping=stopping):
            stopping.set()
            raise Unavailable("timeline_store did not answer in time")

        async with asyncio.timeout(PATIENCE_S):
            await Consumer(reading.broker, reading.subscription(), handle).run(stopping)
    recorder = make_recorder()
    async with reading.by(recorder):
        assert await recorder.has_done(1) == [1]


async def test_a_stop_ends_the_wait_between_tries(reading):
    await reading.publish(1)
    stopping = asyncio.Event()

    async def handle(event):
        stopping.set()
        raise Unavailable("timeline_store did not answer in time")

    async with asyncio.timeout(PATIENCE_S):
        await Consumer(reading.broker, reading.subscription(retry_s=3600.0), handle).run(stopping)
    assert await reading.pending() == 1


async def test_a_broker_that_goes_away_in_mid_event_costs_no_try(
    reading, make_recorder, monkeypatch
):
    monkeypatch.setattr(consumers, "AWAY_S", 0.001)
    recorder = make_recorder(failures=2 * TRIES_MAX, error=ConnectionLost)
    await reading.publish(1)
    async with reading.by(recorder):
        await recorder.has_done(1)
    assert len(recorder.tries) == 2 * TRIES_MAX + 1


async def test_while_too_many_wait_for_another_try_nothing_new_is_read(
    reading, make_recorder, monkeypatch
):
    monkeypatch.setattr(attempts, "FAILED_MAX", 2)
    monkeypatch.setattr(consumers, "READ_MAX", 1)
    recorder = make_recorder(failures=2)
    await reading.publish(1, 2, 3)
    async with reading.by(recorder, retry_s=0.03):
        await recorder.has_done(3)
    assert recorder.tries[:3] == [1, 2, 1]


async def test_what_another_has_taken_over_while_it_waited_is_left_to_it(reading):
    group, heir = (
        Group(reading.broker, stream=reading.stream, group="readers", name=name)
        for name in ("reader-1", "reader-2")
    )
    tries = []

    async def fail(entry):
        tries.append(entry.entry_id)
        raise ValueError("not today")

    await group.create()
    await reading.publish(1)
    hand = Attempts(group, fail, retry_s=0.001)
    await hand.attempt((await group.read(1, block_s=0.0))[0], asyncio.Event())
    assert await heir.claim_abandoned(0.0, 10) == tries
    await asyncio.sleep(0.002)
    assert hand.due_in_s(1.0) == 0.0
    assert await hand.next_due() is None
    assert await heir.unfinished(10) == tries


HUGE = "x" * (1 << 20)
UNREADABLE = {
    "bad JSON": {"kind": "test", "at": "0.0", "body": "{"},
    "no kind": {"at": "0.0", "body": "{}"},
    "no time": {"kind": "test", "at": "soon", "body": "{}"},
    "a body that misses a field": {"kind": "test", "at": "0.0", "body": "{}"},
    "a body that is no object": {"kind": "test", "at": "0.0", "body": "[]"},
    "huge": {"kind": "test", "at": "0.0", "body": json.dumps({"m": HUGE})},
}


@pytest.mark.parametrize("what", UNREADABLE)
async def test_an_event_that_cannot_be_read_is_set_aside(reading, make_recorder, what):
    recorder = make_recorder()
    poison = {"event_id": f"{reading.stream}:0", **UNREADABLE[what]}
    await reading.broker.xadd(reading.stream, poison)
    await reading.publish(2)
    async with reading.by(recorder):
        assert await recorder.has_done(1) == [2]
        await reading.finished()
    [letter] = await reading.dead()
    assert {name: letter[name.encode()].decode() for name in poison} == poison


async def test_an_event_without_an_id_is_set_aside(reading, make_recorder):
    recorder = make_recorder()
    await reading.broker.xadd(reading.stream, {"kind": "test", "at": "0.0", "body": '{"n": 1}'})
    async with reading.by(recorder):
        await reading.publish(2)
        await recorder.has_done(1)
        await reading.finished()
    assert recorder.tries == [2]
    assert len(await reading.dead()) == 1


async def test_poison_among_good_events_delays_none_and_is_set_aside_once_each(
    reading, make_recorder
):
    """One event of twenty is poison, of every sort; what is told is order, not time."""
    good: list[int] = []
    poisons: list[bytes] = []
    for number in range(400):
        if number % 20 == 10:
            sort = list(UNREADABLE.values())[len(poisons) % len(UNREADABLE)]
            poison = {"event_id": f"{reading.stream}:{number}", **sort}
            poisons.append(f"{reading.stream}:{number}".encode())
            await reading.broker.xadd(reading.stream, poison)
        else:
            good.append(number)
            await reading.publish(number)
    recorder = make_recorder()
    async with reading.by(recorder, retry_s=0.02):
        assert await recorder.has_done(len(good)) == good
        await reading.finished()
    assert recorder.tries == good
    assert sorted(letter[b"event_id"] for letter in await reading.dead()) == sorted(poisons)
