"""The record of each fan-out that is done, and how the last of its ranges is known.

`fanout_done` is a stream of the broker: post, followers, chunks (calls of timeline servers),
created, begun and done (Unix s), cpu (s, of the workers' own steps).
"""

from __future__ import annotations

import time

from redis.asyncio import Redis

from reference_impl.chassis.groups import Addition, Entry, Group
from reference_impl.timeline.fanout.jobs import Job, Reach

DONE = "fanout_done"
DONE_MAX = 100_000  # records kept, about
ENDED_S = 7 * 86_400  # a fan-out of which a range is set aside for longer has no record

# KEYS: stream, ended ranges, fanout_done.  ARGV: group, entry; range, what was reached in it, how
# many ranges there are, seconds to keep them; records kept, post, created, begun, now.
_END = """
if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 0 then return false end
redis.call('HSET', KEYS[2], ARGV[3], ARGV[4])
redis.call('EXPIRE', KEYS[2], ARGV[6])
if redis.call('HLEN', KEYS[2]) < tonumber(ARGV[5]) then return '' end
local followers, calls, cpu_ns = 0, 0, 0
for _, reached in ipairs(redis.call('HVALS', KEYS[2])) do
    local f, c, ns = string.match(reached, '^(%d+) %d+ %d+ (%d+) (%d+)$')
    followers, calls, cpu_ns = followers + f, calls + c, cpu_ns + ns
end
redis.call('DEL', KEYS[2])
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


class Ranges:
    """The ranges of fan-outs under way that have ended: `fanout:ended:<post>` in the broker."""

    def __init__(self, broker: Redis) -> None:
        self._end = broker.register_script(_END)

    async def end(self, group: Group, entry: Entry, job: Job) -> tuple[bool, bool]:
        """Finish the entry of a range's last chunk; write the record if it is the last range.

        Returns whether this finished the entry, and whether the post is now with all its readers.
        """
        keys = [group.stream, f"fanout:ended:{job.post_id}", DONE]
        of_range: list[str | int] = [str(job.shards), str(job.reached), job.ranges, ENDED_S]
        of_record: list[str | int] = [
            DONE_MAX,
            job.post_id,
            repr(job.created_s),
            repr(job.begun_s),
            repr(time.time()),
        ]
        written = await self._end(
            keys=keys, args=[group.group, entry.entry_id, *of_range, *of_record]
        )
        return written is not None, bool(written)
