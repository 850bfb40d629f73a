"""How a deleted post leaves timelines: one chain of chunks through all followers."""

from pathlib import Path

import numpy as np
import pytest

from model.rules.timelines import FANOUT_CHUNK_MAX
from model.world.purging import purging_of
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"


def purging(*followers, policy=(), servers=2):
    stores = [f"fleet.{each}_store.shards={servers}" for each in ("timeline", "user")]
    scenario = load_scenario(LAPTOP, (*stores, *policy))
    return purging_of(scenario, np.array(followers, dtype=np.int64))


@pytest.mark.parametrize(("followers", "chunks"), [(0, 1), (999, 1), (1_000, 2), (12_345, 13)])
def test_a_purge_is_one_chain_that_ends_with_a_chunk_that_is_not_full(followers, chunks):
    assert purging(followers).chunks.counts == (chunks,)


@pytest.mark.parametrize(("followers", "servers"), [(600, 64), (12_300, 64), (40_500, 7)])
def test_a_chunk_lies_on_the_servers_of_its_followers(followers, servers):
    seen = []
    for seed in range(40):
        shards = np.sort(np.random.default_rng(seed).integers(0, 4096, followers))
        pages = np.split(shards, range(FANOUT_CHUNK_MAX, followers, FANOUT_CHUNK_MAX))
        seen += [len(np.unique(page * servers // 4096)) for page in pages]
    error = np.std(seen) / np.sqrt(len(seen))
    law = purging(followers, servers=servers).writes.servers
    assert law.mean == pytest.approx(np.mean(seen), rel=0.03, abs=4 * error)


def test_nothing_is_asked_widely_where_a_server_knows_all_followers():
    assert purging(50_000, servers=16).asked.counts == (1,)
    widely = purging(50_000, servers=16, policy=["policy.follows_kept=follower"]).asked
    # From all 16 servers for the first page to one for the last.
    assert widely.mean == pytest.approx((1 + 16) / 2, rel=0.03)
    assert (widely.counts[0], widely.counts[-1]) == (1, 16)


def test_all_entries_of_a_post_are_taken_from_one_server_where_timelines_lie_by_post():
    law = purging(900, servers=16, policy=["policy.timelines_by=post"])
    assert law.writes.servers.counts == (1,)


def test_where_nothing_is_pushed_there_is_nothing_to_take_out():
    law = purging()
    assert law.chunks.mean == law.writes.servers.mean == 0.0
