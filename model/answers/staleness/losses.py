"""Acknowledged writes that are on no copy that is left, when the server that took them is lost.

Assumed: what is on its way, or waits at a copy, is lost with the server that sent it; another copy
takes the writes once failover is over, with all that any copy that is left had at the instant of
the loss; a copy that was down has all it missed as soon as it is back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.answers.staleness.writes import Writes

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """One copy of one shard is down, from `since_s` until before `until_s`.

    In a slice it `stands_for` so many that are down in the world.
    """

    shard: int
    copy: int
    since_s: float
    until_s: float
    stands_for: float = 1.0


def unreplicated(
    writes: Writes, outages: Sequence[Outage], *, stand_for: Floats, since_s: float, until_s: float
) -> float:
    """Return how many writes of a shard only the copy that took them has, at a random instant.

    These are what its loss costs.  `stand_for` says of each shard how many it stands for in the
    world.  The mean over time, of all shards: by Little's law the rate
    of writes times how long each is on one copy only (J. D. C. Little, "A Proof for the Queuing
    Formula L = λW", Operations Research 9, 1961), but with what the window cuts off.
    """
    has_s = _caught_up_s(writes, outages)
    has_s[np.arange(len(writes.first)), writes.first] = np.inf
    second_s = has_s.min(axis=1)
    alone_s = np.clip(second_s, since_s, until_s) - np.clip(writes.acked_s, since_s, until_s)
    in_world_s = np.maximum(alone_s, 0.0) @ stand_for[writes.shard]
    return float(in_world_s / (until_s - since_s) / stand_for.sum())


def lost_with(writes: Writes, outages: Sequence[Outage], *, failover_s: float) -> float:
    """Return how many acknowledged writes are lost in these outages.

    A server that is back before another takes the writes still has them; so it is where no copy
    of the shard is left, and all wait for one.
    """
    lasting = [one for one in outages if one.until_s - one.since_s > failover_s]
    has_s = _caught_up_s(writes, outages)
    lost = np.zeros(len(writes.acked_s))
    for at_s in sorted({one.since_s for one in lasting}):
        down = np.zeros_like(has_s, dtype=bool)
        stand_for = np.zeros(len(lost))
        for one in (one for one in lasting if one.since_s <= at_s < one.until_s):
            down[writes.shard == one.shard, one.copy] = True
            stand_for[writes.shard == one.shard] = one.stands_for
        is_on_none_left = ~((has_s <= at_s) & ~down).any(axis=1)
        is_lost = (writes.acked_s <= at_s) & is_on_none_left & ~down.all(axis=1)
        lost = np.where(is_lost & (lost == 0), stand_for, lost)
    return float(lost.sum())


def _caught_up_s(writes: Writes, outages: Sequence[Outage]) -> Floats:
    """Return when each copy has each write: one that it did not get, when it is back."""
    is_missing = ~np.isfinite(writes.has_s)
    found = np.where(is_missing, np.inf, writes.has_s)
    for one in outages:
        missed = is_missing[:, one.copy] & (writes.shard == one.shard)
        missed &= writes.acked_s < one.until_s
        found[missed, one.copy] = np.minimum(found[missed, one.copy], one.until_s)
    return found
