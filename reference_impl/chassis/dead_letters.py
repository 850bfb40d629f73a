"""Dead letters: what was set aside after five tries, to be looked at and to be tried again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from reference_impl.chassis.groups import (
    DEAD_ENTRY,
    DEAD_ERROR,
    DEAD_GROUP,
    DEAD_TRIES,
    Fields,
    dead_stream,
)
from reference_impl.chassis.marks import mark_of

PAGE_MAX = 100  # letters read in one call

# KEYS: the dead stream, the stream, the mark.  ARGV: the letter, the mark's bit, then fields and
# values.  The mark is taken away lest it swallow the event.
_REPLAY = """
if redis.call('XDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
if redis.call('EXISTS', KEYS[3]) == 1 then redis.call('SETBIT', KEYS[3], ARGV[2], 0) end
redis.call('XADD', KEYS[2], '*', unpack(ARGV, 3))
return 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """An entry that was set aside, and why."""

    letter_id: str  # its place among the dead letters of its stream
    stream: str
    entry_id: str  # what it was in the stream
    group: str  # which could not do it; others may have
    tries: int | None  # how often it tried; None if that was not written down
    error: str
    fields: Fields

    @property
    def event_id(self) -> str:
        """The id of the event, if it can be read."""
        said: bytes = self.fields.get(b"event_id", b"")
        return said.decode(errors="replace")


async def dead_letters(
    broker: Redis, stream: str, *, after: str = "", until: str = "+", limit: int = PAGE_MAX
) -> list[DeadLetter]:
    """Return the oldest dead letters of a stream, above `after` and up to `until`."""
    first = f"({after}" if after else "-"
    entries: Any = await broker.xrange(dead_stream(stream), min=first, max=until, count=limit)
    return [_letter(stream, letter_id, fields) for letter_id, fields in entries]


async def replay(broker: Redis, stream: str, letter_ids: Collection[str] | None = None) -> int:
    """Put dead letters (None: all there are now) back into their stream, to be tried afresh.

    Each is put back once, even if two replay at a time; returns how many were.  The groups that
    have done with an event pass it over, the one that could not gets it again.
    """
    script = broker.register_script(_REPLAY)
    replayed = 0
    async for letter in _letters_now(broker, stream):
        if letter_ids is None or letter.letter_id in letter_ids:
            flat = [text for pair in letter.fields.items() for text in pair]
            mark = mark_of(letter.group, letter.event_id)
            keys = [dead_stream(stream), stream, mark.key]
            replayed += int(await script(keys=keys, args=[letter.letter_id, mark.bit, *flat]))
    return replayed


async def _letters_now(broker: Redis, stream: str) -> AsyncIterator[DeadLetter]:
    """Yield the letters that there are now, and not those that come to be meanwhile."""
    newest: Any = await broker.xrevrange(dead_stream(stream), count=1)
    last = newest[0][0].decode() if newest else ""
    after = ""
    while after != last:
        page = await dead_letters(broker, stream, after=after, until=last, limit=PAGE_MAX)
        for letter in page:
            yield letter
        after = page[-1].letter_id if page else last


def _letter(stream: str, letter_id: bytes, fields: Fields) -> DeadLetter:
    original = dict(fields)
    entry_id, group, tries, error = (
        original.pop(name.encode(), b"").decode(errors="replace")
        for name in (DEAD_ENTRY, DEAD_GROUP, DEAD_TRIES, DEAD_ERROR)
    )
    return DeadLetter(
        letter_id=letter_id.decode(),
        stream=stream,
        entry_id=entry_id,
        group=group,
        tries=int(tries) if tries.isdecimal() else None,
        error=error,
        fields=original,
    )
