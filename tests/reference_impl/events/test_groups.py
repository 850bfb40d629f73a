"""What a member of a group does to the broker: each end of an entry happens once."""

import asyncio

import pytest
from redis.exceptions import OutOfMemoryError, ResponseError

from reference_impl.chassis.groups import Addition, Group, Groups, Note, dead_stream
from reference_impl.chassis.keyvalue import valkey
from reference_impl.chassis.marks import mark_of


def member(broker, stream, name="reader-1"):
    return Group(broker, stream=stream, group="readers", name=name)


@pytest.fixture
async def group(broker, stream):
    group = member(broker, stream)
    await group.create()
    return group


async def read_one(group):
    [entry] = await group.read(1, block_s=0.0)
    return entry


async def pending(broker, stream):
    return await broker.xpending_range(stream, "readers", "-", "+", 10)


async def test_a_new_entry_is_in_its_first_try(broker, stream, group):
    await broker.xadd(stream, {"n": 1})
    assert (await read_one(group)).tries == 1


async def test_a_group_made_again_keeps_its_place(broker, stream, group):
    await broker.xadd(stream, {"n": 1})
    await read_one(group)
    await group.create()
    assert await group.read(1, block_s=0.0) == []


async def test_a_group_that_comes_late_reads_from_the_beginning(broker, stream):
    await broker.xadd(stream, {"n": 1})
    late = member(broker, stream)
    await late.create()
    assert (await read_one(late)).fields == {b"n": b"1"}


async def test_a_finished_entry_is_in_nobodys_hands(broker, stream, group):
    await broker.xadd(stream, {"n": 1})
    assert await group.finish(await read_one(group))
    assert await pending(broker, stream) == []


async def test_what_comes_of_an_entry_is_added_when_it_is_finished(broker, stream, group):
    await broker.xadd(stream, {"n": 1})
    additions = [Addition(stream=f"{stream}:{n}", fields={"n": n, "of": b"1"}) for n in (2, 3)]
    await group.finish(await read_one(group), additions=additions)
    for n in (b"2", b"3"):
        [(_, fields)] = await broker.xrange(f"{stream}:{n.decode()}")
        assert fields == {b"n": n, b"of": b"1"}


async def test_what_comes_of_an_entry_is_added_once_though_two_finish_it(broker, stream, group):
    await broker.xadd(stream, {"n": 1})
    entry = await read_one(group)
    other = member(broker, stream, "reader-2")
    assert await other.claim_abandoned(0.0, 10) == [entry.entry_id]
    additions = [Addition(stream=f"{stream}:next", fields={"n": 2})]
    finished = [await one.finish(entry, additions=additions) for one in (other, group)]
    assert finished == [True, False]
    assert await broker.xlen(f"{stream}:next") == 1


async def test_an_entry_is_set_aside_once_though_two_do_it(broker, stream, group):
    await broker.xadd(stream, {"n": 1})
    entry = await read_one(group)
    for one in (member(broker, stream, "reader-2"), group):
        await one.set_aside(entry, ValueError("not today"), tries=3)
    [(_, fields)] = await broker.xrange(dead_stream(stream))
    assert fields == {
        b"n": b"1",
        b"dead:entry": entry.entry_id,
        b"dead:group": b"readers",
        b"dead:tries": b"3",
        b"dead:error": b"ValueError: not today",
    }


async def test_a_stream_of_few_keeps_about_so_many(broker, stream, group):
    addition = Addition(stream=f"{stream}:few", fields={"n": 1}, kept_max=10)
    for _ in range(300):
        await broker.xadd(stream, {"n": 1})
        await group.finish(await read_one(group), additions=[addition])
    assert await broker.xlen(addition.stream) < 200


async def test_the_mark_is_left_for_a_day(broker, stream, group):
    await broker.xadd(stream, {"n": 1})
    mark = mark_of("readers", f"{stream}:1")
    await group.finish(await read_one(group), mark=mark)
    assert await broker.getbit(mark.key, mark.bit) == 1
    assert 86_390 < await broker.ttl(mark.key) <= 86_400


def test_the_marks_of_events_in_a_row_share_one_small_map():
    marks = {mark_of("readers", f"user_db-1:{number}") for number in range(8_192)}
    assert len(marks) == 8_192
    assert len({mark.key for mark in marks}) == 2
    assert max(mark.bit for mark in marks) < 8 * 512


@pytest.mark.parametrize("event_id", ["", "text", "user_db-1:", "user_db-1:x", "a:²", "9" * 21])
def test_an_id_of_no_usual_form_has_a_mark_of_its_own(event_id):
    assert mark_of("readers", event_id) == (f"done:readers:={event_id}", 0)
    assert mark_of("readers", event_id) != mark_of("others", event_id)


async def test_nothing_comes_of_an_entry_whose_mark_is_there_already(broker, stream, group):
    mark = mark_of("readers", f"{stream}:1")
    additions = [Addition(stream=f"{stream}:next", fields={"n": 2})]
    for _ in range(2):
        await broker.xadd(stream, {"n": 1})
        await group.finish(await read_one(group), mark=mark, additions=additions)
    assert await broker.xlen(f"{stream}:next") == 1
    assert await pending(broker, stream) == []


