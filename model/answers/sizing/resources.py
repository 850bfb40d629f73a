"""What a role can run out of: cores, connections, memory, disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from model.answers.sizing.figures import (
    Figure,
    conversion,
    difference,
    given,
    product,
    total,
    unknown,
)
from model.answers.sizing.memory import Memory
from model.answers.sizing.storage import Storage
from model.answers.works import TIMED
from model.world.index_shards import INDEX
from model.world.scenario import Scenario
from model.world.topology import HOST, Station

HOT_SHARE = 0.1
HOT = "assumption: a tenth of the rows is asked for often enough to be worth memory"
STORES = {"user_db": "user_store", "post_db": "post_store", "timeline_store": "timeline_store"}
SQL = ("user_db", "post_db")
NO_NUMBER = "each {asked} asks every shard: more shards do not help"


class GrowsWith(Enum):
    """What makes the use of a resource grow."""

    REQUESTS = "requests"
    USERS = "users"
    POSTS = "posts kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Something that a role can run out of; its use is that at the peak, once all has filled up."""

    role: str
    what: str
    used: Figure  # of a store, at the busiest copy of each shard
    each: Figure  # how much of it one member has
    members: Figure  # that share the use: of a store its shards, however many copies these have
    full: Figure  # share of it that may be used
    grows_with: GrowsWith
    of_all: float = 0.0  # share of the use that each member more adds as much of

    @property
    def name(self) -> str:
        """What runs out, and of what."""
        return f"{self.what} of {self.role}"

    @property
    def share(self) -> Figure:
        """The use over all that there is."""
        name, unit = f"{self.name}, share used", "of all"
        return product(name, unit, self.used, over=(self.each, self.members))

    @property
    def needed(self) -> Figure:
        """Members that it takes; not a whole number, and not known if no number is enough."""
        if not self.of_all:
            return product(self.what, "members", self.used, over=(self.full, self.each))
        left = self._left_of_each
        if self.of_all >= 1 or left.value <= 0:
            asked = "search" if self.role in INDEX else "request"
            return unknown(self.what, "members", NO_NUMBER.format(asked=asked))
        spread = conversion(1 - self.of_all, "of it not asked of all")
        return product(self.what, "members", self.used, spread, over=(left,))

    @property
    def _left_of_each(self) -> Figure:
        """What requests that ask all members leave of each for the others."""
        unit, asked = self.each.unit, conversion(self.of_all, "of it asked of all")
        may_be_used = product("", unit, self.full, self.each)
        taken = product("", unit, self.used, asked, over=(self.members,))
        return difference("", f"{unit} left by what all are asked", may_be_used, taken)

    @property
    def multiple(self) -> Figure:
        """How many times today's use there is room for."""
        name, unit = f"{self.name}, room for", "times today's use"
        if self.used.value == 0:
            return unknown(name, unit, "nothing is asked of it")
        return product(name, unit, self.members, self.each, self.full, over=(self.used,))


def worked_by(
    scenario: Scenario, station: Station, load: Figure | None, *, of_all: float = 0.0
) -> tuple[Resource, ...]:
    """Return what the work of a station takes: cores, and of a database its connections.

    `of_all` is the share of the load that is asked of every member.
    """
    busy = load or given(0.0, "cores busy", "no request comes there")

    def resource(what: str, each: Figure) -> Resource:
        return Resource(
            role=station.name,
            what=what,
            used=busy,
            each=each,
            members=_sharing(station),
            full=_busy_max(scenario),
            grows_with=GrowsWith.REQUESTS,
            of_all=of_all,
        )

    if station.name not in SQL:
        what = "threads" if station.name in TIMED else "cores"
        return (resource(what, given(station.servers, f"{what} each", "model.world.topology")),)
    connections = given(station.servers, "connections each", "fleet: connections")
    if scenario.fleet.placement == "shared":
        return (resource("connections", connections),)
    cores = given(scenario.fleet.machine.cores, "cores each", "fleet.machine.cores")
    return resource("cores", cores), resource("connections", connections)


