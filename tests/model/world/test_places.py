"""Who is served where, and how far it is from there to the data."""

import numpy as np
import pytest

from model.world.places import (
    acks_rtts_s,
    read_rtts_s,
    rtts_s,
    serving_zones,
    write_rtts_s,
    zones_in,
)
from model.world.scenario import Fleet, ScenarioError, Store

EUROPE, AMERICA = "eu-west", "us-east"


def fleet(zones, *regions):
    return Fleet(zones=zones, regions=regions or (EUROPE,))


def test_zones_are_dealt_over_the_regions_in_turn():
    assert zones_in(fleet(5, EUROPE, AMERICA), EUROPE) == (0, 2, 4)


def test_people_are_served_in_any_zone_of_the_nearest_region():
    assert serving_zones(fleet(4, EUROPE, AMERICA), "us-west") == (1, 3)


def test_a_lost_zone_leaves_its_people_to_the_others_of_the_region():
    assert serving_zones(fleet(4, EUROPE, AMERICA), "us-west", {1}) == (3,)


def test_a_lost_region_leaves_its_people_to_the_next():
    assert serving_zones(fleet(4, EUROPE, AMERICA), "us-west", {1, 3}) == (0, 2)


def test_somebody_must_be_left_to_serve():
    with pytest.raises(ScenarioError, match="no zone is left"):
        serving_zones(fleet(2), EUROPE, {0, 1})


def test_a_copy_in_every_zone_is_never_far():
    assert not read_rtts_s(fleet(3), 3).any()


def test_one_copy_is_as_far_as_its_zone_is():
    three = fleet(3, EUROPE, AMERICA, "ap-south")
    assert (read_rtts_s(three, 1) == rtts_s(three)).all()
    assert (write_rtts_s(three, 1) == rtts_s(three)).all()


def test_between_regions_it_takes_what_light_takes_on_the_way_of_the_cables():
    # Dublin to Ashburn: 5,460 km over the globe, there and back at 200,000 km/s in glass.
    [there] = {rtts_s(fleet(2, EUROPE, AMERICA))[0, 1]}
    assert there == pytest.approx(1.4 * 2 * 5_460 / 200_000, rel=0.01)


def test_who_takes_the_writes_of_a_lost_zone_is_the_next_copy():
    four = fleet(4, EUROPE, AMERICA)
    assert write_rtts_s(four, 2, {0})[:, 0] == pytest.approx(rtts_s(four)[:, 1])


def test_a_shard_whose_copies_are_all_lost_is_as_far_as_it_was():
    four = fleet(4, EUROPE, AMERICA)
    assert np.array_equal(write_rtts_s(four, 1, {0}), write_rtts_s(four, 1))


def test_an_asynchronous_write_waits_for_no_other_copy():
    assert not acks_rtts_s(fleet(4, EUROPE, AMERICA), Store(replicas=4)).any()


def test_a_write_waits_for_the_nearest_of_the_copies_that_have_to_acknowledge():
    four = fleet(4, EUROPE, AMERICA)  # each zone has one other in its region
    far = [acks_rtts_s(four, Store(replicas=4, acks=acks)) for acks in (2, 3, 4)]
    assert far[0] == pytest.approx(four.links.zone_rtt)
    for waits_over_ocean_s in far[1:]:
        assert waits_over_ocean_s == pytest.approx(rtts_s(four)[0, 1])


def test_a_copy_in_the_zone_of_the_one_that_takes_the_write_is_not_far():
    two = fleet(2, EUROPE, AMERICA)
    assert not acks_rtts_s(two, Store(replicas=3, acks=2)).any()


def test_nobody_waits_for_a_copy_in_a_lost_zone():
    three = fleet(3, EUROPE, AMERICA, "ap-south")
    store = Store(replicas=3, acks=3)
    assert acks_rtts_s(three, store, {2}) == pytest.approx(rtts_s(three)[0, 1])
    assert not acks_rtts_s(three, store, {1, 2}).any()
