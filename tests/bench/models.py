"""The two models that every peer runs, and all the chance in them, drawn beforehand.

Tandem: gateway, then service, then one of the shards.
Fan-out: a read visits gateway and service, then forks over three shards and joins; a post visits
gateway, service and SQL, is answered, and is then copied to about twenty shards.  Both share the
shards.  A logical event is an arrival or the end of one visit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.int32]
Truths = NDArray[np.bool_]

RATE_PER_S = 1_200.0  # Poisson, in both models

GATEWAY_SERVERS = 4
GATEWAY_MEAN_S = 0.002  # utilisation 1200 x 0.002 / 4 = 0.60
SERVICE_SERVERS = 8
SERVICE_MEAN_S = 0.005  # utilisation 1200 x 0.005 / 8 = 0.75
SHARDS = 16  # one server each, chosen uniformly and independently for each visit

TANDEM_SHARD_MEAN_S = 0.010  # utilisation 1200 x 0.010 / 16 = 0.75

POST_SHARE = 0.1
SQL_SERVERS = 4
SQL_MEAN_S = 0.020  # utilisation 120 x 0.020 / 4 = 0.60
FORK_WIDTH = 3
WRITES_MEAN = 20.0  # geometric on 1, 2, 3, ...
READ_MEAN_S = 0.0025  # 1080 x 3 / 16 = 202.5 reads/s on each shard: 0.51 of it,
WRITE_MEAN_S = 0.001  # and 120 x 20 / 16 = 150 writes/s: 0.15, together 0.66

# Every work is lognormal with a coefficient of variation of one.
SIGMA = float(np.sqrt(np.log(2.0)))

TANDEM_EVENTS_PER_REQUEST = 4.0
FANOUT_EVENTS_PER_REQUEST = (1 - POST_SHARE) * (3 + FORK_WIDTH) + POST_SHARE * (4 + WRITES_MEAN)


def location_of(mean_s: float) -> float:
    """Return the mean of the logarithm of a lognormal work with this mean and `SIGMA`."""
    return float(np.log(mean_s)) - SIGMA**2 / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class TandemSamples:
    """One entry for each request, in order of arrival."""

    gaps_s: Floats  # since the request before
    arrivals_s: Floats  # their running sum, added in order: bit-equal to a clock that waits gaps
    gateway_works_s: Floats
    service_works_s: Floats
    shards: Numbers
    shard_works_s: Floats

    def __len__(self) -> int:
        """How many requests."""
        return len(self.gaps_s)

    @classmethod
    def draw(cls, count: int, seed: int) -> Self:
        """Draw everything that happens to `count` requests."""
        chance = np.random.default_rng(seed)
        gaps_s = chance.exponential(1 / RATE_PER_S, count)
        return cls(
            gaps_s=gaps_s,
            arrivals_s=np.cumsum(gaps_s),
            gateway_works_s=_works_s(chance, GATEWAY_MEAN_S, count),
            service_works_s=_works_s(chance, SERVICE_MEAN_S, count),
            shards=chance.integers(SHARDS, size=count, dtype=np.int32),
            shard_works_s=_works_s(chance, TANDEM_SHARD_MEAN_S, count),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FanoutSamples:
    """Entries for each request; what only the other kind would use is drawn all the same."""

    gaps_s: Floats
    arrivals_s: Floats
    gateway_works_s: Floats
    service_works_s: Floats
    are_posts: Truths
    read_shards: Numbers  # request x FORK_WIDTH
    read_works_s: Floats  # request x FORK_WIDTH
    sql_works_s: Floats
    write_bounds: NDArray[np.int64]  # request r owns writes [write_bounds[r], write_bounds[r + 1])
    write_shards: Numbers  # one entry for each write, of all posts in order
    write_works_s: Floats

    def __len__(self) -> int:
        """How many requests."""
        return len(self.gaps_s)

    @classmethod
    def draw(cls, count: int, seed: int) -> Self:
        """Draw everything that happens to `count` requests, and to the writes of their posts."""
        chance = np.random.default_rng(seed)
        gaps_s = chance.exponential(1 / RATE_PER_S, count)
        are_posts = chance.random(count) < POST_SHARE
        widths = np.where(are_posts, chance.geometric(1 / WRITES_MEAN, count), 0)
        writes = int(widths.sum())
        return cls(
            gaps_s=gaps_s,
            arrivals_s=np.cumsum(gaps_s),
            gateway_works_s=_works_s(chance, GATEWAY_MEAN_S, count),
            service_works_s=_works_s(chance, SERVICE_MEAN_S, count),
            are_posts=are_posts,
            read_shards=chance.integers(SHARDS, size=(count, FORK_WIDTH), dtype=np.int32),
            read_works_s=_works_s(chance, READ_MEAN_S, (count, FORK_WIDTH)),
            sql_works_s=_works_s(chance, SQL_MEAN_S, count),
            write_bounds=np.concatenate(([0], np.cumsum(widths))).astype(np.int64),
            write_shards=chance.integers(SHARDS, size=writes, dtype=np.int32),
            write_works_s=_works_s(chance, WRITE_MEAN_S, writes),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FanoutTimes:
    """What the second model answers."""

    latencies_s: Floats  # of each request
    lags_s: Floats  # of each post: from its answer to the end of its last write


def _works_s(
    chance: np.random.Generator, mean_s: float, size: int | Sequence[int]
) -> NDArray[np.float64]:
    return chance.lognormal(location_of(mean_s), SIGMA, size)