def kept_by(
    scenario: Scenario, station: Station, stored: Storage, memory: Memory
) -> tuple[Resource, ...]:
    """Return what the data of a station takes; nothing where all share one machine."""
    if scenario.fleet.placement == "shared":
        return ()
    each = _room_of(scenario, station)
    return tuple(
        Resource(
            role=station.name,
            what=what,
            used=used,
            each=each[what],
            members=_sharing(station),
            full=_storage_max(scenario),
            grows_with=grows_with,
        )
        for what, used, grows_with in _data_of(station.name, stored, memory)
    )


def of_host(
    scenario: Scenario, loads: Mapping[str, Figure], stored: Storage, memory: Memory
) -> tuple[Resource, ...]:
    """Return what the one machine of a shared fleet can run out of."""
    machine, full = scenario.fleet.machine, _storage_max(scenario)
    at_work = (load for station, load in loads.items() if station not in TIMED)
    posts = total("", "B", stored.posts_now, stored.posts_kept)
    all_posts = _all_copies(scenario, "post_store", posts)
    rows = total("", "B", all_posts, _all_copies(scenario, "user_store", stored.users))
    in_memory = total("", "B", memory.timeline_copies, memory.broker, _hot(rows))
    on_disk = total("", "B", rows, stored.objects_kept)
    cores = given(scenario.fleet.cores, "cores", "fleet.cores")
    room = given(machine.memory, "B", "fleet.machine.memory")
    disk = given(machine.disk, "B", "fleet.machine.disk")
    busy = total("", "cores busy", *at_work)
    return (
        _of_host("cores", busy, (cores, _busy_max(scenario)), GrowsWith.REQUESTS),
        _of_host("memory", in_memory, (room, full), GrowsWith.USERS),
        _of_host("disk", on_disk, (disk, full), GrowsWith.POSTS),
    )


def _of_host(
    what: str, used: Figure, limits: tuple[Figure, Figure], grows_with: GrowsWith
) -> Resource:
    each, full = limits
    return Resource(
        role=HOST,
        what=what,
        used=used,
        each=each,
        members=given(1, "host", "fleet.placement"),
        full=full,
        grows_with=grows_with,
    )


def _all_copies(scenario: Scenario, store: str, of_one: Figure) -> Figure:
    replicas = getattr(scenario.fleet, store).replicas
    return product("", "B", of_one, given(replicas, "copies", f"fleet.{store}.replicas"))


def _room_of(scenario: Scenario, station: Station) -> dict[str, Figure]:
    """Return the memory and disk of a store's machine, or of a process: a core's part of one."""
    machine = scenario.fleet.machine
    memory = given(machine.memory, "B each", "fleet.machine.memory")
    disk = given(machine.disk, "B each", "fleet.machine.disk")
    cores = given(machine.cores, "cores of a machine", "fleet.machine.cores")
    part = product("", "B each", memory, over=(cores,))
    return {"memory": memory if station.name in STORES else part, "disk": disk}


def _data_of(
    station: str, stored: Storage, memory: Memory
) -> tuple[tuple[str, Figure, GrowsWith], ...]:
    """Return what a station keeps where, one copy, and what it grows with."""
    match station:
        case "user_db":
            people = GrowsWith.USERS
            return ("disk", stored.users, people), ("memory", _hot(stored.users), people)
        case "post_db":
            posts = total("", "B", stored.posts_now, stored.posts_kept)
            return ("disk", posts, GrowsWith.POSTS), ("memory", _hot(posts), GrowsWith.POSTS)
        case "timeline_store":
            return (("memory", memory.timeline_store, GrowsWith.USERS),)
        case "broker":
            return (("memory", memory.broker, GrowsWith.REQUESTS),)
        case _:
            return ()


def _hot(rows: Figure) -> Figure:
    return product("", "B", rows, given(HOT_SHARE, "of them hot", "hot rows", source=HOT))


def _sharing(station: Station) -> Figure:
    """Return those of which each has a part of the use: of a store its shards, in any copies."""
    return given(station.size, "shards" if station.name in STORES else unit_of(station), "fleet")


def _busy_max(scenario: Scenario) -> Figure:
    return given(scenario.growth.busy_max, "busy at most", "growth.busy_max")


def _storage_max(scenario: Scenario) -> Figure:
    return given(scenario.growth.storage_max, "full at most", "growth.storage_max")


def unit_of(station: Station) -> str:
    """Return what members of a station are called."""
    return "servers" if station.name in STORES else "processes"
