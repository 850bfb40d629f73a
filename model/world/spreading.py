"""How a pushed post spreads to its author's followers: chunks, and servers of each chunk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.rules.fanouts import RANGES_MAX, shard_ranges
from model.rules.sharding import even_table
from model.rules.timelines import FANOUT_CHUNK_MAX
from model.world.counts import CountTable
from model.world.sampling import occupied, table_of, weighted
from model.world.scenario import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Spreading:
    """Laws of the widths of one scenario's fan-out.

    Followers who fit into one chunk are brought a post together with its author.  Those who do
    not are cut into ranges, and brought it chunk by chunk, several ranges at once.
    """

    many_share: float  # share of pushed posts whose author's followers do not fit into one chunk
    few_servers: CountTable  # timeline servers that hold an author, and the followers that fit
    chunks: CountTable  # per post to many followers, of all its ranges together
    chunk_servers: CountTable  # timeline servers written to, per such chunk
    at_once: int  # such chunks of one post that are under way at the same time, at most


def spreading_of(scenario: Scenario, followers: NDArray[np.int64]) -> Spreading:
    """Return the widths for posts by authors with so many followers, one number per post.

    A worker does one chunk at a time, so no more are under way than there are workers.
    """
    servers = scenario.fleet.timeline_store.shards
    many = followers > FANOUT_CHUNK_MAX
    chunks, chunk_servers = _of_many(followers[many], servers, scenario.seed)
    return Spreading(
        many_share=float(np.mean(many)) if len(followers) else 0.0,
        few_servers=occupied(followers[~many] + 1, servers, scenario.seed),
        chunks=chunks,
        chunk_servers=chunk_servers,
        at_once=min(RANGES_MAX, scenario.fleet.fanout.instances),
    )


def _of_many(
    followers: NDArray[np.int64], servers: int, seed: int
) -> tuple[CountTable, CountTable]:
    """Return the laws of chunks per post, and of servers per chunk.

    A range ends with the chunk that is not full, if only because nobody is in it.
    """
    ranges = _ranges_of(followers, servers)
    full, rest = np.divmod(followers // ranges, FANOUT_CHUNK_MAX)
    sizes = np.concatenate((np.full(len(full), FANOUT_CHUNK_MAX), rest))
    occurrences = np.concatenate((ranges * full, ranges)).astype(np.float64)
    servers_of_range = max(1, round(servers / RANGES_MAX))
    per_chunk = occupied(weighted(sizes, occurrences), servers_of_range, seed)
    return table_of(ranges * (full + 1)), per_chunk


def _ranges_of(followers: NDArray[np.int64], servers: int) -> NDArray[np.int64]:
    """Return into how many ranges the followers of each author are cut."""
    owners = even_table(servers).owners
    chunks, places = np.unique(
        np.minimum(RANGES_MAX, -(-followers // FANOUT_CHUNK_MAX)), return_inverse=True
    )
    cut = [len(shard_ranges(owners, followers=int(n) * FANOUT_CHUNK_MAX)) for n in chunks]
    return np.asarray(cut, dtype=np.int64)[places]
