"""How a pushed post spreads to its author's followers: chunks, and servers of each chunk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.rules.fanouts import RANGES_MAX, class_of, shard_ranges
from model.rules.policy import Strategy
from model.rules.sharding import even_table
from model.rules.timelines import FANOUT_CHUNK_MAX
from model.world.chunks import Chunks, Writes, writes_of
from model.world.counts import CountTable
from model.world.layouts import layout_of
from model.world.scenario import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Many:
    """Laws of the posts to many followers, of one class of urgency."""

    urgency: int  # `rules.fanouts.class_of` their followers: a smaller one goes first
    share: float  # of pushed posts
    chunks: CountTable  # per post, of all its ranges together
    writes: Writes  # to timeline servers
    asked: CountTable  # user servers asked for the followers of one chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class Spreading:
    """Laws of the widths of one scenario's fan-out.

    Followers who fit into one chunk are brought a post together with its author.  Those who do
    not are cut into ranges, and brought it chunk by chunk, several ranges at once.  Under
    `per_edge` the author comes first, and the post is kept for those who gather it.
    """

    is_per_edge: bool
    few: Writes  # to timeline servers that hold the followers that fit, and their author
    many: tuple[Many, ...]  # by class
    at_once: int  # chunks of one post that are under way at the same time, at most

    @property
    def many_share(self) -> float:
        """The share of pushed posts whose author's followers do not fit into one chunk."""
        return sum(each.share for each in self.many)

    @property
    def entries_mean(self) -> float:
        """How many entries one write to a timeline server holds, on average over all of them."""
        kinds = [(1 - self.many_share, self.few)]
        kinds += [(many.share * many.chunks.mean, many.writes) for many in self.many]
        per_post = sum(chunks * writes.servers.mean for chunks, writes in kinds)
        entries = sum(
            chunks * writes.servers.mean * writes.entries.mean for chunks, writes in kinds
        )
        return entries / per_post if per_post else 0.0


def spreading_of(
    scenario: Scenario, followers: NDArray[np.int64], *, halved_share: float = 0.0
) -> Spreading:
    """Return the widths for posts by authors with so many followers, one number per post.

    Of the followers `halved_share` have timelines that hold a share of posts.  A worker does one
    chunk at a time, so no more are under way than there are workers, nor than ranges.
    """
    layout = layout_of(scenario)
    servers = layout.delivery_servers
    is_per_edge = scenario.policy.strategy is Strategy.PER_EDGE
    is_few = followers <= FANOUT_CHUNK_MAX
    few, ranges = followers[is_few], _ranges_of(followers[~is_few], layout.timeline_servers)
    alone = np.full(len(few), servers, dtype=np.float64)
    return Spreading(
        is_per_edge=is_per_edge,
        few=writes_of(
            few, alone, scenario.seed, halved_share=halved_share, besides=1 - is_per_edge
        ),
        many=tuple(_by_class(scenario, followers, halved_share)),
        at_once=min(int(ranges.max(initial=1)), scenario.fleet.fanout.instances),
    )


def _by_class(
    scenario: Scenario, followers: NDArray[np.int64], halved_share: float
) -> Iterator[Many]:
    classes = np.asarray([class_of(int(each)) for each in followers], dtype=np.int64)
    classes[followers <= FANOUT_CHUNK_MAX] = -1
    for urgency in np.unique(classes[classes > 0]).tolist():
        of_class = followers[classes == urgency]
        share = len(of_class) / len(followers)
        yield _many(scenario, of_class, urgency=urgency, share=share, halved_share=halved_share)


def _many(
    scenario: Scenario,
    followers: NDArray[np.int64],
    *,
    urgency: int,
    share: float,
    halved_share: float,
) -> Many:
    layout, seed = layout_of(scenario), scenario.seed
    chunks = Chunks(followers=followers, ranges=_ranges_of(followers, layout.timeline_servers))
    return Many(
        urgency=urgency,
        share=share,
        chunks=chunks.per_post,
        writes=chunks.written(layout.delivery_servers, seed, halved_share=halved_share),
        asked=chunks.asked(layout.follower_servers, seed),
    )


def _ranges_of(followers: NDArray[np.int64], servers: int) -> NDArray[np.int64]:
    """Return into how many ranges the followers of each author are cut."""
    owners = even_table(servers).owners
    chunks, places = np.unique(
        np.minimum(RANGES_MAX, -(-followers // FANOUT_CHUNK_MAX)), return_inverse=True
    )
    cut = [len(shard_ranges(owners, followers=int(n) * FANOUT_CHUNK_MAX)) for n in chunks]
    return np.asarray(cut, dtype=np.int64)[places]
