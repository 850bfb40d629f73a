"""Which events a group has done with, so that one that comes again is passed over.

Events of one outbox are numbered in a row, so a mark is one bit of a map for 4,096 of them:
a key per event would fill the broker in hours.  A map lasts for a day after its last event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from redis.asyncio import Redis

MAP_EVENTS = 4_096
KEPT_S = 86_400  # a relay that was away for longer may publish what it had published before
DIGITS_MAX = 20


class Mark(NamedTuple):
    """Where it stands that a group has done with an event."""

    key: str
    bit: int


def mark_of(group: str, event_id: str) -> Mark:
    """Return the place of a mark; an id that is not of the usual form has a map of its own."""
    outbox, _, number = event_id.rpartition(":")
    if not number.isascii() or not number.isdecimal() or len(number) > DIGITS_MAX:
        return Mark(f"done:{group}:={event_id}", 0)
    block, bit = divmod(int(number), MAP_EVENTS)
    return Mark(f"done:{group}:{outbox}:{block}", bit)


class Marks:
    """Which events a group has done with, as far as the entries in hand are concerned."""

    def __init__(self, broker: Redis, group: str) -> None:
        self._broker = broker
        self._group = group
        self._done: set[str] = set()

    def of(self, event_id: str) -> Mark:
        """Return the mark that is left when the event is done."""
        return mark_of(self._group, event_id)

    async def look_up(self, entries: Sequence[Mapping[Any, Any]]) -> None:
        """Learn, from their fields, which of these have been done; what was known is dropped."""
        event_ids = [said.get(b"event_id", b"").decode(errors="replace") for said in entries]
        self._done = set()
        if not event_ids:
            return
        async with self._broker.pipeline(transaction=False) as asked:
            for mark in map(self.of, event_ids):
                asked.getbit(mark.key, mark.bit)
            bits = await asked.execute()
        self._done = {event_ids[at] for at, bit in enumerate(bits) if bit}

    def is_done(self, event_id: str) -> bool:
        """Say whether the group has done with this one of the events looked up."""
        return event_id in self._done

    def note(self, event_id: str) -> None:
        """Remember that one of the events looked up has been done now."""
        self._done.add(event_id)
