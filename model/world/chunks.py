"""Samples of the chunks in which followers are seen to: how many, asking whom, writing what."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from model.rules.sharding import LOGICAL_SHARD_COUNT
from model.rules.timelines import FANOUT_CHUNK_MAX
from model.world import chance
from model.world.counts import CountLaw, CountTable
from model.world.sampling import SAMPLES, occupied, table_of, weighted

_RANGE, _CHUNK, _HELD = 22, 23, 26  # what a random number is for


@dataclass(frozen=True, slots=True, kw_only=True)
class Writes:
    """Laws of the writes by which the timelines of one chunk get a post.

    A `halved_share` of them is followed by another, for readers of a halved share of posts.
    """

    servers: CountLaw  # written to, per chunk
    entries: CountLaw  # of one write: the timelines that get the post, if they are there
    halved_share: float
    halved_entries: CountLaw  # of one that follows


def writes_of(
    followers: NDArray[np.int64],
    servers: NDArray[np.float64],
    seed: int,
    *,
    halved_share: float,
    besides: int = 0,
) -> Writes:
    """Return how the timelines of chunks of so many followers get a post, each on its servers.

    Of the followers `halved_share` have timelines of a halved share of posts.  So many readers
    `besides` are in the same chunk, and none of those.
    """
    readers = followers + besides
    written, again = _holding(readers, servers), _holding(followers, servers, halved_share)
    return Writes(
        servers=occupied(readers, servers, seed),
        entries=_held(readers, written, seed),
        halved_share=float(again.sum() / written.sum()) if written.sum() else 0.0,
        halved_entries=_held(followers * np.float64(halved_share), again, seed),
    )


@dataclass(frozen=True, kw_only=True)
class Chunks:
    """Chunks of the followers of some posts' authors, one number per post.

    Followers are cut into ranges of their logical shards, and each range, in the order of these,
    into chunks.  A range ends with the chunk that is not full, if only because nobody is in it.
    """

    followers: NDArray[np.int64]
    ranges: NDArray[np.int64]

    @property
    def per_post(self) -> CountTable:
        """The law of chunks per post, of all its ranges together."""
        return table_of(self.ranges * self._in_range)

    def written(self, servers: int, seed: int, *, halved_share: float = 0.0) -> Writes:
        """Return how one chunk is written to timelines on so many servers, as `writes_of`."""
        return writes_of(self._sizes, self._near(servers), seed, halved_share=halved_share)

    def asked(self, servers: int, seed: int) -> CountTable:
        """Return how many of `servers` own a shard of a chunk's followers, or of those after it.

        Where pairs are kept by follower, all of these are asked for a page of followers.
        """
        of_posts = (self.ranges * self._in_range).astype(np.float64)
        posts = weighted(np.arange(len(self.followers)), of_posts)
        if servers == 1 or not len(posts):
            return table_of(np.ones(1, dtype=np.int64))
        ranges, in_range = self.ranges[posts], self._in_range[posts]
        number = np.floor(_chances(seed, _RANGE) * ranges)
        chunks_before = np.floor(_chances(seed, _CHUNK) * in_range)
        per_range = np.maximum(1, self.followers[posts] // ranges)
        passed = np.minimum(1, chunks_before * FANOUT_CHUNK_MAX / per_range)
        last = _shard(number + 1, ranges) - 1
        first = np.minimum(_shard(number + passed, ranges), last)
        return table_of(_owner(last, servers) - _owner(first, servers) + 1)

    @cached_property
    def _in_range(self) -> NDArray[np.int64]:
        """How many chunks each range of a post has."""
        return self.followers // self.ranges // FANOUT_CHUNK_MAX + 1

    @cached_property
    def _sample(self) -> NDArray[np.int64]:
        """Chunks that stand for all: the places of posts, and after these of their last chunks."""
        full = self.ranges * (self._in_range - 1)
        occurrences = np.concatenate((full, self.ranges)).astype(np.float64)
        return weighted(np.arange(2 * len(full)), occurrences)

    @cached_property
    def _posts(self) -> NDArray[np.int64]:
        return self._sample % max(1, len(self.followers))

    @cached_property
    def _sizes(self) -> NDArray[np.int64]:
        """How many followers each chunk of the sample has."""
        rest = (self.followers // self.ranges)[self._posts] % FANOUT_CHUNK_MAX
        return np.where(self._sample < len(self.followers), FANOUT_CHUNK_MAX, rest)

    def _near(self, servers: int) -> NDArray[np.float64]:
        """Return over how many servers each chunk of the sample may be spread.

        They are neighbours, and the first and the last of them also hold others of its range.
        """
        of_range = np.maximum(1, np.round(servers / self.ranges[self._posts]))
        in_range = self._in_range[self._posts]
        share = self._sizes / np.maximum(1, (self.followers // self.ranges)[self._posts])
        near: NDArray[np.float64] = np.clip(of_range * share + 1 - 1 / in_range, 1, of_range)
        return near


def _shard(place: NDArray[np.float64], ranges: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the first logical shard at a place, counted in ranges."""
    return np.floor(place / ranges * LOGICAL_SHARD_COUNT).astype(np.int64)


def _owner(shards: NDArray[np.int64], servers: int) -> NDArray[np.int64]:
    """Return the server of each logical shard, as `even_table` deals them."""
    return shards * servers // LOGICAL_SHARD_COUNT


def _holding(
    readers: NDArray[np.int64], servers: NDArray[np.float64], share: float = 1.0
) -> NDArray[np.float64]:
    """Return on how many servers lies one of a share of so many readers, on average."""
    holding: NDArray[np.float64] = servers * (1 - (1 - share / servers) ** readers)
    return holding


def _held(
    readers: NDArray[np.int64] | NDArray[np.float64], holding: NDArray[np.float64], seed: int
) -> CountTable:
    """Return how many readers one server has, of those that hold any: the mean, rounded at random.

    Each server of each chunk is as likely as any other.
    """
    chunks = weighted(np.arange(len(holding)), holding)
    up = _chances(seed, _HELD)[: len(chunks)]
    return table_of(np.floor(readers[chunks] / holding[chunks] + up).astype(np.int64))


def _chances(seed: int, purpose: int) -> NDArray[np.float64]:
    return chance.u_block(seed, 0, np.arange(SAMPLES), purpose, 0, 0, 0)
