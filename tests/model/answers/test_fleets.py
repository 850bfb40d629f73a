"""A fleet as a network: its copies, queues and limits."""

from pathlib import Path

import pytest

from model.answers.fleets import network_of
from model.engine.program import NONE, Discipline
from model.world.design.guards import bulkhead_of
from model.world.journeys import Journey, Visit
from model.world.laws import Constant
from model.world.routes import ZONE
from model.world.scenario_files import load_scenario
from model.world.topology import EVENT_LOOPS, topology_of
from model.world.wiring import ADMISSION, DOOR, wiring_of

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
TROUBLE = "events=[{kind='broker-stop', lasts='1 s'}]"


def stations(*overrides):
    """The stations of the Program, each a row of its table, and who is on the host."""
    scenario = load_scenario(LAPTOP, overrides)
    topology = topology_of(scenario.fleet, slice_of=scenario.simulation.slice)
    network = network_of(scenario, topology, wiring_of(scenario))
    visit = Visit(station="user", work=Constant(value=1.0))
    network.journey(Journey(name="ask", steps=visit))
    network.arrivals("ask", rate_per_s=1.0, attributes={ZONE: [0.0]})
    return network.build().stations


def of(table, name, column):
    return getattr(table, column)[table.names.index(name)]


def test_every_station_of_the_fleet_is_there_as_often_as_the_fleet_says():
    table = stations()
    topology = topology_of(load_scenario(LAPTOP).fleet)
    assert set(table.names) == {station.name for station in topology.stations}
    for station in topology.stations:
        assert of(table, station.name, "shards") == station.members
        assert of(table, station.name, "servers") == station.servers


def test_all_but_the_disk_shares_the_cores_of_one_host():
    table = stations("fleet.placement=shared")
    alone = {name for name, host in zip(table.names, table.host, strict=True) if host == NONE}
    assert alone == {"object_store"}


def test_a_dedicated_fleet_shares_nothing():
    assert set(stations("fleet.placement=dedicated").host) == {NONE}


def test_shards_have_the_copies_that_their_store_says():
    table = stations("fleet.post_store={shards=4, replicas=3}")
    assert (of(table, "post_db", "shards"), of(table, "post_db", "replicas")) == (4, 3)


def test_where_zones_are_chosen_instances_are_copies_of_one():
    table = stations("fleet.zones=2", "fleet.user.instances=6")
    assert (of(table, "user", "shards"), of(table, "user", "replicas")) == (1, 6)


def test_every_zone_has_a_door_of_its_own():
    assert of(stations("fleet.zones=3"), DOOR, "shards") == 3
    assert DOOR not in stations().names


def test_work_for_few_goes_first_at_the_fan_out_only():
    for table in (stations(), stations(TROUBLE, "policy.protections.newest_first_above=9")):
        first = {
            name
            for name, order in zip(table.names, table.discipline, strict=True)
            if order == Discipline.PRIORITY
        }
        assert first == {"fanout"}


def test_nothing_is_limited_where_nothing_can_go_wrong():
    table = stations()
    assert set(table.queue_max) == {NONE}
    assert ADMISSION not in table.names


def test_a_queue_is_as_long_as_the_policy_allows_and_drops_what_is_late():
    table = stations(TROUBLE, "policy.protections={queue_max=7, drops_late_work=true}")
    assert of(table, "user", "queue_max") == of(table, "user_db", "queue_max") == 7
    assert of(table, "user", "drop_expired")
    assert not of(
        stations(TROUBLE, "policy.protections.drops_late_work=false"), "user", "drop_expired"
    )


def test_only_event_loops_take_the_newest_first_and_only_when_many_wait():
    table = stations(TROUBLE, "policy.protections.newest_first_above=30")
    assert of(table, "timeline", "discipline") == Discipline.LIFO
    assert of(table, "timeline", "lifo_above") == 30
    assert of(table, "user_db", "discipline") == Discipline.FIFO


def test_a_gateway_has_so_many_requests_under_way_and_refuses_one_more():
    table = stations(TROUBLE, "policy.protections.in_flight_max=40", "fleet.gateway.instances=3")
    assert of(table, ADMISSION, "shards") == of(table, "gateway", "shards") == 3
    assert of(table, ADMISSION, "servers") == 40
    assert of(table, ADMISSION, "queue_max") == 0


def test_every_service_has_its_bulkhead_if_the_policy_has_them():
    table = stations(TROUBLE, "policy.protections.bulkhead_max=5")
    for service in ("user", "follow", "post", "media", "timeline", "search"):
        assert of(table, bulkhead_of(service), "servers") == 5
    without = stations(TROUBLE).names
    assert not [name for name in EVENT_LOOPS if bulkhead_of(name) in without]


def test_a_lost_copy_is_chosen_until_it_is_noticed_and_a_stores_until_its_failover():
    table = stations(
        "fleet.zones=2",
        "fleet.user.instances=4",
        "fleet.links.noticed_after='3 s'",
        "fleet.user_store={replicas=2, failover='9 s'}",
    )
    assert of(table, "user", "noticed_after_s") == 3.0
    assert of(table, "user_db", "noticed_after_s") == 9.0


def test_who_is_the_only_one_has_nobody_to_take_over():
    assert set(stations().noticed_after_s) == {0.0}


@pytest.mark.parametrize("overrides", [(TROUBLE,), ("fleet.zones=2",), (TROUBLE, "fleet.zones=2")])
def test_any_fleet_is_one_that_engines_take(overrides):
    assert len(stations(*overrides).names) > 15
