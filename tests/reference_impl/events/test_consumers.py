import asyncio
import logging
from contextlib import asynccontextmanager

import pytest
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import ResponseError

from reference_impl.chassis.consumers import (
    TRIES_MAX,
    Consumer,
    Subscription,
    consuming,
    pause,
)
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.events import Event

PATIENCE_S = 10.0
GROUP = "readers"


class Recorder:
    """Handles events by writing down their numbers; fails as often as it is told to."""

    def __init__(self, *, failures=0, error=ValueError, only=None):
        self._failures = failures
        self._error = error
        self._only = only
        self._news = asyncio.Condition()
        self.tries = []
        self.done = []

    async def handle(self, event):
        number = event.body["n"]
        self.tries.append(number)
        if self._failures and self._only in (None, number):
            self._failures -= 1
            raise self._error("not today")
        async with self._news:
            self.done.append(number)
            self._news.notify_all()

    async def has_done(self, count):
        async with asyncio.timeout(PATIENCE_S), self._news:
            await self._news.wait_for(lambda: len(self.done) >= count)
        return self.done


class Wrapped:
    """A broker of which one method is replaced."""

    def __init__(self, broker, **methods):
        self._broker = broker
        self._methods = methods

    def __getattr__(self, name):
        return self._methods.get(name) or getattr(self._broker, name)


def subscription(stream, name="reader-1", **changes):
    return Subscription(
        stream=stream, group=GROUP, name=name, **{"retry_s": 0.001, "block_s": 0.05, **changes}
    )


async def publish(broker, stream, *numbers):
    for number in numbers:
        event = Event(event_id=f"test:{number}", kind="test", at_s=0.0, body={"n": number})
        await broker.xadd(stream, event.to_fields())


async def pending(broker, stream):
    return (await broker.xpending(stream, GROUP))["pending"]


@asynccontextmanager
async def handled_by(broker, recorder, its):
    async with consuming(Consumer(broker, its, recorder.handle)):
        yield


async def test_each_event_is_handled_once_in_order_and_acknowledged(broker, stream):
    recorder = Recorder()
    await publish(broker, stream, 1, 2)
    async with handled_by(broker, recorder, subscription(stream)):
        await recorder.has_done(2)
        await publish(broker, stream, 3)
        await recorder.has_done(3)
    assert recorder.done == [1, 2, 3]
    assert await pending(broker, stream) == 0


async def test_two_of_a_group_never_do_the_same_event(broker, stream):
    both = Recorder()
    async with (
        handled_by(broker, both, subscription(stream, "reader-1")),
        handled_by(broker, both, subscription(stream, "reader-2")),
    ):
        await publish(broker, stream, *range(50))
        await both.has_done(50)
    assert sorted(both.done) == list(range(50))


async def killed_in_mid_event(broker, stream, name):
    """Let a consumer of this name die with its first event in hand."""
    in_hand = asyncio.Event()

    async def handle(event):
        in_hand.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(
        Consumer(broker, subscription(stream, name), handle).run(asyncio.Event())
    )
    async with asyncio.timeout(PATIENCE_S):
        await in_hand.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_was_in_hand_at_a_death_is_done_by_the_next_of_that_name(broker, stream):
    await publish(broker, stream, 1, 2, 3)
    await killed_in_mid_event(broker, stream, "reader-1")
    recorder = Recorder()
    async with handled_by(broker, recorder, subscription(stream, "reader-1")):
        assert await recorder.has_done(3) == [1, 2, 3]
    assert await pending(broker, stream) == 0


async def test_what_nobody_comes_back_for_is_taken_by_another(broker, stream):
    await publish(broker, stream, 1, 2, 3)
    await killed_in_mid_event(broker, stream, "reader-1")
    recorder = Recorder()
    async with handled_by(broker, recorder, subscription(stream, "reader-2", abandoned_s=0.02)):
        assert await recorder.has_done(3) == [1, 2, 3]
    assert await pending(broker, stream) == 0


async def test_what_another_has_just_taken_is_left_to_it(broker, stream):
    await publish(broker, stream, 1)
    await killed_in_mid_event(broker, stream, "reader-1")
    await publish(broker, stream, 2)
    recorder = Recorder()
    async with handled_by(broker, recorder, subscription(stream, "reader-2", abandoned_s=60.0)):
        assert await recorder.has_done(1) == [2]
    assert await pending(broker, stream) == 1


