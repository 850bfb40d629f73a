"""One member of a group that reads a stream: how entries are taken, and how they end.

An entry is in the hands of one member from when it is read until it is acknowledged.  Whoever
acknowledges it first adds what comes of it in the same step, and nobody else does: so what
comes of an entry exists once, although the work on it may have been done twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError, ResponseError

from reference_impl.chassis.marks import KEPT_S, Mark

NO_MARK = Mark("", 0)
ERROR_CHARACTERS_MAX = 500  # of what went wrong, kept with an entry that is set aside
DEAD_ENTRY, DEAD_GROUP, DEAD_ERROR = "dead:entry", "dead:group", "dead:error"  # fields added
DEAD_TRIES = "dead:tries"

# KEYS: the stream.  ARGV: group, entry; key of the mark ('' for none), its bit, and how long it
# is kept; key of the note ('' for none), what it says, and how long it is kept; then for each
# addition its stream, how many entries that keeps (0: all), and how many arguments of fields
# follow.  Lua may go on writing in a full store once it has written: all of this happens or
# nothing.
_FINISH = """
if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
if ARGV[3] ~= '' then
    if redis.call('SETBIT', ARGV[3], ARGV[4], 1) == 1 then return 0 end
    redis.call('EXPIRE', ARGV[3], ARGV[5])
