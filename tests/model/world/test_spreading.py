"""How posts spread: what the services do with followers one by one, as laws."""

from pathlib import Path

import numpy as np
import pytest

from model.rules.fanouts import class_of, shard_ranges
from model.rules.sharding import even_table
from model.rules.timelines import FANOUT_CHUNK_MAX
from model.world.scenario_files import load_scenario
from model.world.spreading import spreading_of

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"


def spreading(*followers, servers=2, workers=1, policy=(), halved_share=0.0):
    sizes = f"fleet.timeline_store.shards={servers}", f"fleet.fanout.instances={workers}"
    scenario = load_scenario(LAPTOP, (*sizes, *policy))
    return spreading_of(scenario, np.array(followers, dtype=np.int64), halved_share=halved_share)


@pytest.mark.parametrize("servers", [1, 2, 3, 8, 64])
@pytest.mark.parametrize("followers", [1_001, 1_500, 3_500, 7_999, 8_000, 100_000])
def test_many_followers_are_chunks_of_ranges_each_with_one_that_is_not_full(servers, followers):
    ranges = shard_ranges(even_table(servers).owners, followers=followers)
    in_range = followers // len(ranges)
    chunks = len(ranges) * (in_range // FANOUT_CHUNK_MAX + 1)
    law = spreading(followers, servers=servers)
    assert law.many_share == 1.0
    assert [many.chunks.counts for many in law.many] == [(chunks,)]


@pytest.mark.parametrize(
    ("followers", "servers"), [(3_000, 8), (7_000, 4_000), (20_000, 800), (300_000, 96)]
)
def test_a_chunk_is_written_to_the_servers_on_which_its_followers_lie(followers, servers):
    seen = [
        len(np.unique(page * servers // 4096))
        for seed in range(40)
        for page in pages_of(followers, servers, seed)
    ]
    error = np.std(seen) / np.sqrt(len(seen))
    [many] = spreading(followers, servers=servers).many
    # Ranges of real followers differ in size; those of the law do not.
    assert many.writes.servers.mean == pytest.approx(np.mean(seen), rel=0.03, abs=4 * error)


@pytest.mark.parametrize(
    ("followers", "servers"), [(3_000, 8), (7_000, 4_000), (20_000, 800), (300_000, 96)]
)
def test_a_write_holds_the_followers_of_a_chunk_who_lie_on_its_server(followers, servers):
    seen = [
        entries
        for seed in range(10)
        for page in pages_of(followers, servers, seed)
        for entries in np.unique(page * servers // 4096, return_counts=True)[1]
    ]
    error = np.std(seen) / np.sqrt(len(seen))
    [many] = spreading(followers, servers=servers).many
    assert many.writes.entries.mean == pytest.approx(np.mean(seen), rel=0.04, abs=4 * error)


@pytest.mark.parametrize("servers", [1, 8, 512])
def test_the_writes_of_posts_to_few_hold_all_their_followers_and_authors(servers):
    law = spreading(0, 3, 50, 1_000, servers=servers).few
    written = law.servers.mean * law.entries.mean
    # Four posts are few: servers are rounded at random for each of them.
    assert written == pytest.approx((0 + 3 + 50 + 1_000 + 4) / 4, rel=0.1)


def test_the_mean_write_is_that_of_all_chunks_of_few_and_of_many():
    law = spreading(9, 7_200, servers=1)
    # One post in one write of 10, and one in 8 ranges, each of which ends with a chunk of 900.
    assert law.entries_mean == pytest.approx((10 + 7_200) / (1 + 8), rel=0.01)
    assert spreading().entries_mean == 0.0


def test_writes_to_readers_of_a_share_hold_those_of_a_server_who_are():
    law = spreading(100, servers=1, halved_share=0.2).few
    assert law.halved_entries.mean == pytest.approx(20, rel=0.01)
    assert spreading(100, servers=1).few.halved_entries.mean == 0.0


@pytest.mark.parametrize(
    ("followers", "users"), [(1_500, 2), (20_000, 24), (100_000, 2), (100_000, 64)]
)
def test_where_pairs_are_kept_by_follower_a_page_asks_all_servers_still_to_come(followers, users):
    """Of followers who are spread evenly, shard by shard; timelines lie on two servers."""
    ranges = shard_ranges(even_table(2).owners, followers=followers)
    asked = []
    for first, last in ranges:
        in_range = followers // len(ranges)
        for passed in range(0, in_range + 1, FANOUT_CHUNK_MAX):
            begun = min(last, first + passed * (last + 1 - first) // in_range)
            asked.append(last * users // 4096 - begun * users // 4096 + 1)
    kept = "policy.follows_kept=follower", f"fleet.user_store.shards={users}"
    [many] = spreading(followers, policy=kept).many
    assert many.asked.mean == pytest.approx(np.mean(asked), rel=0.02)
    [mirrored] = spreading(followers, policy=kept[1:]).many
    assert mirrored.asked.counts == (1,)


def pages_of(followers, servers, seed):
    """Yield the logical shards of the followers in each page of each range, in order."""
    shards = np.sort(np.random.default_rng(seed).integers(0, 4096, followers))
    for first, last in shard_ranges(even_table(servers).owners, followers=followers):
        own = shards[(shards >= first) & (shards <= last)]
        for start in range(0, len(own) + 1, FANOUT_CHUNK_MAX):
            yield own[start : start + FANOUT_CHUNK_MAX]


def test_posts_to_many_are_told_apart_by_how_urgent_they_are():
    law = spreading(5, 7_200, 7_300, 200_000, 3_000_000)
    assert [many.urgency for many in law.many] == [class_of(n) for n in (7_200, 200_000, 3_000_000)]
    assert [many.share for many in law.many] == [0.4, 0.2, 0.2]
    assert law.many_share == pytest.approx(0.8)


def test_few_followers_are_brought_the_post_with_the_author():
    law = spreading(0, servers=64)
    assert (law.many_share, law.few.servers.counts) == (0.0, (1,))
    assert spreading(1_000, servers=2).few.servers.counts == (2,)
    assert spreading(1_000).many_share == 0.0
    both = spreading(5, 50_000, servers=4_096)
    assert both.many_share == 0.5
    assert both.few.servers.mean == pytest.approx(6, rel=0.01)


def test_per_edge_the_author_is_brought_the_post_before_the_followers():
    law = spreading(0, 5, servers=4_096, policy=["policy.strategy=per_edge"])
    assert law.is_per_edge
    assert law.few.servers.mean == pytest.approx(2.5, rel=0.01)


def test_where_timelines_lie_by_post_all_its_entries_are_on_one_server():
    law = spreading(0, 900, 50_000, servers=64, policy=["policy.timelines_by=post"])
    assert law.few.servers.counts == (1,)
    [many] = law.many
    assert many.writes.servers.quantile(0.99) == 1
    assert many.chunks == spreading(0, 900, 50_000, servers=64).many[0].chunks


def test_a_server_is_told_again_if_one_of_its_readers_gets_a_share_of_posts():
    # Ten followers and the author on one server: no author gets a share of their own posts.
    law = spreading(10, servers=1, halved_share=0.2)
    assert law.few.halved_share == pytest.approx(1 - 0.8**10)
    sparse = spreading(10, servers=4_096, halved_share=0.2)
    assert sparse.few.halved_share == pytest.approx(0.2 * 10 / 11, rel=0.01)
    [many] = spreading(2_000, servers=2, halved_share=0.001).many
    # Two ranges of one full chunk and one with nobody in it.
    assert many.writes.halved_share == pytest.approx(1 - 0.999**1_000)
    assert spreading(10).few.halved_share == 0.0


@pytest.mark.parametrize(("workers", "at_once"), [(1, 1), (5, 5), (8, 8), (30, 8)])
def test_ranges_are_brought_side_by_side_as_far_as_there_are_workers(workers, at_once):
    assert spreading(9_000, workers=workers).at_once == at_once


@pytest.mark.parametrize(("servers", "at_once"), [(1, 8), (3, 6), (4, 8), (5, 5), (64, 8)])
def test_no_more_chunks_are_under_way_than_there_are_ranges(servers, at_once):
    assert spreading(9_000, 100_000, servers=servers, workers=64).at_once == at_once


def test_where_nothing_is_pushed_nothing_spreads():
    law = spreading()
    assert (law.many, law.many_share) == ((), 0.0)
    assert law.few.servers.mean == law.few.halved_share == 0.0
