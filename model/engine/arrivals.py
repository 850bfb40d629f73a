"""When requests arrive, who they are, and which attributes they bring: shared by all engines."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from model.engine.program import Draw, Stream
from model.world.chance import child_uid, u_block

_BLOCK = 4096  # arrivals computed at once; their values do not depend on it

Block = tuple[NDArray[np.float64], NDArray[np.uint64], NDArray[np.int64]]


def arrivals(
    stream: Stream, *, seed: int, replication: int, until_s: float
) -> Iterator[tuple[float, int, int]]:
    """Yield (instant, uid, row of attributes) of each arrival before `until_s`, in order."""
    for at_s, uids, rows in blocks(stream, seed=seed, replication=replication):
        soon = int(np.searchsorted(at_s, until_s))
        yield from zip(at_s[:soon].tolist(), uids.tolist(), rows.tolist(), strict=False)
        if soon < len(at_s):
            return


def blocks(stream: Stream, *, seed: int, replication: int) -> Iterator[Block]:
    """Yield instants, uids and rows of attributes, block by block; Poisson streams never end.

    The k-th arrival of a stream has the same uid and the same luck in every run.
    """
    first, last_s = 0, stream.start_s
    place = np.array([stream.path_hash], np.uint64)
    while stream.rate_per_s > 0 or (stream.at_s is not None and first < len(stream.at_s)):
        numbers = np.arange(first, first + _BLOCK, dtype=np.uint64)
        chance = (seed, replication, stream.path_hash, stream.path_hash, numbers, 0)
        if stream.at_s is None:
            at_s = _poisson_s(last_s, stream.rate_per_s, u_block(*chance, Draw.VALUE))
            rows = (u_block(*chance, Draw.MEMBER) * len(stream.attributes)).astype(np.int64)
        else:
            at_s = stream.at_s[first : first + _BLOCK]
            rows = numbers[: len(at_s)].astype(np.int64)
        yield at_s, child_uid(place, place, numbers), rows
        first, last_s = first + _BLOCK, float(at_s[-1])


def _poisson_s(
    last_s: float, rate_per_s: float, chance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the instants after `last_s`, added up one by one, whatever the size of the block."""
    gaps_s = -np.log1p(-chance) / rate_per_s
    return np.cumsum(np.concatenate(([last_s], gaps_s)))[1:]
