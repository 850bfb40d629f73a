"""The simulated twin of a scenario: its fleet, people and traffic as a Program."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

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
WIDE_SHARE = 0.99  # of pages, which a slice must be as wide as
REQUESTS_MAX = 2_000_000  # of one replication: every visit of each is kept and looked at


Arrivals = Mapping[str, NDArray[np.float64]]  # endpoint -> instants in seconds, rising


def twin_of(
    scenario: Scenario, calibration: Calibration, arrivals: Arrivals | None = None
) -> Program:
    """Return 1/`simulation.slice` of the scenario as a Program, with the works learnt.

    Requests come at the instants of `arrivals`, or as Poisson streams if there are none.

    Shards and instances become fewer and stay as they are; requests become rarer and stay
    as wide as they are.  Raises ScenarioError if the slice has no room for the widest page.
    """
    topology = topology_of(scenario.fleet, slice_of=scenario.simulation.slice)
    _refuse_narrow(scenario, topology)
    _refuse_endless(scenario)
    if arrivals is not None and scenario.simulation.slice > 1:
        raise ScenarioError("simulation.slice: must be 1 where requests are given one by one")
    rates_per_s = {
        endpoint.value: share * scenario.requests_per_s / scenario.simulation.slice
        for endpoint, share in scenario.traffic.mix.items()
    }
    network = _network(topology, twin_journeys(scenario, calibration))
    for endpoint, rate_per_s in rates_per_s.items():
        if arrivals is None:
            network.arrivals(endpoint, rate_per_s=rate_per_s)
        else:
            network.recorded(endpoint, at_s=arrivals.get(endpoint, np.empty(0)))
    return network.build()


def _refuse_endless(scenario: Scenario) -> None:
    """Refuse a run that nobody would live to see the end of."""
    runs = scenario.simulation
    requests = scenario.requests_per_s / runs.slice * (runs.warmup + runs.duration)
    if requests > REQUESTS_MAX:
        raise ScenarioError(
            f"simulation: at most {REQUESTS_MAX:,} requests in one replication, asked for"
            f" {requests:,.0f}: lower the rate or the duration, or raise the slice"
        )


def _refuse_narrow(scenario: Scenario, topology: Topology) -> None:
    """Refuse a slice in which a page would touch fewer servers than it does in the whole."""
    fleet, page = scenario.fleet, scenario.policy.page_limit
    merged = reach_of(scenario).merged_servers.quantile(WIDE_SHARE)
    for station, whole, width, what in (
        ("post_db", fleet.post_store.shards, page, f"a page of {page} posts"),
        ("timeline_store", fleet.timeline_store.shards, merged, f"a page of {merged} lists"),
    ):
        left = topology.station(station).members
        if left < min(whole, width):
            raise ScenarioError(
                f"simulation.slice: {scenario.simulation.slice} leaves {left} servers of"
                f" {station}, and {what} asks more of them"
            )


def twin_journeys(scenario: Scenario, calibration: Calibration) -> tuple[Journey, ...]:
    """Return the design's journeys with the scenario's widths and the works learnt."""
    return journeys_of(reach_of(scenario), calibration.work_of, calibration.delay_of)


def _network(topology: Topology, journeys: tuple[Journey, ...]) -> Network:
    """Return these stations and journeys, to which nobody comes yet."""
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
    return network
