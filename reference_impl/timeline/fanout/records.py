"""The record of each fan-out that is done, and how the last of its parts is known.

`fanout_done` is a stream of the broker: post, followers, chunks (calls of timeline servers),
created, begun and done (Unix s), cpu (s, of the workers' own steps).  Beside it stands for a
while, by post, whether its fan-out is under way or done: `fanout:state:<post>`.
"""

from __future__ import annotations

import time

from redis.asyncio import Redis

from model.rules.ids import created_ms_of
from reference_impl.chassis.groups import Addition, Entry, Group, Note
from reference_impl.timeline.fanout.jobs import Job, Reach

DONE = "fanout_done"
DONE_MAX = 100_000  # records kept, about
ENDED_S = 7 * 86_400  # a fan-out of which a range is set aside for longer has no record

BEGUN_S = 600  # for which it is known that a fan-out is done
UNDER_WAY, ENDED = "under way", "done"

# KEYS: stream, ended parts, fanout_done, the state.  ARGV: group, entry; part, what was reached in
# it, how many such parts would make the whole, seconds to keep them; records kept, post, created,
# begun, now; the state when all is done, and seconds to keep that.
#
# Parts of parts are counted as fractions: there are 1/32,768 at least, and sums of so many are
# exact to 1e-12.
_END = """
if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 0 then return false end
redis.call('HSET', KEYS[2], ARGV[3], ARGV[4] .. ' ' .. ARGV[5])
redis.call('EXPIRE', KEYS[2], ARGV[6])
local share, followers, calls, cpu_ns = 0, 0, 0, 0
for _, reached in ipairs(redis.call('HVALS', KEYS[2])) do
    local f, c, ns, parts = string.match(reached, '^(%d+) %d+ %d+ (%d+) (%d+) (%d+)$')
    followers, calls, cpu_ns = followers + f, calls + c, cpu_ns + ns
    share = share + 1 / parts
end
if share < 1 - 1e-9 then return '' end
redis.call('DEL', KEYS[2])
redis.call('SET', KEYS[4], ARGV[12], 'EX', ARGV[13])
return redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[7], '*',
    'post', ARGV[8],
    'followers', string.format('%.0f', followers),
    'chunks', string.format('%.0f', calls),
    'created', ARGV[9],
    'begun', ARGV[10],
    'done', ARGV[11],
    'cpu', string.format('%.9f', cpu_ns / 1e9))
"""


def record_of(post_id: int, reach: Reach, *, created_s: float, begun_s: float) -> Addition:
    """Return the record of a fan-out that is done now."""
    fields = {
        "post": str(post_id),
        "followers": str(reach.followers),
        "chunks": str(reach.calls),
        "created": repr(created_s),
        "begun": repr(begun_s),
        "done": repr(time.time()),
        "cpu": repr(reach.cpu_ns / 1e9),
    }
    return Addition(stream=DONE, fields=fields, kept_max=DONE_MAX)


def state_of(post_id: int, *, is_done: bool) -> Note:
    """Return the note of how far a fan-out is."""
    return Note(
        key=_state_key(post_id),
        says=ENDED if is_done else UNDER_WAY,
        kept_s=BEGUN_S if is_done else ENDED_S,
    )


class Ranges:
    """The parts of fan-outs under way that have ended: `fanout:ended:<post>` in the broker."""

    def __init__(self, broker: Redis) -> None:
        self._broker = broker
        self._end = broker.register_script(_END)

    async def is_under_way(self, post_id: int) -> bool:
        """Whether a post may still come to readers, as far as the broker knows.

        It does not of one whose fan-out has not begun, or was done more than BEGUN_S ago: the
        former is likely while the post is that young.
        """
        state = await self._broker.get(_state_key(post_id))
        if state is None:
            return time.time() < created_ms_of(post_id) / 1000 + BEGUN_S
        return bool(state == UNDER_WAY.encode())

    async def end(self, group: Group, entry: Entry, job: Job) -> tuple[bool, bool]:
        """Finish the entry of a part's last chunk; write the record if it is the last part.

        Returns whether this finished the entry, and whether the post is now with all its readers.
        """
        keys = [group.stream, f"fanout:ended:{job.post_id}", DONE, _state_key(job.post_id)]
        part = f"{job.part.value}:{job.shards}"
        of_range: list[str | int] = [part, str(job.reached), job.ranges, ENDED_S]
        of_record: list[str | int] = [
            DONE_MAX,
            job.post_id,
            repr(job.created_s),
            repr(job.begun_s),
            repr(time.time()),
        ]
        written = await self._end(
            keys=keys,
            args=[group.group, entry.entry_id, *of_range, *of_record, ENDED, BEGUN_S],
        )
        return written is not None, bool(written)


def _state_key(post_id: int) -> str:
    return f"fanout:state:{post_id}"
