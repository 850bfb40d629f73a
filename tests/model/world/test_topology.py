"""How many of everything there are, however they are chosen among."""

from pathlib import Path

import pytest

from model.world.scenario import Fleet
from model.world.scenario_files import load_scenario
from model.world.topology import simulated_topology, topology_of

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"

SIX = {"user": {"instances": 6}, "placement": "dedicated"}


@pytest.mark.parametrize("zones", [1, 3])
def test_instances_are_as_many_in_three_zones_as_in_one(zones):
    assert topology_of(Fleet.model_validate({"zones": zones, **SIX})).station("user").size == 6


def test_instances_in_several_zones_are_copies_of_which_the_nearest_answers():
    user = topology_of(Fleet.model_validate({"zones": 3, **SIX})).station("user")
    assert (user.members, user.copies) == (1, 6)


def test_a_service_has_room_for_as_many_instances_as_there_may_ever_be():
    fleet = Fleet.model_validate({"user": {"instances": 2, "autoscaling": {"max": 5}}})
    assert topology_of(fleet).station("user").size == 5


def test_replicas_of_a_shard_are_no_more_shards():
    fleet = Fleet.model_validate({"user_store": {"shards": 4, "replicas": 3}})
    store = topology_of(fleet).station("user_db")
    assert (store.size, store.copies) == (4, 3)


def test_where_an_instance_crashes_nobody_is_sent_to_it_once_that_is_known():
    crash = "events=[{kind='crash', station='timeline'}]"
    timeline = simulated_topology(load_scenario(LAPTOP, (crash,))).station("timeline")
    assert (timeline.members, timeline.copies) == (1, 2)


@pytest.mark.parametrize("events", ["[]", "[{kind='crash', station='post_db'}]"])
def test_where_no_instance_crashes_each_is_a_member_of_its_own(events):
    scenario = load_scenario(LAPTOP, (f"events={events}",))
    timeline = simulated_topology(scenario).station("timeline")
    assert (timeline.members, timeline.copies) == (2, 1)
