"""How a deleted post is taken out of its readers' timelines: one chain of chunks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.world.chunks import Chunks, Writes
from model.world.counts import CountTable
from model.world.layouts import layout_of
from model.world.scenario import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Purging:
    """Laws of the widths of one scenario's purges of pushed posts."""

    chunks: CountTable  # per post
    writes: Writes  # to timeline servers, of one chunk
    asked: CountTable  # user servers asked for the followers of one chunk


def purging_of(scenario: Scenario, followers: NDArray[np.int64]) -> Purging:
    """Return the widths for posts by authors with so many followers, one number per post."""
    layout = layout_of(scenario)
    chunks = Chunks(followers=followers, ranges=np.ones_like(followers))
    return Purging(
        chunks=chunks.per_post,
        writes=chunks.written(layout.delivery_servers, scenario.seed),
        asked=chunks.asked(layout.follower_servers, scenario.seed),
    )
