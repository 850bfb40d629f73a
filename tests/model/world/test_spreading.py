"""How posts spread: what the services do with followers one by one, as laws."""

from pathlib import Path

import numpy as np
import pytest

from model.rules.fanouts import shard_ranges
from model.rules.sharding import even_table
from model.rules.timelines import FANOUT_CHUNK_MAX
from model.world.scenario_files import load_scenario
from model.world.spreading import spreading_of

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"


def spreading(*followers, servers=2, workers=1):
    sizes = f"fleet.timeline_store.shards={servers}", f"fleet.fanout.instances={workers}"
    return spreading_of(load_scenario(LAPTOP, sizes), np.array(followers))


@pytest.mark.parametrize("servers", [1, 2, 3, 8, 64])
@pytest.mark.parametrize("followers", [1_001, 1_500, 3_500, 7_999, 8_000, 100_000])
def test_many_followers_are_chunks_of_ranges_each_with_one_that_is_not_full(servers, followers):
    ranges = shard_ranges(even_table(servers).owners, followers=followers)
    in_range = followers // len(ranges)
    chunks = len(ranges) * (in_range // FANOUT_CHUNK_MAX + 1)
    law = spreading(followers, servers=servers)
    assert law.many_share == 1.0
    assert law.chunks.counts == (chunks,)


def test_a_chunk_of_a_range_on_one_server_is_one_call_and_else_one_per_server():
    assert spreading(3_000, servers=8).chunk_servers.mean == 1.0
    # Eight ranges of 500 servers each; 7,999 followers are 999 in each, in one chunk.
    calls = spreading(7_999, servers=4_000).chunk_servers.mean
    assert calls == pytest.approx(500 * (1 - (1 - 1 / 500) ** 999), rel=0.01)


def test_full_chunks_and_those_that_are_not_are_weighted_by_how_often_they_occur():
    # Eight ranges of 2,500: two chunks of 1,000 and one of 500.
    calls = spreading(20_000, servers=800).chunk_servers.mean
    full, rest = (100 * (1 - 0.99**n) for n in (1_000, 500))
    assert calls == pytest.approx((2 * full + rest) / 3, rel=0.001)
    # An author of many chunks has more of them than one of few.
    law = spreading(7_200, 200_000, servers=800)
    assert law.chunks.counts == (8, 208)
    sparse = 100 * (1 - 0.99**900)  # and the last of eight ranges of 25,000 holds nobody
    assert law.chunk_servers.mean == pytest.approx((8 * sparse + 200 * full) / 216, rel=0.001)


def test_few_followers_are_brought_the_post_with_the_author():
    law = spreading(0, servers=64)
    assert (law.many_share, law.few_servers.counts) == (0.0, (1,))
    assert spreading(1_000, servers=2).few_servers.counts == (2,)
    assert spreading(1_000).many_share == 0.0
    both = spreading(5, 50_000, servers=4_096)
    assert both.many_share == 0.5
    assert both.few_servers.mean == pytest.approx(6, rel=0.01)


@pytest.mark.parametrize(("workers", "at_once"), [(1, 1), (5, 5), (8, 8), (30, 8)])
def test_ranges_are_brought_side_by_side_as_far_as_there_are_workers(workers, at_once):
    assert spreading(9_000, workers=workers).at_once == at_once


def test_where_nothing_is_pushed_nothing_spreads():
    law = spreading()
    assert law.many_share == 0.0
    assert law.chunks.mean == law.few_servers.mean == law.chunk_servers.mean == 0.0
