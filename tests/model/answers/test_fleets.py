"""A fleet as a network: its copies, queues and limits."""

from pathlib import Path

import numpy as np
import pytest

from model.answers.fleets import limit_elsewhere, network_of
from model.engine.codes import NONE, Discipline
from model.engine.network import Network
from model.engine.simpy_engine import simulate
from model.world.design.guards import bulkhead_of
from model.world.design.steps import Steps
from model.world.journeys import Delay, Hold, Journey, Visit
from model.world.laws import Constant, QuantileTable
from model.world.routes import ZONE
from model.world.scenario_files import load_scenario
from model.world.slices import abroad
from model.world.topology import EVENT_LOOPS, topology_of
from model.world.wiring import ADMISSION, DOOR, wiring_of

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
TROUBLE = "events=[{kind='broker-stop', lasts='1 s'}]"


def stations(*overrides):
    """The stations of the Program, each a row of its table, and who is on the host."""
    return program(*overrides).stations


def program(*overrides):
    scenario = load_scenario(LAPTOP, overrides)
    topology = topology_of(scenario.fleet, slice_of=scenario.simulation.slice)
    network = network_of(scenario, topology, wiring_of(scenario))
    visit = Visit(station="user", work=Constant(value=1.0))
    network.journey(Journey(name="ask", steps=visit))
    network.arrivals("ask", rate_per_s=1.0, attributes={ZONE: [0.0]})
    return network.build()


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
    assert of(stations("fleet.zones=3"), DOOR, "replicas") == 3
    assert DOOR not in stations().names


def test_work_for_few_goes_first_at_the_fan_out_only():
    for table in (stations(), stations(TROUBLE, "policy.protections.newest_first_above=9")):
        first = {
            name
            for name, order in zip(table.names, table.discipline, strict=True)
            if order == Discipline.PRIORITY
        }
        assert first == {"fanout"}


@pytest.mark.parametrize("group", ["fanout", "pipeline"])
@pytest.mark.parametrize("also", ["", "fleet.{}.autoscaling={{max=3}}", "fleet.zones=3"])
def test_no_post_waits_for_a_worker_while_another_is_idle(group, also):
    shape = ("fleet.placement=dedicated", f"fleet.{group}.instances=3", also.format(group))
    scenario = load_scenario(LAPTOP, filter(None, shape))
    wiring, topology = wiring_of(scenario), topology_of(scenario.fleet)
    network = network_of(scenario, topology, wiring)
    seconds = QuantileTable(probabilities=(0.0, 1.0), values=(2.0, 2.0))
    call = Steps(group, lambda *_: seconds, wiring).call(group)
    network.journey(Journey(name="post", steps=call))
    arrived_s = np.sort(np.concatenate([np.arange(20) * 10.0] * 3))
    zones = [0.0, 1.0, 2.0] if "zones" in also else [0.0]
    network.recorded("post", at_s=arrived_s, attributes={ZONE: np.resize(zones, 60)})
    latencies_s = simulate(network.build(), seed=1, until_s=300.0).latencies_s("post")
    assert latencies_s == pytest.approx([2.0] * 60)


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


@pytest.mark.parametrize("zones", [1, 2])
def test_gateways_outside_a_slice_have_limits_of_their_own(zones):
    sets = ("fleet.placement=dedicated", "fleet.gateway.instances=8", f"fleet.zones={zones}")
    scenario = load_scenario(LAPTOP, (*sets, "simulation.slice=3", TROUBLE))
    topology = topology_of(scenario.fleet)
    network = Network()
    limit_elsewhere(network, scenario, topology)
    network.journey(
        Journey(
            name="held",
            steps=Hold(station=abroad(ADMISSION), steps=Delay(time=Constant(value=1.0))),
        )
    )
    network.arrivals("held", rate_per_s=1.0)
    table = network.build().stations
    # Eight are here, a third of all: so sixteen are not.
    assert of(table, abroad(ADMISSION), "members") == 16
    assert of(table, abroad(ADMISSION), "servers") == 512


def test_where_nothing_can_go_wrong_nothing_is_limited_elsewhere():
    network, scenario = Network(), load_scenario(LAPTOP)
    limit_elsewhere(network, scenario, topology_of(scenario.fleet))
    network.station("one")  # a network without any is none
    network.journey(Journey(name="ask", steps=Visit(station="one", work=Constant(value=1.0))))
    network.arrivals("ask", rate_per_s=1.0)
    assert network.build().stations.names == ("one",)


def test_a_lost_copy_is_chosen_until_it_is_noticed_and_takes_the_writes_until_the_failover():
    table = stations(
        "fleet.zones=2",
        "fleet.user.instances=4",
        "fleet.links.noticed_after='3 s'",
        "fleet.user_store={replicas=2, failover='9 s'}",
    )
    assert of(table, "user", "noticed_after_s") == 3.0
    assert of(table, "user_db", "noticed_after_s") == 3.0
    assert of(table, "user_db", "failover_s") == 9.0


def test_a_lost_worker_takes_nothing_whether_that_is_noticed_or_not():
    table = stations("fleet.zones=2", "fleet.fanout.instances=4", "fleet.links.noticed_after='3 s'")
    assert of(table, "fanout", "noticed_after_s") == 0.0


def test_who_is_the_only_one_has_nobody_to_take_over():
    table = stations()
    assert set(table.noticed_after_s) == set(table.failover_s) == {0.0}


def test_of_zones_of_two_regions_those_of_the_own_are_nearer():
    ranks = program("fleet.zones=4", "fleet.regions=['eu-west', 'us-east']").zone_ranks
    assert ranks.tolist() == [[0, 2, 1, 2], [2, 0, 2, 1], [1, 2, 0, 2], [2, 1, 2, 0]]


@pytest.mark.parametrize("overrides", [(TROUBLE,), ("fleet.zones=2",), (TROUBLE, "fleet.zones=2")])
def test_any_fleet_is_one_that_engines_take(overrides):
    assert len(stations(*overrides).names) > 15
