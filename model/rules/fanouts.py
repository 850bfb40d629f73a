"""How bringing posts to many readers is cut into chunks, and whose chunk is next."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import NamedTuple

from model.rules.sharding import LOGICAL_SHARD_COUNT
from model.rules.timelines import FANOUT_CHUNK_MAX

# Work is done class by class.  Class 0 are events that nobody has looked at, with the posts that
# fit into one chunk; the others are chunks of posts by ever more followers, and then of deleted
# ones, whose readers do not see them anyway.
NEW = 0
FOLLOWERS_MAX = (10_000, 100_000, 1_000_000)  # of classes 1, 2, 3; class 4 has more
PURGE = 5
CLASSES = range(6)
BULK_STREAMS = ("fanout:1", "fanout:2", "fanout:3", "fanout:4", "fanout:purge")  # classes 1 to 5
LATE_PREFIX = "fanout:late:"

RANGES_MAX = 8  # of one post, so that several workers can bring it to its readers at once
SHARE = 8  # of so many chunks one goes to a bigger class, however much a smaller one has to do


def class_of(followers: int) -> int:
    """Return the class in which a post by somebody with that many followers is delivered.

    >>> [class_of(followers) for followers in (10_000, 10_001, 1_000_001)]
    [1, 2, 4]
    """
    return 1 + bisect_left(FOLLOWERS_MAX, followers)


def late_streams(timeline_servers: int) -> tuple[str, ...]:
    """Return, by server, the streams of what waits for a timeline server that was away.

    Each is a queue beside the classes: it is left when its server answers again.
    """
    return tuple(f"{LATE_PREFIX}{server}" for server in range(timeline_servers))


class ShardRange(NamedTuple):
    """Logical shards from `first` to `last`, both included."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"

    @classmethod
    def read(cls, text: str) -> ShardRange:
        """Read what `str` wrote; raises ValueError if it is something else."""
        first, last = (int(part) for part in text.split("-"))
        if not 0 <= first <= last < LOGICAL_SHARD_COUNT:
            raise ValueError(f"shards must lie in 0-{LOGICAL_SHARD_COUNT - 1}, got {text!r}")
        return cls(first, last)


ALL_SHARDS = ShardRange(0, LOGICAL_SHARD_COUNT - 1)


def shard_ranges(owners: Sequence[int], *, followers: int) -> list[ShardRange]:
    """Cut the followers of one author into ranges of their shards: one per chunk, at most eight.

    `owners` names the timeline server of each logical shard.  A range lies on one server, so
    that each of its chunks is one call, unless there are more servers than ranges; so few
    followers that they need fewer chunks than there are servers are cut by server, too.

    >>> [str(part) for part in shard_ranges([0] * 2048 + [1] * 2048, followers=3_500)]
    ['0-1023', '1024-2047', '2048-3071', '3072-4095']
    """
    wanted = min(RANGES_MAX, max(1, -(-followers // FANOUT_CHUNK_MAX)))
    runs = owned_runs(owners, ALL_SHARDS)
    if len(runs) > RANGES_MAX:
        cuts = [len(runs) * part // RANGES_MAX for part in range(RANGES_MAX + 1)]
        return [ShardRange(runs[a].first, runs[b - 1].last) for a, b in pairwise(cuts)]
    return [part for run in runs for part in _cut(run, max(1, wanted // len(runs)))]


def owned_runs(owners: Sequence[int], shards: ShardRange) -> list[ShardRange]:
    """Cut a range into the longest ranges that have one owner each.

    >>> [str(part) for part in owned_runs([0] * 2048 + [1] * 2048, ShardRange(2000, 2100))]
    ['2000-2047', '2048-2100']
    """
    ranges, first = [], shards.first
    for _, run in groupby(owners[shards.first : shards.last + 1]):
        length = sum(1 for _ in run)
        ranges.append(ShardRange(first, first + length - 1))
        first += length
    return ranges


def _cut(run: ShardRange, parts: int) -> list[ShardRange]:
    length = run.last - run.first + 1
    cuts = [run.first + length * part // parts for part in range(parts + 1)]
    return [ShardRange(a, b - 1) for a, b in pairwise(cuts) if a < b]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rota:
    """Whose turn it is for one worker, which does one chunk at a time.

    The smallest class that has work is served, so that a post by few waits for the chunk in
    hand at most; but one chunk of SHARE goes to a bigger class that was passed over for as long,
    the longest neglected first, so that nobody starves.  New events do not wait for that one
    unless they alone have been served all the while.
    """

    passed: tuple[int, ...] = (0,) * len(CLASSES)  # chunks done since the class was looked at
    in_order: int = 0  # chunks done since a bigger class was served before a smaller one

    def order(self) -> list[int]:
        """Return the classes in the order in which to look for the next chunk.

        >>> Rota(passed=(0, 0, 0, 0, 7, 9), in_order=7).order()
        [0, 5, 4, 1, 2, 3]
        """
        ascending = list(CLASSES)
        if self.in_order < SHARE - 1:
            return ascending
        neglected = [which for which in ascending[1:] if self.passed[which] >= SHARE - 1]
        neglected.sort(key=lambda which: -self.passed[which])
        first = [*neglected, NEW] if 1 in neglected else [NEW, *neglected]
        return first + [which for which in ascending if which not in first]

    def after(self, served: int) -> Rota:
        """Return the rota once a chunk of this class, found by looking in that order, is done."""
        order = self.order()
        looked_at = order[: order.index(served) + 1]
        passed = tuple(0 if which in looked_at else self.passed[which] + 1 for which in CLASSES)
        in_turn = all(which in looked_at for which in range(served))
        return Rota(passed=passed, in_order=self.in_order + 1 if in_turn else 0)
