"""The stations of a fleet as parts of a network: copies, queues, limits, ways between."""

from __future__ import annotations

from model.engine.network import Network
from model.engine.parts import FIRST_COME, Queue
from model.world.attributes import Attribute
from model.world.design.guards import bulkhead_of
from model.world.edges import EDGE, IMAGES, popularity_of, room_of
from model.world.kept_lists import INFLUENCERS, KEPT_LISTS, PROCESS, KeptLists, kept_lists_of
from model.world.places import rtts_s
from model.world.routes import STORE_OF, ZONE
from model.world.scenario import Protections, Scenario
from model.world.scenario.fleet import Popular
from model.world.slices import abroad
from model.world.topology import EVENT_LOOPS, HOST, TAKE_WHEN_IDLE, Station, Topology
from model.world.wiring import ADMISSION, CALLED, DOOR, WIRE, Wiring, wiring_of

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
        apart_s = rtts_s(scenario.fleet)
        network.zones(wiring.zones, of_request=Attribute(name=ZONE), apart_s=apart_s)
        noticed_after_s = scenario.fleet.links.noticed_after
        network.station(
            DOOR, replicas=wiring.zones, servers=DOORS_WIDE, noticed_after_s=noticed_after_s
        )
    if wiring.loses_messages:
        network.link(WIRE, rtt=0.0)
    for station in topology.stations:
        _add(network, scenario, topology, wiring, station)
    if (popular := scenario.fleet.cdn.popular) is not None:
        _add_edges(network, scenario, popular)
    if (lists := kept_lists_of(scenario)) is not None:
        _add_lists(network, scenario, topology, lists)
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
        failover_s=_failover_s(scenario, station),
        balancing=_balancing(station),
    )


def _add_edges(network: Network, scenario: Scenario, popular: Popular) -> None:
    """Add the cache of each zone's edge, whose processes share it."""
    network.keys(IMAGES, law=popularity_of(popular))
    network.cache(
        EDGE,
        keys=IMAGES,
        capacity=room_of(scenario, popular),
        members=scenario.fleet.zones,
        single_flight=scenario.policy.protections.single_flight,
    )


def _add_lists(network: Network, scenario: Scenario, topology: Topology, lists: KeptLists) -> None:
    """Add what each timeline process keeps of the lists of influencers, of whom it knows all."""
    network.keys(INFLUENCERS, law=lists.popularity)
    network.cache(
        KEPT_LISTS,
        keys=INFLUENCERS,
        capacity=len(lists.popularity.counts),
        ttl_s=scenario.policy.of_feeds.lists_kept_s,
        members=topology.station(PROCESS).size,
        single_flight=scenario.policy.protections.single_flight,
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


def _balancing(station: Station) -> str:
    return "least_outstanding" if station.name in TAKE_WHEN_IDLE else "random"


def _noticed_after_s(scenario: Scenario, station: Station) -> float:
    """Return how long a copy that is down goes on being chosen, where there are others.

    Who takes work takes none while down.
    """
    if station.copies == 1 or station.name in TAKE_WHEN_IDLE:
        return 0.0
    return scenario.fleet.links.noticed_after


def _failover_s(scenario: Scenario, station: Station) -> float | None:
    """Return how long the copy of a store that takes the writes is that one, though it is down."""
    table = STORE_OF.get(station.name) if station.copies > 1 else None
    return None if table is None else float(getattr(scenario.fleet, table).failover)


def _limit(network: Network, topology: Topology, how: Protections) -> None:
    """Add what counts the requests in a gateway, and its calls to each service under way."""
    gateway = topology.station("gateway")
    for name, most in _limits(how).items():
        network.station(
            name,
            members=gateway.members,
            replicas=gateway.copies,
            servers=most,
            queue=Queue(limit=0),
        )


def limit_elsewhere(network: Network, scenario: Scenario, topology: Topology) -> None:
    """Add the same of all gateways that are not in the slice, if calls are guarded at all."""
    if not wiring_of(scenario).is_guarded:
        return
    gateway, times = topology.station("gateway"), scenario.simulation.slice - 1
    for name, most in _limits(scenario.policy.protections).items():
        network.station(
            abroad(name),
            members=gateway.members * (1 if gateway.copies > 1 else times),
            replicas=gateway.copies * (times if gateway.copies > 1 else 1),
            servers=most,
            queue=Queue(limit=0),
        )


def _limits(how: Protections) -> dict[str, int]:
    """Return how much one gateway may have under way, by the station that counts it."""
    bulkheads = {bulkhead_of(name): how.bulkhead_max for name in CALLED}
    limits = {ADMISSION: how.in_flight_max, **bulkheads}
    return {name: most for name, most in limits.items() if most}
