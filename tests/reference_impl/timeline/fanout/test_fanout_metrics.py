"""What workers count about themselves."""

import pytest
from prometheus_client import REGISTRY

BIG = 3_500


def counted(name, **labels):
    return REGISTRY.get_sample_value(f"feedtwin_fanout_{name}", labels) or 0.0


async def test_what_workers_do_is_counted(floor, worker, fake_store, big, of_big):
    names = ("chunks_total", "deliveries_total", "skipped_total")
    before = [counted(name) for name in names]
    fake_store.absent = set(big[2][:500])
    await floor.publish(of_big())
    async with floor.working(worker):
        await floor.drained()
    assert [counted(name) - was for name, was in zip(names, before, strict=True)] == [
        5, BIG + 1 - 500, 500
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("followers", "size"),
    [(1_000, "1k"), (1_001, "10k"), (100_000, "100k"), (1_000_000, "1m"), (1_000_001, "more")],
)
async def test_the_lag_is_counted_by_the_size_of_the_author(
    floor, fake_store, make_follows, make_event, new_id, followers, size
):
    before = counted("lag_seconds_count", followers=size)
    await floor.publish(make_event("post.created", new_id(), new_id(), followers=followers))
    async with floor.working(floor.worker(fake_store, make_follows({}))):
        await floor.drained()
    assert counted("lag_seconds_count", followers=size) - before == 1


async def test_the_lag_of_a_merged_post_is_counted_by_its_author_too(
    floor, fake_store, make_follows, make_event, new_id
):
    before = counted("lag_seconds_count", followers="100k")
    event = make_event("post.created", new_id(), new_id(), delivery="merge", followers=50_000)
    await floor.publish(event)
    async with floor.working(floor.worker(fake_store, make_follows({}))):
        await floor.drained()
    assert counted("lag_seconds_count", followers="100k") - before == 1
