import pytest

from reference_impl.chassis import dead_letters as letters
from reference_impl.chassis.dead_letters import dead_letters, replay


class Poisoned:
    """Fails on these numbers until it is healed."""

    def __init__(self, recorder, poison):
        self.recorder = recorder
        self.poison = set(poison)

    async def handle(self, event):
        if event.body["n"] in self.poison:
            raise ValueError("not today")
        await self.recorder.handle(event)


@pytest.fixture
async def poisoned(reading, make_recorder):
    """A stream of 1 to 5, of which 2 and 4 have been set aside."""
    poisoned = Poisoned(make_recorder(), [2, 4])
    await reading.publish(1, 2, 3, 4, 5)
    async with reading.by(poisoned):
        await poisoned.recorder.has_done(3)
        await reading.finished()
    return poisoned


async def test_a_dead_letter_says_what_it_was_and_why_it_is_there(reading, poisoned):
    [two, four] = await dead_letters(reading.broker, reading.stream)
    assert two.event_id == reading.event(2).event_id
    assert (two.group, two.tries, two.error) == ("readers", 5, "ValueError: not today")
    entries = await reading.broker.xrange(reading.stream)
    assert [two.entry_id, four.entry_id] == [entries[at][0].decode() for at in (1, 3)]
    assert two.fields == entries[1][1]


async def test_dead_letters_come_in_pages(reading, poisoned):
    [first] = await dead_letters(reading.broker, reading.stream, limit=1)
    [second] = await dead_letters(reading.broker, reading.stream, after=first.letter_id)
    assert first.event_id != second.event_id
    assert await dead_letters(reading.broker, reading.stream, after=second.letter_id) == []


async def test_a_stream_without_dead_letters_has_none_to_replay(reading):
    assert await dead_letters(reading.broker, reading.stream) == []
    assert await replay(reading.broker, reading.stream) == 0


async def test_what_is_replayed_is_done_once_it_can_be(reading, poisoned):
    poisoned.poison.clear()
    async with reading.by(poisoned):
        assert await replay(reading.broker, reading.stream) == 2
        assert (await poisoned.recorder.has_done(5))[3:] == [2, 4]
        await reading.finished()
    assert await reading.dead() == []


async def test_what_is_replayed_has_five_tries_again(reading, poisoned, make_recorder):
    await replay(reading.broker, reading.stream)
    recorder = make_recorder(failures=4, only=2)
    async with reading.by(recorder):
        await recorder.has_done(2)
    assert recorder.tries.count(2) == 5


async def test_what_still_fails_is_set_aside_again_once(reading, poisoned):
    await replay(reading.broker, reading.stream)
    await reading.publish(6)
    async with reading.by(poisoned):
        await poisoned.recorder.has_done(4)
        await reading.finished()
    assert len(await reading.dead()) == 2


async def test_one_letter_can_be_replayed_alone(reading, poisoned):
    [two, four] = await dead_letters(reading.broker, reading.stream)
    assert await replay(reading.broker, reading.stream, [four.letter_id]) == 1
    assert await dead_letters(reading.broker, reading.stream) == [two]


async def test_a_letter_is_replayed_once_though_it_is_asked_for_twice(reading, poisoned):
    [two, _] = await dead_letters(reading.broker, reading.stream)
    replayed = [await replay(reading.broker, reading.stream, [two.letter_id]) for _ in range(2)]
    assert replayed == [1, 0]
    assert await reading.broker.xlen(reading.stream) == 6


async def test_a_mark_does_not_swallow_what_is_replayed(reading, poisoned, make_recorder):
    """The event came twice: one copy was set aside, and the other has been done since."""
    poisoned.poison.clear()
    await reading.publish(2)
    async with reading.by(poisoned):
        await poisoned.recorder.has_done(4)
        await reading.finished()
        await replay(reading.broker, reading.stream)
        assert (await poisoned.recorder.has_done(6))[4:] == [2, 4]


async def test_what_is_replayed_for_one_group_another_passes_over(reading, poisoned, make_recorder):
    other = make_recorder()
    async with reading.by(other, group="others"):
        await other.has_done(5)
        await replay(reading.broker, reading.stream)
        await reading.publish(6)
        assert await other.has_done(6) == [1, 2, 3, 4, 5, 6]


async def test_more_letters_than_a_page_are_all_replayed(reading, poisoned, monkeypatch):
    monkeypatch.setattr(letters, "PAGE_MAX", 1)
    assert await replay(reading.broker, reading.stream) == 2


async def test_an_unreadable_event_is_replayed_as_it_was(reading, make_recorder):
    fields = {b"kind": b"test", b"body": b"{"}
    await reading.broker.xadd(reading.stream, fields)
    await reading.publish(1)
    recorder = make_recorder()
    async with reading.by(recorder):
        await recorder.has_done(1)
        await reading.finished()
    assert await replay(reading.broker, reading.stream) == 1
    [(_, replayed)] = await reading.broker.xrevrange(reading.stream, count=1)
    assert replayed == fields
