"""What the lists on the timeline servers take up: bytes are what an active user costs in memory."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from redis import Redis

SCAN_COUNT = 1_000  # keys looked at in one call
KINDS = ("timeline", "merged")  # what a key begins with, before its owner
_PARTS = ("", ":state", ":pulled")  # the keys that one list has


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryUse:
    """The lists of one kind on one server; sizes are of those sampled."""

    kind: str
    lists: int
    sampled: int
    entries: int
    bytes_used: int

    @property
    def bytes_per_list(self) -> float:
        """Mean bytes of one list with all that it knows about itself; 0 where there is none."""
        return self.bytes_used / self.sampled if self.sampled else 0.0

    @property
    def bytes_per_entry(self) -> float:
        """Mean bytes per post id, everything included; 0 where there is none."""
        return self.bytes_used / self.entries if self.entries else 0.0


def memory_uses(server: Redis, *, samples_max: int) -> list[MemoryUse]:
    """Return what each kind of list takes up on a server, measured on at most so many of each."""
    return [_use_of(server, kind, samples_max) for kind in KINDS]


def _use_of(server: Redis, kind: str, samples_max: int) -> MemoryUse:
    suffix = _PARTS[1]
    states = server.scan_iter(f"{kind}:{{*}}{suffix}", count=SCAN_COUNT)
    keys = [state.decode().removesuffix(suffix) for state in states]
    entries = bytes_used = 0
    sample = list(islice(keys, samples_max))
    for key in sample:
        with server.pipeline(transaction=False) as pipeline:
            pipeline.zcard(key)
            for part in _PARTS:
                pipeline.memory_usage(key + part)
            count, *sizes = pipeline.execute()
        entries += count
        bytes_used += sum(size or 0 for size in sizes)
    return MemoryUse(
        kind=kind, lists=len(keys), sampled=len(sample), entries=entries, bytes_used=bytes_used
    )
