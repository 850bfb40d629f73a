"""Which zone a client is sent to, and a copy stands in."""

import doctest
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.rules import regions
from model.rules.regions import REGIONS, Place, distance_km, nearest_first, zone_of_copy

NAMES = st.sampled_from(sorted(REGIONS))
ZONES = st.dictionaries(st.sampled_from([f"zone-{n}" for n in range(1, 9)]), NAMES, min_size=1)


def test_the_examples_in_the_rules_are_true():
    assert doctest.testmod(regions).failed == 0


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [  # great circles as geodesic calculators give them, which know that the globe is flattened
        ("eu-west", "us-east", 5_460),
        ("eu-central", "ap-southeast", 10_260),
        ("ap-northeast", "us-west", 7_750),
        ("sa-east", "af-south", 6_340),
        ("au-southeast", "ap-southeast", 6_300),
    ],
)
def test_distances_are_those_of_the_globe(one, other, km):
    assert distance_km(REGIONS[one], REGIONS[other]) == pytest.approx(km, rel=0.02)


@given(NAMES, NAMES, NAMES)
def test_distance_is_a_metric(a, b, c):
    a, b, c = REGIONS[a], REGIONS[b], REGIONS[c]
    assert distance_km(a, a) == 0
    assert distance_km(a, b) == pytest.approx(distance_km(b, a))
    assert distance_km(a, c) <= distance_km(a, b) + distance_km(b, c) + 1e-6


def test_the_far_side_of_the_globe_is_half_way_round():
    here, there = Place(latitude=30, longitude=10), Place(latitude=-30, longitude=-170)
    assert distance_km(here, there) == pytest.approx(20_015, abs=1)


def test_the_way_over_the_date_line_is_the_short_one():
    west, east = Place(latitude=0, longitude=179), Place(latitude=0, longitude=-179)
    assert distance_km(west, east) == pytest.approx(222.4, abs=0.1)


@pytest.mark.parametrize("zones", [1, 2, 3, 8])
def test_copies_of_a_shard_stand_in_a_zone_each_and_first_copies_in_all_zones_alike(zones):
    for shard in range(20):
        assert {zone_of_copy(shard, copy, zones) for copy in range(zones)} == set(range(zones))
    firsts = [zone_of_copy(shard, 0, zones) for shard in range(20 * zones)]
    assert [firsts.count(zone) for zone in range(zones)] == [20] * zones


@pytest.mark.parametrize(
    ("client", "nearest"),
    [
        ("eu-west", "zone-1"),
        ("eu-north", "zone-1"),
        ("eu-central", "zone-1"),
        ("us-west", "zone-2"),
        ("sa-east", "zone-2"),
        ("au-southeast", "zone-3"),
        ("ap-south", "zone-3"),
        ("af-south", "zone-3"),  # nearer to Singapore than to Dublin, by 300 km
    ],
)
def test_three_zones_share_the_world(client, nearest):
    zones = {"zone-1": "eu-west", "zone-2": "us-east", "zone-3": "ap-southeast"}
    assert nearest_first(client, zones)[0] == nearest


def test_a_client_of_each_region_gets_the_nearest_of_any_three_zones():
    for client, place in REGIONS.items():
        for subset in combinations(REGIONS, 3):
            zones = {f"zone-{number}": region for number, region in enumerate(subset, 1)}
            nearest = min(subset, key=lambda region: distance_km(place, REGIONS[region]))
            assert zones[nearest_first(client, zones)[0]] == nearest


@given(NAMES, ZONES)
def test_every_zone_is_named_once_and_none_is_farther_than_the_next(client, zones):
    order = nearest_first(client, zones)
    assert sorted(order) == sorted(zones)
    far_km = [distance_km(REGIONS[client], REGIONS[zones[zone]]) for zone in order]
    assert far_km == sorted(far_km)


@given(NAMES, ZONES, st.data())
def test_when_a_zone_is_gone_the_others_keep_their_order(client, zones, data):
    gone = data.draw(st.sampled_from(sorted(zones)))
    left = {zone: region for zone, region in zones.items() if zone != gone}
    assert nearest_first(client, left) == [z for z in nearest_first(client, zones) if z != gone]


def test_zones_of_one_region_come_by_name():
    zones = {"zone-2": "eu-west", "zone-1": "eu-west", "zone-3": "us-east"}
    assert nearest_first("us-west", zones) == ["zone-3", "zone-1", "zone-2"]


@pytest.mark.parametrize("client", ["", "EU-WEST", "mars", "eu-west\n"])
def test_a_region_that_nobody_knows_is_as_far_from_every_zone(client):
    assert nearest_first(client, {"b": "eu-west", "a": "ap-south"}) == ["a", "b"]


def test_a_zone_that_is_nowhere_comes_last():
    assert nearest_first("ap-south", {"a": "", "b": "us-west"}) == ["b", "a"]
