"""What a request brings along."""

from pathlib import Path

import numpy as np
import pytest

from model.world.routes import (
    CLIENT,
    LUCKS,
    ZONE,
    columns_of,
    hot_shard,
    legs_column,
    read_column,
    with_share,
    write_column,
)
from model.world.scenario import Endpoint, ScenarioError
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
SPREAD = ("fleet.zones=4", "fleet.regions=['eu-west', 'us-east']")
HOT = "events=[{kind='hot-shard', share='20 %', store='timeline_store'}]"


def scenario(*overrides):
    return load_scenario(LAPTOP, overrides)


def columns(*overrides, endpoint=Endpoint.NEWSFEED, region="eu-west", avoided=()):
    return columns_of(scenario(*overrides), endpoint, region, avoided)


def test_a_request_of_one_zone_brings_nothing_along():
    assert columns() == {}


def test_people_are_dealt_evenly_over_the_zones_that_serve_them():
    zones, times = np.unique(columns(*SPREAD)[ZONE], return_counts=True)
    assert zones.tolist() == [0, 2]
    assert times[0] == times[1]


def test_half_of_all_writes_cross_the_ocean_between_two_regions():
    far = columns(*SPREAD)[write_column("user_db")] > 0.01
    assert far.mean() == 0.5


def test_reads_stay_in_the_zone_where_a_copy_is():
    near = columns(*SPREAD, "fleet.user_store.replicas=4")
    assert not near[read_column("user_db")].any()
    assert not near[legs_column("user_db")].any()


def test_of_many_legs_the_farthest_is_told():
    found = columns(*SPREAD)
    assert (found[legs_column("post_db")] >= found[read_column("post_db")]).all()
    assert found[legs_column("post_db")].min() == found[read_column("post_db")].max()


def test_a_client_waits_for_the_way_and_for_the_bytes():
    at_client = ("targets.measured_at=client", "people.network={rtt='30 ms', bandwidth='1 M/s'}")
    image = columns(*at_client, "people.image_size=1 MB", endpoint=Endpoint.POST)[CLIENT]
    login = columns(*at_client, endpoint=Endpoint.LOGIN)[CLIENT]
    assert np.median(login) == pytest.approx(0.030 + 1_500 / 1e6)
    assert np.median(image) == pytest.approx(0.030 + 1.0015, rel=1e-6)


def test_whose_region_is_lost_has_a_longer_way():
    at_client = (*SPREAD, "targets.measured_at=client")
    near = columns(*at_client)[CLIENT].mean()
    far = columns(*at_client, avoided={0, 2})[CLIENT].mean()
    assert far - near == pytest.approx(1.4 * 2 * 5_460 / 200_000, rel=0.01)


def test_a_share_of_the_rows_is_that_large_among_the_rows_of_every_zone():
    rows = with_share(columns(*SPREAD), "cold", 0.25)
    assert rows["cold"].mean() == pytest.approx(0.25, abs=1 / LUCKS)
    assert rows["cold"][rows[ZONE] == 2].mean() == pytest.approx(0.25, abs=1 / LUCKS)


def test_there_is_at_most_one_hot_shard():
    with pytest.raises(ScenarioError, match="at most one hot-shard"):
        hot_shard(scenario("events=[{kind='hot-shard'}, {kind='hot-shard'}]"))


def test_a_write_takes_the_way_to_the_copies_that_acknowledge_it_too():
    one, two = (
        columns(*SPREAD, f"fleet.user_store={{replicas=2, acks={acks}}}")[write_column("user_db")]
        for acks in (1, 2)
    )
    # Zones go round the two regions, so that the next copy is always over the ocean.
    assert two - one == pytest.approx(one.max())
