"""Requests counted: in memory, and in Valkey for all gateways together."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest

from model.rules.rate_limits import By, RateLimit
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.keyvalue import valkey
from reference_impl.gateway.counters import MemoryCounters, ValkeyCounters

TWO = RateLimit(name="two", amount=2, window_s=60, by=By.ACCOUNT)
BRIEF = RateLimit(name="brief", amount=2, window_s=1, by=By.ACCOUNT)


@pytest.fixture
def who():
    """Somebody whom no other test has counted: they share the store."""
    return uuid4().hex


@pytest.fixture(params=["memory", "valkey"])
async def each_counters(request):
    """Both kinds of counters in turn: what one promises, the other must."""
    if request.param == "memory":
        yield MemoryCounters()
        return
    engines = request.getfixturevalue("engines")
    async with valkey(engines.session_store) as server:
        yield ValkeyCounters(server)


async def test_one_too_many_is_told_how_long_to_wait(each_counters, who):
    assert [await each_counters.take(TWO, who) for _ in range(2)] == [None, None]
    assert 58 < await each_counters.take(TWO, who) <= 60


async def test_each_is_counted_alone(each_counters, who):
    for one in (who, f"{who}8"):
        assert [await each_counters.take(TWO, one) for _ in range(2)] == [None, None]


async def test_limits_are_counted_apart(each_counters, who):
    for limit in (TWO, BRIEF, replace(TWO, name="another two")):
        assert [await each_counters.take(limit, who) for _ in range(2)] == [None, None]


async def test_what_is_given_back_can_be_taken_again(each_counters, who):
    for _ in range(5):
        assert await each_counters.take(TWO, who) is None
        await each_counters.give_back(TWO, who)
    assert [await each_counters.take(TWO, who) for _ in range(2)] == [None, None]
    assert await each_counters.take(TWO, who) is not None


async def test_what_was_never_taken_may_be_given_back(each_counters, who):
    await each_counters.give_back(TWO, who)
    assert [await each_counters.take(TWO, who) for _ in range(2)] == [None, None]
    assert await each_counters.take(TWO, who) is not None


async def test_after_the_wait_one_may_ask_again(each_counters, who):
    await each_counters.take(BRIEF, who)
    await asyncio.sleep(0.3)
    await each_counters.take(BRIEF, who)
    wait_s = await each_counters.take(BRIEF, who)
    await asyncio.sleep(wait_s + 0.02)
    assert await each_counters.take(BRIEF, who) is None
    assert await each_counters.take(BRIEF, who) is not None, "the second of the first two counts"


async def test_a_refused_request_does_not_prolong_the_wait(each_counters, who):
    for _ in range(2):
        await each_counters.take(TWO, who)
    waits_s = [await each_counters.take(TWO, who) for _ in range(20)]
    assert waits_s[-1] <= waits_s[0]


async def test_of_many_at_once_no_more_than_the_limit_pass(each_counters, who):
    answers = await asyncio.gather(*(each_counters.take(TWO, who) for _ in range(30)))
    assert answers.count(None) == 2


async def test_counts_in_the_store_end_by_themselves(engines, who):
    async with valkey(engines.session_store) as server:
        await ValkeyCounters(server).take(TWO, who)
        (key,) = await server.keys(f"*{who}*")
        assert 0 < await server.ttl(key) <= TWO.window_s


async def test_a_store_that_is_away_is_unavailable(tmp_path):
    async with valkey(f"unix://{tmp_path}/nobody") as nowhere:
        counters = ValkeyCounters(nowhere)
        with pytest.raises(Unavailable):
            await counters.take(TWO, "7")
        with pytest.raises(Unavailable):
            await counters.give_back(TWO, "7")
