"""What is told of an entry when it is set aside, and what if that fails."""

import asyncio
from dataclasses import replace

import pytest

from model.rules.deliveries import TRIES_MAX
from reference_impl.chassis.attempts import Attempts
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.groups import Addition, Group

PATIENCE_S = 10.0


class Giving:
    """Gives entries up: fails as often as it is told to, then says so in a stream."""

    def __init__(self, stream, *errors):
        self._stream = stream
        self._errors = list(errors)

    async def up(self, entry):
        if self._errors:
            raise self._errors.pop(0)
        return [Addition(stream=self._stream, fields={"given_up": entry.entry_id})]


@pytest.fixture
def let_fail(reading):
    """Begin to work on an entry for the so-manieth time, and fail; return what is told then."""

    async def attempt(*errors, tries=TRIES_MAX):
        group = Group(reading.broker, stream=reading.stream, group="readers", name="reader-1")

        async def fail(_):
            raise ValueError("not today")

        await group.create()
        await reading.publish(1)
        [entry] = await group.read(1, block_s=0.0)
        told_to = f"{reading.stream}:told"
        hand = Attempts(group, fail, retry_s=1e-6, give_up=Giving(told_to, *errors).up)
        async with asyncio.timeout(PATIENCE_S):
            await hand.attempt(replace(entry, tries=tries), asyncio.Event())
        return [fields for _, fields in await reading.broker.xrange(told_to)]

    return attempt


@pytest.mark.parametrize("tries", [TRIES_MAX, TRIES_MAX + 1])
async def test_what_comes_of_giving_up_is_told_as_the_entry_is_set_aside(let_fail, reading, tries):
    [told] = await let_fail(tries=tries)
    [letter] = await reading.dead()
    assert told[b"given_up"] == letter[b"dead:entry"]


async def test_before_its_last_try_nothing_is_given_up(let_fail, reading):
    assert await let_fail(tries=TRIES_MAX - 1) == await reading.dead() == []


async def test_what_is_away_when_an_entry_is_given_up_is_waited_for(let_fail, reading):
    assert len(await let_fail(Unavailable("a store"), Unavailable("a store"))) == 1
    assert len(await reading.dead()) == 1


async def test_an_entry_that_cannot_even_be_given_up_is_set_aside_all_the_same(let_fail, reading):
    assert await let_fail(KeyError("no such field")) == []
    [letter] = await reading.dead()
    assert letter[b"dead:error"] == b"ValueError: not today"
