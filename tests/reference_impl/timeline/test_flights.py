"""Work that is shared: nobody's deadline ends it but its own, and nobody waits beyond theirs."""

import asyncio
import time
from contextvars import copy_context

import pytest

from reference_impl.chassis.callers import CALLER, Caller
from reference_impl.chassis.deadlines import seconds_left
from reference_impl.chassis.errors import Unavailable
from reference_impl.timeline.builds import ABANDON_S
from reference_impl.timeline.flights import WORK_S, Flights
from reference_impl.timeline.lists import BUILD_PATIENCE_S


def asked_by(work, *, seconds):
    """Return the task of a request that has so long."""
    context = copy_context()
    deadline_s = time.time() + seconds
    context.run(CALLER.set, Caller(request_id="request-1", deadline_s=deadline_s))
    return asyncio.get_running_loop().create_task(work, context=context)


async def ended(task):
    """Return what comes of a task that does not wait for long."""
    async with asyncio.timeout(10):
        return await task


@pytest.fixture
def gated():
    """Work that asks somebody when it may go on."""

    class Gated:
        def __init__(self):
            self.may_go_on = asyncio.Event()
            self.left_s = []

        async def work(self, _):
            await self.may_go_on.wait()
            self.left_s.append(seconds_left("post", at_most_s=60.0))

    return Gated()


async def test_work_goes_on_past_the_deadline_of_who_began_it(gated):
    flights = Flights[str]()
    hurried = asked_by(flights.done(["key"], gated.work), seconds=0.02)
    patient = asked_by(flights.done(["key"], gated.work), seconds=30.0)
    with pytest.raises(Unavailable, match="did not answer in time"):
        await ended(hurried)
    assert not patient.done()
    gated.may_go_on.set()
    await patient
    [left_s] = gated.left_s
    assert 0 < left_s <= WORK_S


async def test_work_has_no_more_time_than_its_own_however_patient_who_began_it(gated):
    gated.may_go_on.set()
    await asked_by(Flights[str]().done(["key"], gated.work), seconds=30.0)
    assert max(gated.left_s) <= WORK_S


async def test_work_for_nobody_in_particular_has_no_deadline(gated):
    gated.may_go_on.set()
    await Flights[str]().done(["key"], gated.work)
    assert gated.left_s == [60.0]


async def test_who_comes_last_does_not_wait_beyond_their_deadline_either(gated):
    flights = Flights[str]()
    patient = asked_by(flights.done(["key"], gated.work), seconds=30.0)
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await ended(asked_by(flights.done(["key"], gated.work), seconds=0.02))
    gated.may_go_on.set()
    await patient
    assert len(gated.left_s) == 1


def test_a_build_ends_before_another_may_take_it_over():
    assert WORK_S + ABANDON_S < BUILD_PATIENCE_S