end
if ARGV[6] ~= '' then redis.call('SET', ARGV[6], ARGV[7], 'EX', ARGV[8]) end
local at = 9
while at <= #ARGV do
    local command = {'XADD', ARGV[at]}
    if ARGV[at + 1] ~= '0' then
        for _, word in ipairs({'MAXLEN', '~', ARGV[at + 1]}) do command[#command + 1] = word end
    end
    command[#command + 1] = '*'
    local last = at + 2 + tonumber(ARGV[at + 2])
    for field = at + 3, last do command[#command + 1] = ARGV[field] end
    redis.call(unpack(command))
    at = last + 1
end
return 1
"""

# KEYS: the stream.  ARGV: group, member, entry.
_TAKE = """
local held = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1, ARGV[2])
if #held == 0 then return end
local claimed = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[3])
if #claimed == 0 then return end
return {claimed[1][2], held[1][4] + 1}
"""

# KEYS: the stream.  ARGV: group, member, entry, tries.
_GIVE_BACK = """
local held = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1, ARGV[2])
if #held == 0 then return end
redis.call(
    'XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[3], 'RETRYCOUNT', ARGV[4], 'JUSTID')
"""

# KEYS: streams, the most urgent first.  ARGV: group, member.
_READ_FIRST = """
for place, stream in ipairs(KEYS) do
    local read = redis.call(
        'XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', 1, 'STREAMS', stream, '>')
    if read then return {place, read[1][2][1]} end
end
"""


Fields = Mapping[Any, Any]  # names and values, each text or bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a stream, and how often somebody has begun to work on it, this time counted."""

    entry_id: bytes
    fields: Mapping[bytes, bytes]
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A key of the broker that is set when an entry is finished, for a while."""

    key: str
    says: str
    kept_s: int


NO_NOTE = Note(key="", says="", kept_s=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """What comes of an entry: another one, in this stream or another."""

    stream: str
    fields: Fields
    kept_max: int = 0  # entries that the stream keeps, about; 0: until they are trimmed

    def arguments(self) -> list[str | bytes | int]:
        """Return what the script above takes."""
        flat: list[str | bytes] = [text for pair in self.fields.items() for text in pair]
        return [self.stream, self.kept_max, len(flat), *flat]


class Group:
    """One process in one group of one stream."""

    def __init__(self, broker: Redis, *, stream: str, group: str, name: str) -> None:
        self._broker = broker
        self._take = broker.register_script(_TAKE)
        self._give_back = broker.register_script(_GIVE_BACK)
        self._finish = broker.register_script(_FINISH)
        self.stream = stream
        self.group = group
        self.name = name

    async def create(self) -> None:
        """Make the group, from the first entry of the stream on, unless it is there."""
        try:
            await self._broker.xgroup_create(self.stream, self.group, id="0", mkstream=True)
        except OutOfMemoryError:
            if not await self.exists():  # a full broker says so first, and must be emptied
                raise
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):  # it exists
                raise

    async def exists(self) -> bool:
        """Say whether the group has been made."""
        if not await self._broker.exists(self.stream):
            return False
        groups: Any = await self._broker.xinfo_groups(self.stream)
        return self.group.encode() in [group["name"] for group in groups]

    async def read(self, count: int, *, block_s: float) -> list[Entry]:
        """Return entries that nobody has read yet, waiting for some if `block_s` is above 0."""
        block = max(1, round(block_s * 1000)) if block_s > 0 else None
        streams: Any = await self._broker.xreadgroup(
            self.group, self.name, {self.stream: ">"}, count=count, block=block
        )
        return _new_entries(streams[self.stream.encode()][0]) if streams else []

    async def unfinished(self, count: int) -> list[bytes]:
        """Return the oldest entries in the hands of this name, left by an earlier life of it."""
        pending: Any = await self._broker.xpending_range(
            self.stream, self.group, "-", "+", count, consumername=self.name
        )
        return [entry["message_id"] for entry in pending]

    async def claim_abandoned(self, idle_s: float, count: int) -> list[bytes]:
        """Take over what members have had in hand, and not touched, for so long."""
        claimed: list[bytes] = await self._broker.xautoclaim(
            self.stream,
            self.group,
            self.name,
            min_idle_time=round(idle_s * 1000),
            count=count,
            justid=True,
        )
        return claimed

    async def take(self, entry_id: bytes) -> Entry | None:
        """Begin another try of an entry in hand, and count it before anything can go wrong.

        Returns None if it is in other hands by now, or finished.
        """
        taken = await self._take(keys=[self.stream], args=[self.group, self.name, entry_id])
        if taken is None:
            return None
        flat, tries = taken
        return Entry(entry_id=entry_id, fields=_fields(flat), tries=tries)

    async def give_back(self, entry: Entry) -> None:
        """Take back the count of this try, and say that the entry is not forgotten."""
        await self._give_back(
            keys=[self.stream], args=[self.group, self.name, entry.entry_id, entry.tries - 1]
        )

    async def finish(
        self,
        entry: Entry,
        *,
        mark: Mark = NO_MARK,
        note: Note = NO_NOTE,
        additions: Sequence[Addition] = (),
    ) -> bool:
        """Acknowledge the entry, leave mark and note, and add what comes of it, in one step.

        Returns False, and adds nothing, if somebody finished it before or the mark was there.
        """
        added = [argument for addition in additions for argument in addition.arguments()]
        arguments: list[str | bytes | int] = [self.group, entry.entry_id]
        arguments += [mark.key, mark.bit, KEPT_S, note.key, note.says, note.kept_s, *added]
        return bool(await self._finish(keys=[self.stream], args=arguments))

    async def set_aside(
        self,
        entry: Entry,
        error: BaseException,
        *,
        tries: int,
        additions: Sequence[Addition] = (),
    ) -> None:
        """Move the entry to the stream of dead ones, where it stays until a person looks at it.

        What comes of that is added in the same step.
        """
        about = {
            DEAD_ENTRY: entry.entry_id,
            DEAD_GROUP: self.group,
            DEAD_TRIES: tries,
            DEAD_ERROR: f"{type(error).__name__}: {error}"[:ERROR_CHARACTERS_MAX],
        }
        dead = Addition(stream=dead_stream(self.stream), fields={**entry.fields, **about})
        await self.finish(entry, additions=[dead, *additions])

    def __str__(self) -> str:
        return f"{self.stream} of group {self.group}"


class Groups:
    """The streams that one member reads as one, each with its own urgency."""

    def __init__(self, broker: Redis, groups: Sequence[Group]) -> None:
        self._broker = broker
        self._group, self._name = groups[0].group, groups[0].name
        self._read_first = broker.register_script(_READ_FIRST)

    async def read_first(self, streams: Sequence[str]) -> tuple[str, Entry] | None:
        """Return the next entry of the first of these streams that has one."""
        found = await self._read_first(keys=list(streams), args=[self._group, self._name])
        if found is None:
            return None
        place, (entry_id, flat) = found
        return streams[place - 1], Entry(entry_id=entry_id, fields=_fields(flat), tries=1)

    async def wait(self, streams: Sequence[str], *, block_s: float) -> dict[str, Entry]:
        """Wait until one of these streams has an entry; return the next one of each that has."""
        read: Any = await self._broker.xreadgroup(
            self._group,
            self._name,
            dict.fromkeys(streams, ">"),
            count=1,
            block=max(1, round(block_s * 1000)),
        )
        return {stream.decode(): _new_entries(found[0])[0] for stream, found in read.items()}


def dead_stream(stream: str) -> str:
    """Return the stream of what was set aside from this one."""
    return f"{stream}:dead"


def _fields(flat: Sequence[bytes]) -> Fields:
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _new_entries(pairs: list[tuple[bytes, dict[bytes, bytes]]]) -> list[Entry]:
    return [Entry(entry_id=entry_id, fields=fields, tries=1) for entry_id, fields in pairs]
