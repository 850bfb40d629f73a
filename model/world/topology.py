"""Where work is done: the stations of a fleet, and the hosts whose cores they share."""

from __future__ import annotations

from dataclasses import dataclass

from model.world.scenario import Fleet, ScenarioError

HOST = "host"  # the one machine of a shared fleet

EVENT_LOOPS = (
    "gateway", "user", "follow", "post", "media", "timeline", "fanout", "relay", "pipeline",
)  # fmt: skip
PASSWORD_THREADS = 2
DARKROOMS = 1  # processes in which one media service decodes
OBJECT_STORE_THREADS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """`members` equal instances or shards, each with `servers` servers and one queue."""

    name: str
    members: int = 1
    servers: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """The stations, and the cores of the host they share, or None if each has its own."""

    stations: tuple[Station, ...]
    shared_cores: int | None

    def station(self, name: str) -> Station:
        """Return the station called `name`; raises KeyError if there is none."""
        return {station.name: station for station in self.stations}[name]


def topology_of(fleet: Fleet, *, slice_of: int = 1) -> Topology:
    """Return the stations of 1/`slice_of` of the fleet.

    An event loop is one server: it works first come, first served.  So is a Valkey
    server.  A PostgreSQL server works for as many requests at once as connections are
    open to it.  Slicing takes whole instances and shards away and leaves the others as
    they are.  Raises ScenarioError if a slice would leave a fraction of an instance.
    """

    def some(name: str, members: int, servers: int = 1) -> Station:
        if members % slice_of:
            raise ScenarioError(f"simulation.slice: {slice_of} does not divide {name}: {members}")
        return Station(name=name, members=members // slice_of, servers=servers)

    if slice_of > 1 and fleet.placement == "shared":
        raise ScenarioError("simulation.slice: one shared host cannot be sliced; slice must be 1")
    loops = [
        some("gateway", fleet.gateway.instances),
        some("user", fleet.user.instances),
        some("follow", fleet.follow.instances),
        some("post", fleet.post.instances),
        some("media", fleet.media.instances),
        some("timeline", fleet.timeline.instances),
        some("fanout", fleet.fanout.instances),
        some("pipeline", fleet.pipeline.instances),
    ]
    databases = fleet.user_store.shards + fleet.post_store.shards
    stores = [
        # One relay, one broker and one session store serve a fleet of one machine; a larger
        # one has as many as it has databases, gateways and workers to serve.
        some("relay", 1 if fleet.placement == "shared" else databases),
        some("broker", 1 if fleet.placement == "shared" else fleet.fanout.instances),
        some("session_store", 1 if fleet.placement == "shared" else fleet.gateway.instances),
        some("user_db", fleet.user_store.shards, fleet.user_store.connections),
        some("post_db", fleet.post_store.shards, fleet.post_store.connections),
        some("timeline_store", fleet.timeline_store.shards),
        some("object_store", fleet.media.instances, OBJECT_STORE_THREADS),
        some("password", fleet.user.instances, PASSWORD_THREADS),
        some("darkroom", fleet.media.instances, DARKROOMS),
    ]
    shared = fleet.cores if fleet.placement == "shared" else None
    return Topology(stations=(*loops, *stores), shared_cores=shared)
