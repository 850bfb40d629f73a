"""Workers on a real broker: from the event to every reader, once."""

import asyncio

from model.rules.fanouts import PURGE, class_of
from model.rules.ids import EPOCH_MS, id_of
from model.rules.timelines import FANOUT_CHUNK_MAX

BIG = 3_500


async def test_a_small_post_reaches_all_at_once_and_leaves_nothing_to_do(
    floor, fake_store, make_follows, make_event, crowd, new_id
):
    (author, *followers), post = crowd(21), new_id()
    await floor.publish(make_event("post.created", post, author, followers=20))
    async with floor.working(floor.worker(fake_store, make_follows({author: followers}))):
        await floor.drained()
    assert fake_store.readers_of(post) == sorted([author, *followers])
    assert await floor.broker.xlen(floor.streams[class_of(20)]) == 0


async def test_a_big_post_reaches_all_of_its_followers_once(floor, fake_store, worker, big, of_big):
    post, author, followers = big
    await floor.publish(of_big())
    async with floor.working(worker):
        await floor.drained()
    assert fake_store.readers_of(post) == sorted([author, *followers])
    delivered = [user for _, _, users in fake_store.calls for user in users]
    assert sorted(delivered) == sorted([author, *followers])


async def test_a_big_post_is_cut_into_one_entry_per_range(floor, worker, of_big):
    await floor.publish(of_big())
    async with floor.working(worker):
        await floor.drained()
    first = await floor.broker.xrange(floor.streams[class_of(BIG)], count=4)
    shards = [fields[b"shards"] for _, fields in first]
    assert shards == [b"0-1023", b"1024-2047", b"2048-3071", b"3072-4095"]


async def test_a_fan_out_leaves_one_record_however_many_ranges_it_had(floor, worker, big, of_big):
    post, _, _ = big
    await floor.publish(of_big())
    async with floor.working(worker):
        await floor.drained()
    [record] = await floor.records(post)
    assert record.keys() == {
        b"post", b"followers", b"chunks", b"created", b"begun", b"done", b"cpu"
    }  # fmt: skip
    assert int(record[b"followers"]) == BIG
    assert int(record[b"chunks"]) == 5  # the author, and four ranges of fewer than a chunk
    assert float(record[b"created"]) == of_big().at_s
    assert 0 < float(record[b"cpu"]) < float(record[b"done"]) - float(record[b"begun"]) + 0.001


async def test_what_ended_is_forgotten_with_the_record(floor, worker, big, of_big):
    await floor.publish(of_big())
    async with floor.working(worker):
        await floor.drained()
    assert not await floor.broker.exists(f"fanout:ended:{big[0]}")


async def test_a_small_fan_out_leaves_the_same_record(
    floor, fake_store, make_follows, make_event, crowd, new_id
):
    (author, *followers), post = crowd(21), new_id()
    event = make_event("post.created", post, author, followers=20)
    await floor.publish(event)
    async with floor.working(floor.worker(fake_store, make_follows({author: followers}))):
        await floor.drained()
    [record] = await floor.records(post)
    assert (int(record[b"followers"]), int(record[b"chunks"])) == (20, 2)
    assert float(record[b"created"]) == event.at_s
    assert 0 < float(record[b"cpu"]) < float(record[b"done"]) - float(record[b"begun"]) + 0.001


async def test_a_range_of_several_chunks_goes_on_where_the_last_one_ended(
    floor, fake_store, make_follows, make_event, crowd, new_id
):
    author, *followers = crowd(4 * FANOUT_CHUNK_MAX)
    post = new_id()
    await floor.publish(make_event("post.created", post, author, followers=1_001))
    async with floor.working(floor.worker(fake_store, make_follows({author: followers}))):
        await floor.drained()
    assert fake_store.readers_of(post) == sorted([author, *followers])
    [record] = await floor.records(post)
    assert int(record[b"followers"]) == len(followers)
    assert int(record[b"chunks"]) >= 5


async def test_an_event_that_comes_twice_is_fanned_out_once(floor, worker, fake_store, big, of_big):
    post, author, followers = big
    await floor.publish(of_big(), of_big())
    async with floor.working(worker):
        await floor.drained()
        await floor.publish(of_big())
        await floor.drained()
    assert len(await floor.records(post)) == 1
    delivered = [user for _, _, users in fake_store.calls for user in users]
    assert sorted(delivered) == sorted([author, *followers])


async def test_an_event_that_two_workers_begin_at_once_is_cut_into_ranges_once(
    floor, make_store, make_follows, big, of_big
):
    """Both copies are read before either is finished, so neither worker sees the other's mark."""
    post, author, followers = big
    both_in, inside = asyncio.Event(), []

    async def before_call(_):
        if not both_in.is_set():
            inside.append(1)
            if len(inside) == 2:
                both_in.set()
            await both_in.wait()

    stores = [make_store(), make_store()]
    for store in stores:
        store.before_call = before_call
    follows = make_follows({author: followers})
    workers = [floor.worker(store, follows, f"fanout-{n}") for n, store in enumerate(stores)]
    await floor.publish(of_big(), of_big())
    async with floor.working(*workers):
        await floor.drained()
    assert both_in.is_set()
    assert len(await floor.records(post)) == 1
    reached = [user for store in stores for kind, _, users in store.calls for user in users]
    assert sorted(reached) == sorted([author, author, *followers])


async def test_a_deleted_post_is_taken_out_of_every_timeline(
    floor, fake_store, worker, big, of_big
):
    post, _, _ = big
    await floor.publish(of_big())
    async with floor.working(worker):
        await floor.drained()
        await floor.publish(of_big("post.deleted"))
        await floor.drained()
    assert fake_store.readers_of(post) == []
    assert await floor.broker.xlen(floor.streams[PURGE]) == 4  # pages of 3,500 followers


async def test_a_purge_leaves_no_record_of_a_fan_out(floor, worker, make_event, new_id):
    post = id_of(EPOCH_MS, 0, 1)  # long ago: nobody remembers whether it was delivered
    await floor.publish(make_event("post.deleted", post, new_id()))
    async with floor.working(worker):
        await floor.drained()
    assert await floor.records(post) == []


async def test_other_events_pass(floor, worker, fake_store, make_event):
    await floor.publish(make_event("post.liked", 1, 2))
    async with floor.working(worker):
        await floor.drained()
    assert fake_store.calls == []
    assert await floor.dead() == []