async def test_each_further_try_is_counted_before_it_begins(broker, stream, group):
    await broker.xadd(stream, {"n": 1})
    entry = await read_one(group)
    for tries in (2, 3):
        again = await group.take(entry.entry_id)
        assert again is not None
        assert again.tries == tries
    assert (await pending(broker, stream))[0]["times_delivered"] == 3


async def test_a_try_that_is_given_back_does_not_count(broker, stream, group):
    await broker.xadd(stream, {"n": 1})
    entry = await read_one(group)
    for _ in range(3):
        await group.give_back(entry)
        entry = await group.take(entry.entry_id)
        assert entry.tries == 1


async def test_what_another_has_taken_over_is_left_to_it(broker, stream, group):
    await broker.xadd(stream, {"n": 1})
    entry = await read_one(group)
    await member(broker, stream, "reader-2").claim_abandoned(0.0, 10)
    assert await group.take(entry.entry_id) is None
    await group.give_back(entry)
    assert (await pending(broker, stream))[0]["consumer"] == b"reader-2"


async def test_what_another_has_finished_is_not_taken(broker, stream, group):
    await broker.xadd(stream, {"n": 1})
    entry = await read_one(group)
    await member(broker, stream, "reader-2").finish(entry)
    assert await group.take(entry.entry_id) is None


async def test_taking_over_what_is_abandoned_counts_no_try(broker, stream, group):
    await broker.xadd(stream, {"n": 1})
    entry = await read_one(group)
    heir = member(broker, stream, "reader-2")
    assert await heir.claim_abandoned(0.0, 10) == [entry.entry_id]
    assert (await pending(broker, stream))[0]["times_delivered"] == 1
    assert await heir.unfinished(10) == [entry.entry_id]
    assert await group.unfinished(10) == []


async def test_the_most_urgent_stream_that_has_an_entry_is_read(broker, stream):
    names = [f"{stream}:{n}" for n in range(3)]
    members = [member(broker, name) for name in names]
    for one in members:
        await one.create()
    groups = Groups(broker, members)
    for name in (names[1], names[2]):
        await broker.xadd(name, {"of": name})
    found = [await groups.read_first(names) for _ in range(3)]
    assert [one and one[0] for one in found] == [names[1], names[2], None]
    assert found[0] is not None
    assert found[0][1].fields == {b"of": names[1].encode()}
    assert found[0][1].tries == 1


async def test_waiting_ends_when_any_of_the_streams_gets_an_entry(broker, stream):
    names = [f"{stream}:{n}" for n in range(3)]
    members = [member(broker, name) for name in names]
    for one in members:
        await one.create()
    groups = Groups(broker, members)
    assert await groups.wait(names, block_s=0.001) == {}
    waiting = asyncio.create_task(groups.wait(names, block_s=1.5))
    await broker.xadd(names[2], {"n": 1})
    assert [(name, entry.fields) for name, entry in (await waiting).items()] == [
        (names[2], {b"n": b"1"})
    ]


async def test_a_key_that_is_no_stream_cannot_be_read(broker, stream):
    await broker.set(stream, "text")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await member(broker, stream).create()


@pytest.fixture
async def full_broker(own_valkey, stream):
    """A broker with one entry, and no room for another."""
    with own_valkey() as server:
        async with valkey(server.url) as broker:
            await member(broker, stream).create()
            await broker.xadd(stream, {"n": 1})
            await broker.config_set("maxmemory", 1)
            with pytest.raises(OutOfMemoryError):
                await broker.xadd(stream, {"n": 2})
            yield broker


async def test_a_full_broker_can_be_emptied(full_broker, stream):
    group = member(full_broker, stream)
    await group.create()
    mark, additions = mark_of("readers", "1"), [Addition(stream="next", fields={"n": 2})]
    assert await group.finish(await read_one(group), mark=mark, additions=additions)
    assert await pending(full_broker, stream) == []
    assert await full_broker.exists(mark.key, "next") == 2


async def test_a_full_broker_refuses_a_new_group(full_broker, stream):
    with pytest.raises(OutOfMemoryError):
        await Group(full_broker, stream=stream, group="others", name="one").create()


async def test_no_dead_letter_makes_room_for_another(broker, stream, group):
    for number in range(300):  # a stream that is cut to about so many loses 100 at a time
        await broker.xadd(stream, {"n": number})
        await group.set_aside(await read_one(group), ValueError("not today"), tries=5)
    assert await broker.xlen(dead_stream(stream)) == 300


async def test_a_note_is_left_with_what_comes_of_an_entry_and_for_a_while(broker, stream, group):
    note = Note(key=f"{stream}:note", says="done", kept_s=100)
    await broker.xadd(stream, {"n": 1})
    entry = await read_one(group)
    assert await group.finish(entry, note=note)
    assert await broker.get(note.key) == b"done"
    assert 0 < await broker.ttl(note.key) <= 100
    assert not await group.finish(entry, note=Note(key=note.key, says="again", kept_s=100))
    assert await broker.get(note.key) == b"done"
