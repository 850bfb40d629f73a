"""Where work is done: the stations of a fleet, and the hosts whose cores they share."""

from __future__ import annotations

from dataclasses import dataclass, replace

from model.world.hot_shards import hot_of
from model.world.scenario import Fleet, Instances, Scenario, ScenarioError
from model.world.scenario.events import Crash, Slow

HOST = "host"  # the one machine of a shared fleet

EVENT_LOOPS = (
    "gateway", "user", "follow", "post", "media", "timeline", "fanout", "relay", "pipeline",
    "search", "cdn",
)  # fmt: skip
TAKE_WHEN_IDLE = ("fanout", "pipeline")  # one group each: nobody is chosen while another is idle
PASSWORD_THREADS = 2
DARKROOMS = 1  # processes in which one media service decodes
OBJECT_STORE_THREADS = 4
INDEX_THREADS = 5  # in which one index process searches: asyncio's own, four and one per core


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """Equal instances or shards, each copy with `servers` servers and one queue.

    Where copies are chosen by where they stand or who is up, the instances of a service are the
    copies of one member; else each is a member of its own.
    """

    name: str
    members: int = 1
    servers: int = 1
    copies: int = 1  # of each member
    is_pool: bool = False  # any will do: each copy is another instance, not another replica

    @property
    def size(self) -> int:
        """How many instances there are, or shards, each counted once."""
        return self.members * self.copies if self.is_pool else self.members


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """The stations, and the cores of the host they share, or None if each has its own."""

    stations: tuple[Station, ...]
    shared_cores: int | None

    def station(self, name: str) -> Station:
        """Return the station called `name`; raises KeyError if there is none."""
        return {station.name: station for station in self.stations}[name]


def simulated_topology(scenario: Scenario) -> Topology:
    """Return the stations of the slice that a scenario simulates, a hot shard beside its others."""
    slice_of, differ = scenario.simulation.slice, instances_differ(scenario)
    topology = topology_of(scenario.fleet, slice_of=slice_of, differ=differ)
    hot = hot_of(scenario)
    if hot is None or slice_of == 1:
        return topology
    stations = (
        replace(station, members=station.members + (station.name == hot.station))
        for station in topology.stations
    )
    return replace(topology, stations=tuple(stations))


def topology_of(fleet: Fleet, *, slice_of: int = 1, differ: bool = False) -> Topology:
    """Return the stations of 1/`slice_of` of the fleet; `differ` as in `chooses_copies`.

    An event loop is one server: it works first come, first served.  So is a Valkey
    server.  A PostgreSQL server works for as many requests at once as connections are
    open to it.  Slicing takes whole instances and shards away and leaves the others as
    they are.  Raises ScenarioError if a slice would leave a fraction of an instance.
    """
    if slice_of > 1 and fleet.placement == "shared":
        raise ScenarioError("simulation.slice: one shared host cannot be sliced; slice must be 1")
    makes = _Maker(slice_of, as_copies=chooses_copies(fleet, differ=differ))
    shared = fleet.cores if fleet.placement == "shared" else None
    return Topology(stations=(*_loops(fleet, makes), *_stores(fleet, makes)), shared_cores=shared)


def chooses_copies(fleet: Fleet, *, differ: bool = False) -> bool:
    """Say whether who answers depends on where instances stand, how many there are, or who is up.

    With `differ` it does, for they are not equal (`instances_differ`).
    """
    is_scaled = any(isinstance(table, Instances) and table.autoscaling for _, table in fleet)
    return differ or fleet.zones > 1 or is_scaled


def instances_differ(scenario: Scenario) -> bool:
    """Say whether it matters which of equal instances is asked.

    That is where some crash or are slow, one by one: nobody is sent to one that is known to be
    down.  And where who fails tries again, which is at another.
    """
    pools = {station.name for station in topology_of(scenario.fleet).stations if station.is_pool}
    is_struck = any(
        isinstance(event, Crash | Slow) and event.station in pools for event in scenario.events
    )
    return is_struck or bool(scenario.policy.protections.retries or scenario.traffic.retries.times)


class _Maker:
    """Makes the stations of a slice of a fleet."""

    def __init__(self, slice_of: int, *, as_copies: bool) -> None:
        self._slice_of = slice_of
        self._as_copies = as_copies

    def pool(self, name: str, instances: int, servers: int = 1) -> Station:
        """Return instances of which any will do."""
        here = self._part(name, instances)
        members, copies = (1, here) if self._as_copies else (here, 1)
        return Station(name=name, members=members, servers=servers, copies=copies, is_pool=True)

    def service(self, name: str, table: Instances) -> Station:
        """Return the instances of a service, as many as there may ever be."""
        most = table.autoscaling.max if table.autoscaling else 0
        return self.pool(name, max(table.instances, most))

    def shards(self, name: str, shards: int, servers: int = 1, copies: int = 1) -> Station:
        """Return members each of which has a part of all, in so many copies."""
        members = self._part(name, shards)
        return Station(name=name, members=members, servers=servers, copies=copies)

    def _part(self, name: str, members: int) -> int:
        if members % self._slice_of:
            raise ScenarioError(
                f"simulation.slice: {self._slice_of} does not divide {name}: {members}"
            )
        return members // self._slice_of


def _loops(fleet: Fleet, makes: _Maker) -> tuple[Station, ...]:
    return (
        makes.service("gateway", fleet.gateway),
        makes.service("user", fleet.user),
        makes.service("follow", fleet.follow),
        makes.service("post", fleet.post),
        makes.service("media", fleet.media),
        makes.service("timeline", fleet.timeline),
        makes.service("fanout", fleet.fanout),
        makes.service("pipeline", fleet.pipeline),
        makes.shards("search", fleet.search.shards),
        makes.pool("cdn", fleet.cdn.instances),
    )


def _stores(fleet: Fleet, makes: _Maker) -> tuple[Station, ...]:
    """Return the stores, and what works beside services on cores or threads of its own.

    One relay, one broker and one session store serve a fleet of one machine; a larger one has as
    many as it has databases, gateways and workers to serve.
    """
    users, posts, timelines = fleet.user_store, fleet.post_store, fleet.timeline_store
    is_one = fleet.placement == "shared"
    return (
        makes.pool("relay", 1 if is_one else users.shards + posts.shards),
        makes.pool("broker", 1 if is_one else fleet.fanout.instances),
        makes.pool("session_store", 1 if is_one else fleet.gateway.instances),
        makes.shards("user_db", users.shards, users.connections, users.replicas),
        makes.shards("post_db", posts.shards, posts.connections, posts.replicas),
        makes.shards("timeline_store", timelines.shards, copies=timelines.replicas),
        makes.pool("object_store", fleet.media.instances, OBJECT_STORE_THREADS),
        makes.pool("password", fleet.user.instances, PASSWORD_THREADS),
        makes.pool("darkroom", fleet.media.instances, DARKROOMS),
        makes.shards("search_index", fleet.search.shards, INDEX_THREADS),
    )