async def test_a_passing_failure_is_tried_again(broker, stream):
    recorder = Recorder(failures=TRIES_MAX - 1)
    await publish(broker, stream, 1)
    async with handled_by(broker, recorder, subscription(stream)):
        await recorder.has_done(1)
    assert recorder.tries == [1] * TRIES_MAX


async def test_a_poisonous_event_is_set_aside_after_five_tries_and_the_next_is_done(
    broker, stream, caplog
):
    recorder = Recorder(failures=1_000, only=1)
    await publish(broker, stream, 1, 2)
    async with handled_by(broker, recorder, subscription(stream)):
        await recorder.has_done(1)
    assert recorder.tries == [1] * 5 + [2]
    [(_, fields)] = await broker.xrange(f"{stream}:dead")
    assert Event.from_fields(fields).event_id == "test:1"
    assert await pending(broker, stream) == 0
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert ["set aside" in record.getMessage() for record in errors] == [True]


async def test_an_event_that_cannot_be_read_is_set_aside(broker, stream):
    recorder = Recorder()
    await broker.xadd(stream, {"event_id": "test:1", "kind": "test", "at": "x", "body": "{}"})
    await publish(broker, stream, 2)
    async with handled_by(broker, recorder, subscription(stream)):
        assert await recorder.has_done(1) == [2]
    assert await broker.xlen(f"{stream}:dead") == 1


async def test_an_outage_is_waited_out_however_long(broker, stream):
    recorder = Recorder(failures=3 * TRIES_MAX, error=Unavailable)
    await publish(broker, stream, 1)
    its = subscription(stream, retry_s=1e-9)  # doubled fifteen times: still 33 µs
    async with handled_by(broker, recorder, its):
        await recorder.has_done(1)
    assert len(recorder.tries) == 3 * TRIES_MAX + 1
    assert not await broker.exists(f"{stream}:dead")


async def test_a_stop_finishes_the_event_in_hand_and_leaves_the_others(broker, stream):
    await publish(broker, stream, 1, 2)
    stopping, done = asyncio.Event(), []

    async def handle(event):
        stopping.set()
        await asyncio.sleep(0)
        done.append(event.body["n"])

    await Consumer(broker, subscription(stream), handle).run(stopping)
    assert done == [1]
    assert await pending(broker, stream) == 1


async def test_a_stop_ends_the_wait_between_tries(broker, stream):
    await publish(broker, stream, 1)
    stopping = asyncio.Event()

    async def handle(event):
        stopping.set()
        raise Unavailable("timeline_store did not answer in time")

    async with asyncio.timeout(PATIENCE_S):
        await Consumer(broker, subscription(stream, retry_s=3600.0), handle).run(stopping)
    assert await pending(broker, stream) == 1


async def test_a_broker_that_was_away_is_waited_for(broker, stream):
    attempts = []

    async def xgroup_create(*args, **kwargs):
        attempts.append(args)
        if len(attempts) == 1:
            raise ConnectionLost("nobody there")
        return await broker.xgroup_create(*args, **kwargs)

    recorder = Recorder()
    await publish(broker, stream, 1)
    flaky = Wrapped(broker, xgroup_create=xgroup_create)
    async with handled_by(flaky, recorder, subscription(stream)):
        await recorder.has_done(1)
    assert len(attempts) == 2


async def test_a_broker_that_came_back_without_the_group_gets_it_again(broker, stream):
    recorder = Recorder()
    await publish(broker, stream, 1)
    async with handled_by(broker, recorder, subscription(stream)):
        await recorder.has_done(1)
        await broker.delete(stream)
        await publish(broker, stream, 2)
        assert await recorder.has_done(2) == [1, 2]


async def test_a_key_that_is_no_stream_is_our_mistake_and_stops_the_process(broker, stream):
    await broker.set(stream, "text")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await Consumer(broker, subscription(stream), Recorder().handle).run(asyncio.Event())


async def test_what_was_trimmed_before_it_was_done_is_set_aside_untried(broker, stream, caplog):
    await publish(broker, stream, 1, 2)
    await killed_in_mid_event(broker, stream, "reader-1")
    await broker.xtrim(stream, maxlen=1, approximate=False)
    recorder = Recorder()
    async with handled_by(broker, recorder, subscription(stream, "reader-1")):
        assert await recorder.has_done(1) == [2]
    assert await broker.xlen(f"{stream}:dead") == 1
    assert await pending(broker, stream) == 0
    assert [record.levelname for record in caplog.records] == ["ERROR"]


async def test_a_pause_says_whether_it_was_cut_short():
    stopping = asyncio.Event()
    assert not await pause(0.001, stopping)
    stopping.set()
    assert await pause(3600.0, stopping)
