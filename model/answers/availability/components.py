"""What a fleet consists of that can fail: pools of instances, copies of shards, zones, regions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from model.answers.availability.needs import Need, needs_of
from model.world.laws import refuse_unless
from model.world.scenario import Availability, Endpoint, Fleet, Scenario, ScenarioError, Store
from model.world.topology import topology_of

ALL_CREWS = 0  # as many repairs go on at once as there are failures


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Equal things that fail, each after an exponential time, and are repaired in one.

    `common_share` of the failures of one are those of all at once (beta factor: K. N. Fleming,
    "A Reliability Model for Common Mode Failures in Redundant Safety Systems", General Atomic
    GA-A13284, 1975).  `crews` repairs go on at the same time; ALL_CREWS: all of them.
    """

    name: str
    count: int
    every_s: float  # mean time until one of them fails
    repair_s: float
    common_share: float = 0.0
    crews: int = ALL_CREWS

    def __post_init__(self) -> None:
        """Refuse what cannot fail, or be repaired."""
        refuse_unless(self.count >= 1, f"{self.name}: count must be at least 1", self.count)
        refuse_unless(self.every_s > 0, f"{self.name}: every_s must be positive", self.every_s)
        refuse_unless(self.repair_s > 0, f"{self.name}: repair_s must be positive", self.repair_s)
        refuse_unless(
            0 <= self.common_share < 1,
            f"{self.name}: common_share must be in [0, 1)",
            self.common_share,
        )
        refuse_unless(self.crews >= 0, f"{self.name}: crews must not be negative", self.crews)

    @property
    def fails_alone_per_s(self) -> float:
        """How often one that is up fails without the others."""
        return (1 - self.common_share) / self.every_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Instances any of which can serve; the load keeps `needed` of them busy."""

    members: Members
    per_zone: tuple[int, ...]
    needed: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shards:
    """Servers that each hold one copy of one shard, copy by copy in one zone after another."""

    members: Members
    shards: int
    copies: int
    acks: int  # copies that must be up for a write
    failover_s: float
    zones: int


Component: TypeAlias = Pool | Shards


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A fleet, how it fails, and what each kind of request needs of it."""

    components: Mapping[str, Component]
    region_of_zone: tuple[str, ...]
    failing: Availability
    noticed_after_s: float
    mix: Mapping[Endpoint, float]
    needs: Mapping[Endpoint, tuple[Need, ...]]

    @property
    def needed(self) -> dict[str, Component]:
        """The components that any request needs."""
        stations = {need.station for needs in self.needs.values() for need in needs}
        return {name: one for name, one in self.components.items() if name in stations}


def system_of(
    scenario: Scenario, *, busy: Mapping[str, float] | None = None, falls_back: bool = True
) -> System:
    """Return the system that a scenario describes, as far as requests wait for it.

    Workers that go on after an answer are left out: without them posts come late, and no
    request fails.  So are pages for browsers, which are a client of the rest.

    With `busy`, the share of each pool's time that the load takes, those requests fail that the
    instances left cannot take; without, any instance left takes all.  With `falls_back=False`,
    requests fail also without what the services can do without.  Raises ScenarioError for
    recorded traffic, whose mix is in no scenario, and for a pool that is busier than it can be.
    """
    if not scenario.traffic.mix:
        raise ScenarioError("traffic.mix: availability is weighted by it, and it is empty")
    fleet, failing = scenario.fleet, scenario.availability
    components: list[Component] = [
        *_pools(fleet, failing, busy or {}),
        *_stores(fleet, failing),
    ]
    mix = {endpoint: share for endpoint, share in scenario.traffic.mix.items() if share > 0}
    return System(
        components={component.members.name: component for component in components},
        region_of_zone=tuple(fleet.regions[z % len(fleet.regions)] for z in range(fleet.zones)),
        failing=failing,
        noticed_after_s=fleet.links.noticed_after,
        mix=mix,
        needs={endpoint: needs_of(endpoint, scenario, falls_back=falls_back) for endpoint in mix},
    )


def dealt(count: int, zones: int) -> tuple[int, ...]:
    """Return how many of `count` each zone gets when they are dealt in turn.

    >>> dealt(8, 3)
    (3, 3, 2)
    """
    return tuple(len(range(zone, count, zones)) for zone in range(zones))


def _pools(fleet: Fleet, failing: Availability, busy: Mapping[str, float]) -> list[Pool]:
    counts = {
        "gateway": fleet.gateway.instances,
        "user": fleet.user.instances,
        "follow": fleet.follow.instances,
        "post": fleet.post.instances,
        "media": fleet.media.instances,
        "timeline": fleet.timeline.instances,
        "search": fleet.search.shards,
        "cdn": fleet.cdn.instances,
    }
    return [
        Pool(
            members=Members(
                name=name,
                count=count,
                every_s=failing.instance.every,
                repair_s=failing.instance.repair,
                common_share=_common_share(failing, count),
                crews=failing.repair_crews,
            ),
            per_zone=dealt(count, fleet.zones),
            needed=_needed(name, count, busy),
        )
        for name, count in counts.items()
    ]


def _needed(name: str, count: int, busy: Mapping[str, float]) -> float:
    if name not in busy:
        return 1.0
    if not 0 <= busy[name] <= 1:
        raise ScenarioError(f"busy: a share of time must be in 0..1, got {busy[name]} of {name}")
    return max(1.0, busy[name] * count)


def _stores(fleet: Fleet, failing: Availability) -> list[Shards]:
    """Return the stores; session store and broker are Valkey, and copied as timelines are."""
    stations = topology_of(fleet)
    valkey = fleet.timeline_store
    stores = {
        "user_db": fleet.user_store,
        "post_db": fleet.post_store,
        "timeline_store": valkey,
        "session_store": _with_shards(valkey, stations.station("session_store").size),
        "broker": _with_shards(valkey, stations.station("broker").size),
    }
    return [_copied(name, store, fleet.zones, failing) for name, store in stores.items()]


def _with_shards(store: Store, shards: int) -> Store:
    return store.model_copy(update={"shards": shards})


def _copied(name: str, store: Store, zones: int, failing: Availability) -> Shards:
    servers = store.shards * store.replicas
    members = Members(
        name=name,
        count=servers,
        every_s=failing.server.every,
        repair_s=failing.server.repair,
        common_share=_common_share(failing, servers),
        crews=failing.repair_crews,
    )
    return Shards(
        members=members,
        shards=store.shards,
        copies=store.replicas,
        acks=store.acks,
        failover_s=store.failover,
        zones=zones,
    )


def _common_share(failing: Availability, count: int) -> float:
    """Return which share of failures takes others along: none where there are no others."""
    if failing.common_cause >= 1:
        raise ScenarioError("availability.common_cause: must be below 1, got 1.0")
    return failing.common_cause if count > 1 else 0.0
