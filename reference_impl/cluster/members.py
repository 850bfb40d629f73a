"""Which processes a scenario asks for, and the settings that tell each where the others are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from model.world.scenario import Fleet, Scenario
from reference_impl.chassis.settings import PREFIX, Settings
from reference_impl.cluster import postgres, valkey
from reference_impl.cluster.errors import Refused

MODULES = {
    "user": "reference_impl.user",
    "follow": "reference_impl.follow",
    "post": "reference_impl.post",
    "media": "reference_impl.media",
    "timeline": "reference_impl.timeline",
    "gateway": "reference_impl.gateway",
    "fanout": "reference_impl.timeline.fanout",
    "search": "reference_impl.search",
    "pipeline": "reference_impl.media.pipeline",
    "web": "reference_impl.web",
    "cdn": "reference_impl.cdn",
    "frontdoor": "reference_impl.frontdoor",
    "relay": "reference_impl.chassis.relay",
}
CALLED = (  # by other services, over HTTP
    "user", "follow", "post", "media", "timeline", "search", "gateway", "web", "cdn",
)  # fmt: skip
PUBLIC = ("gateway", "frontdoor")  # listen on TCP
ADDRESSES = "addresses.json"  # the address book, in the sockets folder


class Check(Enum):
    """How to find out whether a process is ready."""

    POSTGRESQL = "postgresql"
    VALKEY = "valkey"
    HTTP = "http"


ENGINE_CHECKS = frozenset({Check.POSTGRESQL, Check.VALKEY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One process of a cluster."""

    name: str
    station: str
    check: Check
    address: str  # URL; of who is public `file:` and the file that says its port
    zone: str = ""  # of a service

    @property
    def internal_address(self) -> str:
        """Where a service answers what is not for the public, such as /metrics."""
        return f"{self._place}.sock" if self.is_public else self.address

    @property
    def called_address(self) -> str:
        """Where other services ask it."""
        return f"{self._place}.in.sock" if self.station == "gateway" else self.address

    @property
    def is_public(self) -> bool:
        """Say whether it listens on TCP."""
        return self.station in PUBLIC

    @property
    def number(self) -> int:
        """Which one of its station it is, from 1."""
        return int(self.name.rpartition("-")[2])

    @property
    def _place(self) -> str:
        return f"unix:{self.address.removeprefix('file:').removesuffix('.port')}"

    @property
    def is_engine(self) -> bool:
        """Say whether it is a store that the services need before they start."""
        return self.check in ENGINE_CHECKS


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one cluster consists of."""

    members: tuple[Member, ...]
    settings: Settings  # without the parts that belong to one process


def plan_of(scenario: Scenario, sockets: Path, given: Settings, *, services: bool) -> Plan:
    """Return the processes that the scenario needs beside the stores that are `given` already.

    What else is given, such as the secret, is told every process.  Without `services` only
    engines are planned.
    """
    engines = tuple(_engines(scenario.fleet, sockets, given))
    workers = services_of(scenario.fleet, sockets) if services else ()
    settings = replace(
        given,
        user_databases=given.user_databases or _addresses(engines, "user_db"),
        post_databases=given.post_databases or _addresses(engines, "post_db"),
        timeline_stores=given.timeline_stores or _addresses(engines, "timeline_store"),
        broker=given.broker or _addresses(engines, "broker")[0],
        session_store=given.session_store or _addresses(engines, "session_store")[0],
        addresses=str(sockets / ADDRESSES) if services else "",
        rate_limits=scenario.policy.rate_limits,
        policy=scenario.policy.of_feeds.to_json(),
        timelines_by=scenario.policy.timelines_by,
        follows_kept=scenario.policy.follows_kept,
        originals=scenario.policy.originals,
        zone_regions=tuple(_regions(scenario.fleet)),
        timeline_cap=scenario.policy.timeline_cap,
        page_limit=scenario.policy.page_limit,
    )
    return Plan(members=(*engines, *workers), settings=with_urls(settings, workers))


def with_urls(settings: Settings, members: Iterable[Member]) -> Settings:
    """Return the settings with the instances of every service that are among these members."""
    listed = tuple(members)
    urls = {
        f"{station}_urls": tuple(m.called_address for m in listed if m.station == station)
        for station in CALLED
    }
    return replace(settings, **urls)  # type: ignore[arg-type]  # every one is a tuple of URLs


def refuse_other_counts(fleet: Fleet, external: Settings) -> None:
    """Raise Refused if `external` names another number of servers than the fleet has shards."""
    for field, shards in (
        ("user_databases", fleet.user_store.shards),
        ("post_databases", fleet.post_store.shards),
        ("timeline_stores", fleet.timeline_store.shards),
    ):
        given = len(getattr(external, field))
        if given not in {0, shards}:
            raise Refused(f"{PREFIX}{field.upper()} names {given} servers, the scenario {shards}")


def _engines(fleet: Fleet, sockets: Path, external: Settings) -> Iterator[Member]:
    databases = {
        "user_db": 0 if external.user_databases else fleet.user_store.shards,
        "post_db": 0 if external.post_databases else fleet.post_store.shards,
    }
    for station, count in databases.items():
        for name in _names(station, count):
            address = postgres.url_of(sockets / name)
            yield Member(name=name, station=station, check=Check.POSTGRESQL, address=address)
    stores = {
        "timeline_store": 0 if external.timeline_stores else fleet.timeline_store.shards,
        "broker": 0 if external.broker else 1,
        "session_store": 0 if external.session_store else 1,
    }
    for station, count in stores.items():
        for name in _names(station, count):
            address = valkey.url_of(sockets / f"{name}.sock")
            yield Member(name=name, station=station, check=Check.VALKEY, address=address)


def services_of(fleet: Fleet, sockets: Path) -> tuple[Member, ...]:
    """Return every process of the services; the instances of each are dealt over the zones."""
    return tuple(
        _instance(station, number, zone=f"zone-{(number - 1) % fleet.zones + 1}", sockets=sockets)
        for station in MODULES
        for number in range(1, instances_in(fleet, station) + 1)
    )


def instances_in(fleet: Fleet, station: str) -> int:
    """Return how many processes of a service a fleet has."""
    if station in {"relay", "frontdoor"}:
        return 1
    if station == "cdn":
        return fleet.zones
    if station == "search":
        return fleet.search.shards
    instances: int = getattr(fleet, station).instances
    return instances


def _instance(station: str, number: int, *, zone: str, sockets: Path) -> Member:
    name = f"{station}-{number}"
    return Member(
        name=name,
        station=station,
        check=Check.HTTP,
        address=f"file:{sockets / name}.port"
        if station in PUBLIC
        else f"unix:{sockets / name}.sock",
        zone=zone,
    )


def _regions(fleet: Fleet) -> Iterator[str]:
    """Yield in which region each zone is: they are dealt over the regions in turn."""
    for number in range(fleet.zones):
        yield f"zone-{number + 1}={fleet.regions[number % len(fleet.regions)]}"


def _names(station: str, count: int) -> list[str]:
    return [f"{station}-{number}" for number in range(1, count + 1)]


def _addresses(members: tuple[Member, ...], station: str) -> tuple[str, ...]:
    return tuple(member.address for member in members if member.station == station)


def settings_of(member: Member, shared: Settings, fleet: Fleet) -> Settings:
    """Return what one service is told: what all are told, and its own name and place."""
    store = fleet.post_store if member.station == "post" else fleet.user_store
    own = replace(
        shared, instance=member.name, zone=member.zone, database_connections=store.connections
    )
    if member.station == "search":
        own = replace(own, search_shard=member.number)
    if not member.is_public:
        return replace(own, listen=member.address)
    return replace(
        own,
        listen="tcp:127.0.0.1:0",
        port_file=member.address.removeprefix("file:"),
        internal_listen=member.internal_address,
        neighbours_listen=member.called_address if member.station == "gateway" else "",
    )
