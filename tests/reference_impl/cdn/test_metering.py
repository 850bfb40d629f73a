"""What a request costs an edge besides its own steps is on the account of that request."""

from time import thread_time_ns

import pytest

from reference_impl.cdn.metering import STATION, count_fetch, in_thread
from reference_impl.chassis.stages import Account, accounting

WORK_NS = 5_000_000


def work(answer, *, fails=False):
    until_ns = thread_time_ns() + WORK_NS
    while thread_time_ns() < until_ns:
        pass
    if fails:
        raise OSError("the disk is full")
    return answer


@pytest.fixture
def account():
    account = Account()
    with accounting(account):
        yield account


async def test_what_a_thread_works_is_no_call_but_cpu_of_the_request(account):
    assert await in_thread(work, "done") == "done"
    stage = account.stages[STATION]
    assert stage.visits == 0
    assert stage.cpu_ns is not None
    assert WORK_NS <= stage.cpu_ns < 2 * WORK_NS


async def test_what_failed_has_been_worked_for_too(account):
    with pytest.raises(OSError, match="the disk is full"):
        await in_thread(work, "done", fails=True)
    assert account.stages[STATION].cpu_ns >= WORK_NS


async def test_a_fetch_is_a_call_by_itself(account):
    count_fetch()
    assert account.header() == "cdn;dur=0.000;n=1"


async def test_where_nobody_counts_the_work_is_done_all_the_same():
    count_fetch()
    assert await in_thread(work, "done") == "done"
