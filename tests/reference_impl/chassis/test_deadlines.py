import asyncio
import time

import pytest

from reference_impl.chassis import deadlines
from reference_impl.chassis.deadlines import seconds_left, within_deadline
from reference_impl.chassis.errors import Unavailable


async def forever():
    await asyncio.Event().wait()


async def within(whom, work):
    with within_deadline(whom):
        await work()


def cancellations():
    """Return how often this task has been told to end and has not been told otherwise."""
    task = asyncio.current_task()
    assert task is not None
    return task.cancelling()


async def test_at_the_deadline_work_is_broken_off(asked):
    asked(0.02)
    begun_s = time.monotonic()
    with pytest.raises(Unavailable, match="broker did not answer in time"):
        await within("broker", forever)
    assert time.monotonic() - begun_s < 1


async def test_after_it_the_task_goes_on_as_if_it_had_not_been_cancelled(asked):
    asked(0.01)
    with pytest.raises(Unavailable):
        await within("broker", forever)
    await asyncio.sleep(0.01)
    assert cancellations() == 0


async def test_past_the_deadline_work_is_not_begun(asked):
    begun = []

    async def begin():
        begun.append(True)

    asked(-0.001)
    with pytest.raises(Unavailable, match="no time left to ask broker"):
        await within("broker", begin)
    assert begun == []


async def test_what_is_done_in_time_is_left_alone(asked):
    asked(0.02)
    with within_deadline("broker"):
        await asyncio.sleep(0)
    await asyncio.sleep(0.04)


async def test_an_error_inside_is_its_own(asked):
    asked(5)
    with pytest.raises(LookupError), within_deadline("broker"):
        raise LookupError


async def test_without_a_caller_calls_have_their_own_limit():
    assert seconds_left("broker", at_most_s=2.0) == 2.0


async def test_what_a_worker_does_for_itself_is_not_waited_for_without_end(monkeypatch):
    monkeypatch.setattr(deadlines, "OWN_S", 0.02)
    async with asyncio.timeout(10):
        with pytest.raises(Unavailable, match="broker did not answer in time"):
            await within("broker", forever)
    assert cancellations() == 0


async def test_whoever_cancels_from_outside_is_obeyed(asked):
    asked(5)
    task = asyncio.create_task(within("broker", forever))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_whoever_cancels_after_the_deadline_is_obeyed_too(asked):
    asked(0.01)
    expired = asyncio.Event()

    async def stubborn():
        try:
            await forever()
        except asyncio.CancelledError:
            expired.set()
            await forever()

    task = asyncio.create_task(within("broker", stubborn))
    await expired.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_work_that_takes_its_time_to_end_is_told_again(asked, monkeypatch):
    monkeypatch.setattr(deadlines, "CANCEL_AGAIN_S", 0.02)
    told = []

    async def very_stubborn():
        for _ in range(3):
            try:
                await forever()
            except asyncio.CancelledError:
                told.append(True)
        raise asyncio.CancelledError

    asked(0.01)
    with pytest.raises(Unavailable):
        await within("user_db-1", very_stubborn)
    assert len(told) == 3
    assert cancellations() == 0


async def test_a_visit_within_a_visit_ends_as_one(asked):
    async def further():
        await within("media", forever)

    asked(0.01)
    with pytest.raises(Unavailable):
        await within("user_db-1", further)
    await asyncio.sleep(0.01)
    assert cancellations() == 0


async def test_the_own_limit_holds_where_it_is_the_shorter(asked):
    asked(5)
    assert seconds_left("broker", at_most_s=2.0) == 2.0
    assert 4 < seconds_left("broker", at_most_s=60.0) <= 5
