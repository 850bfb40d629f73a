"""Records that end by themselves: in memory, and in Valkey for all gateways together."""

import asyncio
from uuid import uuid4

import pytest

from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.keyvalue import valkey
from reference_impl.gateway.records import MemoryRecords, ValkeyRecords


@pytest.fixture(params=["memory", "valkey"])
async def each_records(request):
    """Both kinds of records in turn: what one promises, the other must."""
    if request.param == "memory":
        yield MemoryRecords()
        return
    engines = request.getfixturevalue("engines")
    async with valkey(engines.session_store) as server:
        yield ValkeyRecords(server)


@pytest.fixture
def name():
    """A name that no other test has used: they share the store."""
    return uuid4().hex


async def test_only_the_first_record_of_a_name_is_stored(each_records, name):
    assert await each_records.begin(name, b"first", for_s=60) is None
    assert await each_records.begin(name, b"second", for_s=60) == b"first"


async def test_a_record_is_replaced_by_whoever_knows_it(each_records, name):
    await each_records.begin(name, b"first", for_s=60)
    await each_records.replace(name, b"other", b"stolen", for_s=60)
    assert await each_records.begin(name, b"second", for_s=60) == b"first"
    await each_records.replace(name, b"first", b"\0kept", for_s=60)
    assert await each_records.begin(name, b"second", for_s=60) == b"\0kept"


async def test_a_record_is_dropped_by_whoever_knows_it(each_records, name):
    await each_records.begin(name, b"first", for_s=60)
    await each_records.drop(name, b"other")
    assert await each_records.begin(name, b"second", for_s=60) == b"first"
    await each_records.drop(name, b"first")
    assert await each_records.begin(name, b"second", for_s=60) is None


async def test_a_record_ends_by_itself(each_records, name):
    await each_records.begin(name, b"first", for_s=1)
    await asyncio.sleep(1.05)
    assert await each_records.begin(name, b"second", for_s=60) is None


async def test_a_record_that_replaces_another_ends_in_its_own_time(each_records, name):
    await each_records.begin(name, b"first", for_s=60)
    await each_records.replace(name, b"first", b"kept", for_s=1)
    await asyncio.sleep(1.05)
    assert await each_records.begin(name, b"second", for_s=60) is None


async def test_records_whose_store_is_away_are_unavailable(tmp_path):
    async with valkey(f"unix://{tmp_path}/nobody") as nowhere:
        records = ValkeyRecords(nowhere)
        for call in (
            records.begin("n", b"x", for_s=1),
            records.replace("n", b"x", b"y", for_s=1),
            records.drop("n", b"x"),
        ):
            with pytest.raises(Unavailable):
                await call
