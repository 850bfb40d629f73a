"""A broker and streams of one's own on it; who writes down what they handle."""

import asyncio
import secrets
from contextlib import asynccontextmanager

import pytest

from reference_impl.chassis.consumers import Consumer, Subscription, consuming
from reference_impl.chassis.databases import ShardedDatabase
from reference_impl.chassis.events import Event
from reference_impl.chassis.keyvalue import valkey

PATIENCE_S = 10.0
GROUP = "readers"


@pytest.fixture
async def broker(engines):
    async with valkey(engines.broker) as client:
        yield client


@pytest.fixture
def stream():
    return f"events:test-{secrets.token_hex(4)}"


@pytest.fixture
async def database(engines):
    async with ShardedDatabase(
        engines.user_databases[:1], connections=4, station="user_db"
    ) as database:
        yield database


class Recorder:
    """Handles events by writing down their numbers; fails as often as it is told to."""

    def __init__(self, *, failures=0, error=ValueError, only=None):
        self.failures = failures
        self.error = error
        self._only = only
        self._news = asyncio.Condition()
        self.tries = []
        self.done = []

    async def handle(self, event):
        number = event.body["n"]
        self.tries.append(number)
        if self.failures and self._only in (None, number):
            self.failures -= 1
            raise self.error("not today")
        async with self._news:
            self.done.append(number)
            self._news.notify_all()

    async def has_done(self, count):
        async with asyncio.timeout(PATIENCE_S), self._news:
            await self._news.wait_for(lambda: len(self.done) >= count)
        return self.done


class Reading:
    """One stream of one broker, with a group that reads it."""

    def __init__(self, broker, stream):
        self.broker = broker
        self.stream = stream

    def subscription(self, name="reader-1", **changes):
        quick = {"retry_s": 0.001, "block_s": 0.05, "group": GROUP, **changes}
        return Subscription(stream=self.stream, name=name, **quick)

    def event(self, number):
        return Event(event_id=f"{self.stream}:{number}", kind="test", at_s=0.0, body={"n": number})

    async def publish(self, *numbers):
        for number in numbers:
            await self.broker.xadd(self.stream, self.event(number).to_fields())

    async def pending(self):
        return (await self.broker.xpending(self.stream, GROUP))["pending"]

    async def finished(self):
        """Wait until nobody has anything in hand."""
        async with asyncio.timeout(PATIENCE_S):
            while await self.pending():  # noqa: ASYNC110 - the broker has no event for it
                await asyncio.sleep(0.002)

    async def dead(self):
        return [fields for _, fields in await self.broker.xrange(f"{self.stream}:dead")]

    @asynccontextmanager
    async def by(self, recorder, name="reader-1", *, broker=None, **changes):
        its = self.subscription(name, **changes)
        async with consuming(Consumer(broker or self.broker, its, recorder.handle)):
            yield

    async def die_in_mid_event(self, name="reader-1"):
        """Let a consumer of this name die with the first event that it tries in hand."""
        in_hand = asyncio.Event()

        async def handle(event):
            in_hand.set()
            await asyncio.Event().wait()

        consumer = Consumer(self.broker, self.subscription(name), handle)
        task = asyncio.create_task(consumer.run(asyncio.Event()))
        async with asyncio.timeout(PATIENCE_S):
            await in_hand.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


@pytest.fixture
def reading(broker, stream):
    """A stream of one's own, and who reads it."""
    return Reading(broker, stream)


@pytest.fixture
def make_recorder():
    return Recorder


class Wrapped:
    """A broker of which some methods are replaced."""

    def __init__(self, broker, **methods):
        self._broker = broker
        self._methods = methods

    def __getattr__(self, name):
        return self._methods.get(name) or getattr(self._broker, name)


@pytest.fixture
def wrapped():
    return Wrapped
