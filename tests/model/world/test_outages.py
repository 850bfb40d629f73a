"""When zones are lost, and from when until when nobody is sent there."""

from math import inf
from pathlib import Path

import pytest

from model.world.outages import lost_together, outages_of, stretches_of
from model.world.scenario import ScenarioError
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
FLEET = ("fleet.zones=4", "fleet.regions=['eu-west', 'us-east']", "simulation.warmup=2 s")


def scenario(*events):
    return load_scenario(LAPTOP, (*FLEET, f"events=[{', '.join(events)}]"))


def loss(zone, at, lasts=None):
    ends = f", lasts='{lasts} s'" if lasts else ""
    return f"{{kind='zone-loss', zone={zone}, at='{at} s'{ends}}}"


def test_events_count_from_the_end_of_the_warm_up():
    [outage] = outages_of(scenario(loss(2, 10, 5)))
    assert (outage.zones, outage.since_s, outage.until_s) == ((1,), 12.0, 17.0)


def test_what_does_not_end_lasts_for_good():
    [outage] = outages_of(scenario(loss(1, 10)))
    assert outage.until_s == inf


def test_a_lost_region_takes_all_its_zones_along():
    [outage] = outages_of(scenario("{kind='region-loss', region='us-east', at='0 s'}"))
    assert outage.zones == (1, 3)


def test_nobody_is_sent_to_a_lost_zone_once_it_is_noticed():
    stretches = stretches_of(scenario(loss(1, 10, 20)))
    found = [(s.since_s, s.until_s, set(s.avoided)) for s in stretches]
    assert found == [(0.0, 17.0, set()), (17.0, 37.0, {0}), (37.0, inf, set())]


def test_what_overlaps_is_avoided_together():
    avoided = [set(s.avoided) for s in stretches_of(scenario(loss(1, 0, 20), loss(3, 10, 20)))]
    assert avoided == [set(), {0}, {0, 2}, {2}, set()]


def test_zones_are_lost_together_if_one_is_down_when_the_other_goes():
    overlapping = lost_together(scenario(loss(1, 0, 20), loss(3, 10, 20)))
    assert [set(zones) for zones in overlapping] == [{0}, {0, 2}]
    one_by_one = lost_together(scenario(loss(1, 0, 10), loss(3, 10, 20)))
    assert [set(zones) for zones in one_by_one] == [{0}, {2}]


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (loss(5, 0), r"events.0.zone: fleet.zones is 4, got 5"),
        ("{kind='region-loss', region='ap-east'}", r"events.0.region: has no zone .*'ap-east'"),
    ],
)
def test_what_the_fleet_has_not_cannot_be_lost(event, message):
    with pytest.raises(ScenarioError, match=message):
        outages_of(scenario(event))
