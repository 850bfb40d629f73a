"""The record of a fan-out is written once, with the sums of all its ranges."""

import pytest

from model.rules.fanouts import ShardRange
from reference_impl.chassis.groups import Group
from reference_impl.timeline.fanout.jobs import Job, Reach
from reference_impl.timeline.fanout.records import Ranges

RANGES = [ShardRange(0, 99), ShardRange(100, 4_095)]


@pytest.fixture
def post(new_id):
    return new_id()


@pytest.fixture
def end(floor, post):
    """A function that ends a range, of so many, by a member of the group of workers."""
    stream = floor.streams[1]

    async def ended(shards, *, ranges=2, entry=None, name="fanout-1", reached=None):
        group = Group(floor.broker, stream=stream, group="timeline", name=name)
        if entry is None:
            await group.create()
            await floor.broker.xadd(stream, {"n": 1})
            [entry] = await group.read(1, block_s=0.0)
        job = Job(
            post_id=post,
            author_id=1,
            is_edge=False,
            followers=5_000,
            created_s=1.5,
            begun_s=2.5,
            ranges=ranges,
            shards=shards,
            reached=reached or Reach(),
        )
        return entry, await Ranges(floor.broker).end(group, entry, job)

    return ended


async def test_there_is_no_record_before_the_last_range_has_ended(floor, end, post):
    _, (finished, is_everywhere) = await end(RANGES[0])
    assert (finished, is_everywhere) == (True, False)
    assert await floor.records(post) == []


async def test_the_record_sums_up_what_every_range_reached(floor, end, post):
    await end(RANGES[0], reached=Reach(followers=7, delivered=5, skipped=2, calls=3, cpu_ns=10**9))
    reached = Reach(followers=70, delivered=50, skipped=20, calls=30, cpu_ns=5 * 10**8)
    _, (finished, is_everywhere) = await end(RANGES[1], reached=reached)
    assert (finished, is_everywhere) == (True, True)
    [record] = await floor.records(post)
    assert (record[b"followers"], record[b"chunks"]) == (b"77", b"33")
    assert float(record[b"cpu"]) == 1.5
    assert (record[b"created"], record[b"begun"]) == (b"1.5", b"2.5")


async def test_a_range_whose_last_chunk_two_have_done_ends_once(floor, end, post):
    entry, first = await end(RANGES[0], ranges=1)
    _, second = await end(RANGES[0], ranges=1, entry=entry, name="fanout-2")
    assert (first, second) == ((True, True), (False, False))
    assert len(await floor.records(post)) == 1


async def test_one_range_that_ends_twice_does_not_stand_for_two(floor, end, post):
    await end(RANGES[0])
    await end(RANGES[0])
    assert await floor.records(post) == []


async def test_ranges_of_a_fan_out_that_never_ends_are_forgotten(floor, end, post):
    await end(RANGES[0])
    assert 0 < await floor.broker.ttl(f"fanout:ended:{post}") <= 7 * 86_400
