import asyncio
from time import thread_time_ns

import pytest

from reference_impl.chassis import stages
from reference_impl.chassis.metering import Metered, meter_child_tasks
from reference_impl.chassis.stages import Account

MS = 1_000_000
SLACK_NS = 3 * MS  # what a step costs besides: a garbage collection may fall into it


def burn(cpu_ms):
    end_ns = thread_time_ns() + cpu_ms * MS
    while thread_time_ns() < end_ns:
        pass


async def test_interleaved_requests_are_told_apart():
    accounts = {"slow": Account(), "quick": Account()}
    turn = asyncio.Barrier(2)

    async def request(cpu_ms):
        for _ in range(3):
            await turn.wait()  # after each step the other one runs
            burn(cpu_ms)

    await asyncio.gather(
        Metered(request(10), accounts["slow"]), Metered(request(1), accounts["quick"])
    )
    assert 30 * MS <= accounts["slow"].cpu_ns < 30 * MS + SLACK_NS
    assert 3 * MS <= accounts["quick"].cpu_ns < 3 * MS + SLACK_NS


async def test_tasks_that_a_request_begins_count_on_its_account():
    loop = asyncio.get_running_loop()
    factory = loop.get_task_factory()
    meter_child_tasks(loop)
    account = Account()

    async def child():
        await asyncio.sleep(0)
        burn(4)

    async def request():
        await asyncio.gather(child(), child())

    try:
        with stages.accounting(account):
            await Metered(request(), account)
        spent_ns = account.cpu_ns
        await asyncio.create_task(child())  # nobody's
    finally:
        loop.set_task_factory(factory)
    assert 8 * MS <= spent_ns < 8 * MS + SLACK_NS
    assert account.cpu_ns == spent_ns


async def test_the_answer_of_a_metered_coroutine_is_its_own():
    async def answer():
        await asyncio.sleep(0)
        return 42

    assert await Metered(answer(), Account()) == 42


async def test_a_step_within_a_step_is_counted_once():
    account = Account()

    async def inner():
        burn(4)

    async def outer():
        await Metered(inner(), account)

    await Metered(outer(), account)
    assert 4 * MS <= account.cpu_ns < 4 * MS + SLACK_NS


async def test_errors_pass_through_and_their_step_is_counted():
    account = Account()

    async def fail():
        burn(2)
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        await Metered(fail(), account)
    assert account.cpu_ns >= 2 * MS


async def test_cancelling_reaches_the_coroutine():
    cleaned = asyncio.Event()
    account = Account()

    async def wait():
        try:
            await asyncio.Event().wait()
        finally:
            burn(2)
            cleaned.set()

    task = asyncio.ensure_future(Metered(wait(), account))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cleaned.is_set()
    assert account.cpu_ns >= 2 * MS


async def test_closing_ends_the_coroutine():
    ended = []

    async def wait():
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    metered = Metered(wait(), Account())
    metered.send(None)
    metered.close()
    assert ended == [True]
