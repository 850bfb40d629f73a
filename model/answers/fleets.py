"""The stations of a fleet as parts of a network: copies, queues, limits, ways between."""

from __future__ import annotations

from model.engine.network import Network
from model.engine.parts import FIRST_COME, Queue
from model.world.design.guards import bulkhead_of
from model.world.journeys import Attribute
from model.world.routes import STORE_OF, ZONE
from model.world.scenario import Protections, Scenario
from model.world.topology import EVENT_LOOPS, HOST, Station, Topology
from model.world.wiring import ADMISSION, CALLED, DOOR, WIRE, Wiring

# Waits for a disk, not for a core: its threads are the object store's own.
OFF_HOST = ("object_store",)
BY_URGENCY = ("fanout",)  # small authors before big ones (rules.fanouts)
DOORS_WIDE = 1_000_000  # nobody waits at the door of a zone


def network_of(scenario: Scenario, topology: Topology, wiring: Wiring) -> Network:
    """Return the fleet as a network, without journeys, and to which nobody comes yet."""
    network = Network()
    if topology.shared_cores is not None:
        network.host(HOST, cores=topology.shared_cores)
    if wiring.is_spread:
        network.zones(wiring.zones, of_request=Attribute(name=ZONE))
        network.station(DOOR, members=wiring.zones, servers=DOORS_WIDE)
    if wiring.loses_messages:
        network.link(WIRE, rtt=0.0)
    for station in topology.stations:
        _add(network, scenario, topology, wiring, station)
    if wiring.is_guarded:
        _limit(network, topology, wiring.protections)
    return network


def _add(
    network: Network, scenario: Scenario, topology: Topology, wiring: Wiring, station: Station
) -> None:
    is_on_host = topology.shared_cores is not None and station.name not in OFF_HOST
    network.station(
        station.name,
        servers=station.servers,
        members=station.members,
        replicas=station.copies,
        host=HOST if is_on_host else None,
        queue=_queue(wiring, station.name),
        noticed_after_s=_noticed_after_s(scenario, station),
        balancing=_balancing(wiring, station),
    )


def _queue(wiring: Wiring, station: str) -> Queue:
    """Return how visits wait: as the policy says, if anything can go wrong at all."""
    how = wiring.protections
    order = "priority" if station in BY_URGENCY else "fifo"
    if not wiring.is_guarded:
        return Queue(order=order) if order != "fifo" else FIRST_COME
    if how.newest_first_above and station in EVENT_LOOPS and order == "fifo":
        order = "lifo"
    return Queue(
        limit=how.queue_max or None,
        order=order,
        lifo_above=how.newest_first_above if order == "lifo" else 0,
        drop_expired=how.drops_late_work,
    )


def _balancing(wiring: Wiring, station: Station) -> str:
    """Return how a copy is chosen: a hedged read must not meet the one that was asked first."""
    is_hedged = wiring.protections.hedge_after and station.name in STORE_OF
    return "least_outstanding" if is_hedged and wiring.is_guarded else "random"


def _noticed_after_s(scenario: Scenario, station: Station) -> float:
    """Return how long a copy that is down goes on being chosen; a store's until its failover."""
    if station.copies == 1:
        return 0.0
    if table := STORE_OF.get(station.name):
        return float(getattr(scenario.fleet, table).failover)
    return scenario.fleet.links.noticed_after


def _limit(network: Network, topology: Topology, how: Protections) -> None:
    """Add what counts the requests in a gateway, and its calls to each service under way."""
    gateway = topology.station("gateway")
    if how.in_flight_max:
        network.station(
            ADMISSION,
            members=gateway.members,
            replicas=gateway.copies,
            servers=how.in_flight_max,
            queue=Queue(limit=0),
        )
    for name in CALLED if how.bulkhead_max else ():
        network.station(
            bulkhead_of(name),
            members=gateway.members,
            replicas=gateway.copies,
            servers=how.bulkhead_max,
            queue=Queue(limit=0),
        )
