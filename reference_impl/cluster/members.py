"""Which processes a scenario asks for, and the settings that tell each where the others are."""

from __future__ import annotations

from collections.abc import Iterator
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
    "relay": "reference_impl.chassis.relay",
}
WORKERS = ("fanout", "relay")  # they take their work from the broker or a table, not over HTTP


class Check(Enum):
    """How to find out whether a process is ready."""

    POSTGRESQL = "postgresql"
    VALKEY = "valkey"
    HTTP = "http"
    RUNNING = "running"


ENGINE_CHECKS = frozenset({Check.POSTGRESQL, Check.VALKEY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One process of a cluster."""

    name: str
    station: str
    check: Check
    address: str  # URL; for a gateway `file:` and the file that says its port

    @property
    def is_engine(self) -> bool:
        """Say whether it is a store that the services need before they start."""
        return self.check in ENGINE_CHECKS


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one cluster consists of."""

    members: tuple[Member, ...]
    settings: Settings  # without the parts that belong to one process


def plan_of(
    scenario: Scenario, sockets: Path, external: Settings, *, own: Settings, services: bool
) -> Plan:
    """Return the processes that the scenario needs beside what is `external` already.

    `own` holds the secret, the object store and whether stations are timed.  Without
    `services` only engines are planned.
    """
    engines = tuple(_engines(scenario.fleet, sockets, external))
    workers = tuple(_services(scenario.fleet, sockets)) if services else ()
    settings = replace(
        own,
        user_databases=external.user_databases or _addresses(engines, "user_db"),
        post_databases=external.post_databases or _addresses(engines, "post_db"),
        timeline_stores=external.timeline_stores or _addresses(engines, "timeline_store"),
        broker=external.broker or _addresses(engines, "broker")[0],
        session_store=external.session_store or _addresses(engines, "session_store")[0],
        user_urls=_addresses(workers, "user"),
        follow_urls=_addresses(workers, "follow"),
        post_urls=_addresses(workers, "post"),
        media_urls=_addresses(workers, "media"),
        timeline_urls=_addresses(workers, "timeline"),
        influencer_followers_min=scenario.policy.influencer_followers_min,
        timeline_cap=scenario.policy.timeline_cap,
        page_limit=scenario.policy.page_limit,
    )
    return Plan(members=(*engines, *workers), settings=settings)


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


def _services(fleet: Fleet, sockets: Path) -> Iterator[Member]:
    for station in MODULES:
        count = 1 if station == "relay" else getattr(fleet, station).instances
        for name in _names(station, count):
            if station in WORKERS:
                yield Member(name=name, station=station, check=Check.RUNNING, address="")
            elif station == "gateway":
                address = f"file:{sockets / name}.port"
                yield Member(name=name, station=station, check=Check.HTTP, address=address)
            else:
                address = f"unix:{sockets / name}.sock"
                yield Member(name=name, station=station, check=Check.HTTP, address=address)


def _names(station: str, count: int) -> list[str]:
    return [f"{station}-{number}" for number in range(1, count + 1)]


def _addresses(members: tuple[Member, ...], station: str) -> tuple[str, ...]:
    return tuple(member.address for member in members if member.station == station)


def settings_of(member: Member, shared: Settings, fleet: Fleet) -> Settings:
    """Return what one service is told: what all are told, and its own name and place."""
    store = fleet.post_store if member.station == "post" else fleet.user_store
    own = replace(shared, instance=member.name, database_connections=store.connections)
    if member.station == "gateway":
        port_file = member.address.removeprefix("file:")
        return replace(own, listen="tcp:127.0.0.1:0", port_file=port_file)
    return replace(own, listen=member.address)
