"""The simulated twin of a scenario: its fleet, people and traffic as a Program."""

from __future__ import annotations

from collections.abc import Mapping

from model.answers.calibrations import Calibration
from model.engine.network import Network
from model.engine.program import Program
from model.world.design import journeys_of
from model.world.journeys import Journey
from model.world.reach import reach_of
from model.world.scenario import Scenario, ScenarioError
from model.world.topology import HOST, Topology, topology_of

# Waits for a disk, not for a core: its threads are the object store's own.
OFF_HOST = ("object_store",)


def twin_of(scenario: Scenario, calibration: Calibration) -> Program:
    """Return 1/`simulation.slice` of the scenario as a Program, with the works learnt.

    Shards and instances become fewer and stay as they are; requests become rarer and stay
    as wide as they are.  Raises ScenarioError if the slice has no room for the widest page.
    """
    topology = topology_of(scenario.fleet, slice_of=scenario.simulation.slice)
    _refuse_narrow(scenario, topology)
    return program_of(
        topology,
        twin_journeys(scenario, calibration),
        {
            endpoint.value: share * scenario.requests_per_s / scenario.simulation.slice
            for endpoint, share in scenario.traffic.mix.items()
        },
    )


def _refuse_narrow(scenario: Scenario, topology: Topology) -> None:
    """Refuse a slice in which a page would touch fewer servers than it does in the whole."""
    whole, page = scenario.fleet.post_store.shards, scenario.policy.page_limit
    left = topology.station("post_db").members
    if left < min(whole, page):
        raise ScenarioError(
            f"simulation.slice: {scenario.simulation.slice} leaves {left} post servers,"
            f" and a page of {page} posts asks more of them"
        )


def twin_journeys(scenario: Scenario, calibration: Calibration) -> tuple[Journey, ...]:
    """Return the design's journeys with the scenario's widths and the works learnt."""
    return journeys_of(reach_of(scenario), calibration.work_of, calibration.delay_of)


def program_of(
    topology: Topology, journeys: tuple[Journey, ...], rates_per_s: Mapping[str, float]
) -> Program:
    """Return the Program of these stations and journeys, with Poisson arrivals."""
    network = Network()
    if topology.shared_cores is not None:
        network.host(HOST, cores=topology.shared_cores)
    for station in topology.stations:
        on_host = topology.shared_cores is not None and station.name not in OFF_HOST
        network.station(
            station.name,
            servers=station.servers,
            members=station.members,
            host=HOST if on_host else None,
        )
    for journey in journeys:
        network.journey(journey)
    for journey_name, rate_per_s in rates_per_s.items():
        network.arrivals(journey_name, rate_per_s=rate_per_s)
    return network.build()
