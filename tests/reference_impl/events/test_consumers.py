import asyncio

import pytest
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import ResponseError

from reference_impl.chassis import consumers
from reference_impl.chassis.attempts import pause
from reference_impl.chassis.consumers import Consumer, beside, consuming

PATIENCE_S = 10.0


@pytest.fixture
def recorder(make_recorder):
    return make_recorder()


async def test_each_event_is_handled_once_in_order_and_acknowledged(reading, recorder):
    await reading.publish(1, 2)
    async with reading.by(recorder):
        await recorder.has_done(2)
        await reading.publish(3)
        await recorder.has_done(3)
    assert recorder.done == [1, 2, 3]
    assert await reading.pending() == 0


async def test_two_of_a_group_never_do_the_same_event(reading, recorder):
    async with reading.by(recorder, "reader-1"), reading.by(recorder, "reader-2"):
        await reading.publish(*range(50))
        await recorder.has_done(50)
    assert sorted(recorder.done) == list(range(50))


async def test_an_event_that_comes_twice_in_a_row_is_handled_once(reading, recorder):
    await reading.publish(1, 1, 2)
    async with reading.by(recorder):
        assert await recorder.has_done(2) == [1, 2]
    assert await reading.pending() == 0


async def test_an_event_that_comes_again_later_is_passed_over(reading, recorder):
    async with reading.by(recorder):
        await reading.publish(1)
        await recorder.has_done(1)
        await reading.finished()
        await reading.publish(1, 2)
        assert await recorder.has_done(2) == [1, 2]
        await reading.finished()


async def test_an_event_that_comes_again_in_another_life_is_passed_over(reading, make_recorder):
    await reading.publish(1)
    for expected in ([1], [2]):
        recorder = make_recorder()
        async with reading.by(recorder):
            assert await recorder.has_done(1) == expected
        await reading.publish(1, 2)


async def test_what_one_group_has_done_another_still_does(reading, make_recorder):
    await reading.publish(1)
    for group in ("readers", "others"):
        recorder = make_recorder()
        async with reading.by(recorder, group=group):
            assert await recorder.has_done(1) == [1]


async def test_marks_are_asked_for_once_per_batch(reading, recorder, wrapped):
    asked = []

    def pipeline(*, transaction):
        asked.append(transaction)
        return reading.broker.pipeline(transaction=transaction)

    await reading.publish(*range(7))
    async with reading.by(recorder, broker=wrapped(reading.broker, pipeline=pipeline)):
        await recorder.has_done(7)
    assert asked == [False]


async def test_what_was_in_hand_at_a_death_is_done_by_the_next_of_that_name(reading, recorder):
    await reading.publish(1, 2, 3)
    await reading.die_in_mid_event("reader-1")
    async with reading.by(recorder, "reader-1"):
        assert await recorder.has_done(3) == [1, 2, 3]
    assert await reading.pending() == 0


async def test_what_nobody_comes_back_for_is_taken_by_another(reading, recorder):
    await reading.publish(1, 2, 3)
    await reading.die_in_mid_event("reader-1")
    async with reading.by(recorder, "reader-2", abandoned_s=0.02):
        assert sorted(await recorder.has_done(3)) == [1, 2, 3]
    assert await reading.pending() == 0


async def test_what_another_has_just_taken_is_left_to_it(reading, recorder):
    await reading.publish(1)
    await reading.die_in_mid_event("reader-1")
    await reading.publish(2)
    async with reading.by(recorder, "reader-2", abandoned_s=60.0):
        assert await recorder.has_done(1) == [2]
    assert await reading.pending() == 1


async def test_a_stop_finishes_the_event_in_hand_and_leaves_the_others(reading):
    await reading.publish(1, 2)
    stopping, done = asyncio.Event(), []

    async def handle(event):
        stopping.set()
        await asyncio.sleep(0)
        done.append(event.body["n"])

    await Consumer(reading.broker, reading.subscription(), handle).run(stopping)
    assert done == [1]
    assert await reading.pending() == 1


async def test_a_broker_that_was_away_is_waited_for(reading, recorder, wrapped, monkeypatch):
    monkeypatch.setattr(consumers, "AWAY_S", 0.01)
    attempts = []

    async def xgroup_create(*args, **kwargs):
        attempts.append(args)
        if len(attempts) == 1:
            raise ConnectionLost("nobody there")
        return await reading.broker.xgroup_create(*args, **kwargs)

    await reading.publish(1)
    async with reading.by(recorder, broker=wrapped(reading.broker, xgroup_create=xgroup_create)):
        await recorder.has_done(1)
    assert len(attempts) == 2


async def test_a_broker_that_came_back_without_the_group_gets_it_again(reading, recorder):
    await reading.publish(1)
    async with reading.by(recorder):
        await recorder.has_done(1)
        await reading.finished()
        await reading.broker.delete(reading.stream)
        await reading.publish(2)
        assert await recorder.has_done(2) == [1, 2]


async def test_before_a_group_is_made_it_is_prepared_for(reading, recorder):
    prepared = []

    class Prepared(Consumer):
        async def begin_anew(self):
            prepared.append(await self._group.exists())
            if len(prepared) == 1:
                raise ConnectionLost("and here the process died")

    consumer = Prepared(reading.broker, reading.subscription(), recorder.handle)
    with pytest.raises(ConnectionLost):
        await consumer.join()
    for _ in range(2):
        await consumer.join()
    assert prepared == [False, False]
    await reading.broker.xgroup_destroy(reading.stream, "readers")
    await consumer.join()
    assert prepared == [False, False, False]


async def test_a_key_that_is_no_stream_is_our_mistake_and_stops_the_process(reading, recorder):
    await reading.broker.set(reading.stream, "text")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await Consumer(reading.broker, reading.subscription(), recorder.handle).run(asyncio.Event())


async def test_what_was_trimmed_while_in_hand_holds_nobody_up(reading, recorder):
    await reading.publish(1, 2)
    await reading.die_in_mid_event("reader-1")
    await reading.broker.xtrim(reading.stream, maxlen=1, approximate=False)
    async with reading.by(recorder, "reader-1"):
        assert await recorder.has_done(1) == [2]
        await reading.finished()
    assert await reading.dead() == []


async def test_several_consume_beside_one_block(reading, make_recorder):
    first, second = make_recorder(), make_recorder()
    await reading.publish(1)
    both = (
        Consumer(reading.broker, reading.subscription(group=group), one.handle)
        for group, one in (("readers", first), ("others", second))
    )
    async with consuming(*both):
        assert await first.has_done(1) == await second.has_done(1) == [1]


async def test_a_mistake_beside_the_block_ends_it():
    async def fail(stopping):
        raise ZeroDivisionError

    with pytest.raises(ExceptionGroup) as raised:
        async with asyncio.timeout(PATIENCE_S), beside(fail):
            await asyncio.Event().wait()
    assert raised.group_contains(ZeroDivisionError)


async def test_a_pause_says_whether_it_was_cut_short():
    stopping = asyncio.Event()
    assert not await pause(0.001, stopping)
    stopping.set()
    assert await pause(3600.0, stopping)
