"""Which shard requests ask for, and how often those that belong elsewhere ask for one here."""

from pathlib import Path

import numpy as np
import pytest

from model.world.hot_shards import from_elsewhere, hot_of, shards_named
from model.world.incoming import parts_of
from model.world.routes import LUCKS, SHARD, places, shards_among
from model.world.scenario import Endpoint, ScenarioError
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
HOT_S, EVEN_S = 15.0, 5.0  # instants of the run


def scenario(*, shards, share="40 %", slice_of=1):
    hot = f"{{kind='hot-shard', share='{share}', at='8 s', lasts='20 s'}}"
    fleet = ("fleet.placement=dedicated", f"fleet.timeline_store.shards={shards}")
    runs = ("simulation.warmup=2 s", f"simulation.slice={slice_of}")
    return load_scenario(LAPTOP, (*fleet, *runs, f"events=[{hot}]"))


def asked(of, at_s, slice_of):
    """How often each shard here is asked, per request of the world, by all of them together."""
    shards = shards_named(of, at_s)
    assert shards is not None
    columns = {SHARD: shards}
    times = np.bincount(shards.astype(int)) / LUCKS / slice_of
    for share, rows in from_elsewhere(of, columns, at_s) if slice_of > 1 else ():
        own = np.bincount(rows[SHARD].astype(int), minlength=len(times))
        times = times + share * own / own.sum()
    return times


def test_a_hot_shard_gets_its_share_and_the_others_get_the_rest_evenly():
    shards, times = np.unique(shards_among(places(), 0.2, 5), return_counts=True)
    assert shards.tolist() == [0, 1, 2, 3, 4]
    assert times / times.sum() == pytest.approx([0.2] * 5, abs=2 / LUCKS)


@pytest.mark.parametrize("slice_of", [1, 2, 4, 8])
@pytest.mark.parametrize(("at_s", "share"), [(HOT_S, 0.4), (EVEN_S, 1 / 16)])
def test_in_any_slice_every_shard_is_asked_as_often_as_in_the_world(slice_of, at_s, share):
    times = asked(scenario(shards=16, slice_of=slice_of), at_s, slice_of)
    assert len(times) == (16 if slice_of == 1 else 16 // slice_of + 1)
    assert times[0] == pytest.approx(share, abs=1 / LUCKS)
    assert times[1:] == pytest.approx((1 - share) / 15, abs=2 / LUCKS / slice_of)


def test_a_slice_has_a_hot_shard_of_more_than_can_be_simulated_whole():
    many = scenario(shards=4096, slice_of=128)
    assert asked(many, EVEN_S, 128)[0] == pytest.approx(1 / 4096)
    with pytest.raises(ScenarioError, match=r"must be 2 to 50 .* a slice has 65"):
        shards_named(scenario(shards=4096, slice_of=64), EVEN_S)


def test_where_none_is_hot_nobody_says_which_shard():
    calm = load_scenario(LAPTOP)
    assert hot_of(calm) is None
    assert shards_named(calm, 0.0) is None
    assert not list(from_elsewhere(calm, {}, 0.0))


def test_the_most_that_a_hot_shard_gets_is_at_least_what_it_gets_when_all_are_alike():
    cool = hot_of(scenario(shards=4, share="10 %"))
    assert cool.share == 0.25


def test_rows_are_those_of_the_slice():
    of = scenario(shards=16, slice_of=4)
    newsfeeds = list(parts_of(of, Endpoint.NEWSFEED, "eu-west"))
    assert {int(part.columns[SHARD].max()) for part in newsfeeds} == {4}
