"""A fetch is nobody's own, and has its own time."""

import time
from typing import Any

import pytest

from reference_impl.cdn.flights import FETCH_S, Flights
from reference_impl.chassis.callers import CALLER, Caller
from reference_impl.chassis.errors import Unavailable


@pytest.fixture
def caller():
    """Who asks, signed in, and with less time than a fetch takes."""
    caller = Caller(request_id="some-request", user_id="7", deadline_s=time.time() + 0.5)
    told = CALLER.set(caller)
    yield caller
    CALLER.reset(told)


async def test_a_fetch_is_in_nobodys_name_and_has_its_own_time(caller):
    async def fetch():
        return CALLER.get()

    seen, is_shared = await Flights[str, Any]().landed("key", fetch)
    assert (seen.user_id, seen.request_id) == ("", caller.request_id)
    assert seen.deadline_s > caller.deadline_s + FETCH_S / 2
    assert not is_shared
    assert CALLER.get() is caller


async def test_what_has_landed_is_fetched_again(caller):
    numbers = iter(range(9))

    async def fetch():
        return next(numbers)

    flights = Flights[str, int]()
    assert [(await flights.landed("key", fetch)).brought for _ in range(3)] == [0, 1, 2]


async def test_errors_that_are_ours_are_not_tried_again(caller):
    tries = []

    async def fetch():
        tries.append(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await Flights[str, Any]().landed("key", fetch)
    assert len(tries) == 1


async def test_who_has_no_time_left_is_told_so(caller):
    async def fetch():
        return 1

    told = CALLER.set(Caller(request_id="too-late", deadline_s=time.time() - 1))
    with pytest.raises(Unavailable, match="no time left"):
        await Flights[str, Any]().landed("key", fetch)
    CALLER.reset(told)
