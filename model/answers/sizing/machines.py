"""What each role of the fleet needs, what of it runs out first, and whether there is enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from model.answers.sizing.figures import Figure, given, largest, product, rounded_up, unknown
from model.answers.sizing.memory import Memory
from model.answers.sizing.resources import (
    STORES,
    Resource,
    kept_by,
    of_host,
    unit_of,
    worked_by,
)
from model.answers.sizing.storage import Storage
from model.answers.sizing.worked import Loads, Worked
from model.world.index_shards import INDEX
from model.world.scenario import Scenario
from model.world.topology import HOST, Station, topology_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """One kind of process or server: how many it takes, and how many there are."""

    name: str
    resources: tuple[Resource, ...]
    needed: Figure
    needed_less_a_zone: Figure  # to have enough when one zone is lost
    has: Figure
    is_lost_with_a_zone: bool = False  # in part: what has one copy is nowhere else

    @property
    def binds(self) -> str:
        """The resource of which most members are needed; "" if one is not known."""
        if not self.needed.is_known:
            return ""
        return max(self.resources, key=lambda each: each.needed.value).what

    @property
    def is_enough(self) -> bool | None:
        """Whether the fleet bears its load, by as many as it takes; None if that is not known."""
        if any(each.share.value > each.full.value for each in self.resources):
            return False
        return True if all(each.share.is_known for each in self.resources) else None

    @property
    def survives_a_zone(self) -> bool | None:
        """Whether it still has when a zone is lost; None if that is not known, or means nothing."""
        if self.is_lost_with_a_zone:
            return False
        if not self.needed_less_a_zone.is_known:
            return None
        return self.has.value >= self.needed_less_a_zone.value


def roles_of(scenario: Scenario, worked: Worked, *, stored: Storage, memory: Memory) -> list[Role]:
    """Return every role, with what it takes at the loads of the peak and once all has filled up.

    What is not asked of every shard is spread evenly over the members of a role: a hot shard needs
    more than this says.
    """

    def resources(station: Station, loads: Loads) -> tuple[Resource, ...]:
        load, of_all = loads.busy.get(station.name), loads.of_all.get(station.name, 0.0)
        by_work = worked_by(scenario, station, load, of_all=of_all)
        return (*by_work, *kept_by(scenario, station, stored, memory))

    roles = [
        _role(
            scenario,
            station,
            resources(station, worked.usually),
            less_a_zone=resources(station, worked.less_a_zone),
        )
        for station in topology_of(scenario.fleet).stations
    ]
    if scenario.fleet.placement == "shared":
        roles.append(_host(of_host(scenario, worked.in_all, stored, memory)))
    return roles


def _role(
    scenario: Scenario,
    station: Station,
    resources: tuple[Resource, ...],
    *,
    less_a_zone: tuple[Resource, ...],
) -> Role:
    unit, copies = unit_of(station), _copies(scenario, station.name)
    needed = _needed(station.name, unit, resources)
    then_needed = _needed(station.name, unit, less_a_zone)
    copied = given(copies, "copies", f"fleet.{STORES.get(station.name, station.name)}.replicas")
    return Role(
        name=station.name,
        resources=resources,
        needed=needed if copies == 1 else product(needed.name, unit, needed, copied),
        needed_less_a_zone=_less_a_zone(scenario, station, then_needed, copies),
        has=given(station.size * copies, unit, "fleet").called(f"{station.name}, there are"),
        is_lost_with_a_zone=scenario.fleet.zones > 1 and copies == 1 and _is_in_parts(station),
    )


def _is_in_parts(station: Station) -> bool:
    """Say whether each member has a part of all, and no other can do its work."""
    return station.name in STORES or station.name in INDEX


def _host(resources: tuple[Resource, ...]) -> Role:
    one = given(1, "hosts", "fleet.placement")
    return Role(
        name=HOST,
        resources=resources,
        needed=_needed(HOST, "hosts", resources),
        needed_less_a_zone=_one_zone(f"{HOST}, needed with a zone lost", "hosts"),
        has=one.called(f"{HOST}, there are"),
    )


def _needed(role: str, unit: str, resources: Sequence[Resource]) -> Figure:
    return rounded_up(largest(f"{role}, needed", unit, *(each.needed for each in resources)))


def _less_a_zone(scenario: Scenario, station: Station, needed: Figure, copies: int) -> Figure:
    """Return how many it takes so that there are enough when one of the zones is lost.

    Processes are dealt over the zones in turn, and so many more are left idle.  Of a store each
    server's copies in other zones take over, of which there must be one; `needed` are those that
    bear what the copies do that are left.
    """
    name, unit = f"{station.name}, needed with a zone lost", needed.unit
    zones = scenario.fleet.zones
    if zones < 2:
        return _one_zone(name, unit)
    if station.name in INDEX:
        return unknown(name, unit, "each shard of the index has one copy, lost with its zone")
    if station.name in STORES:
        copied = given(max(2, copies), "copies", "fleet: in two zones at least")
        return product(name, unit, needed, copied)
    of, left = given(zones, "zones", "fleet.zones"), given(zones - 1, "zones left", "fleet.zones")
    return rounded_up(product(name, unit, needed, of, over=(left,)))


def _one_zone(name: str, unit: str) -> Figure:
    return unknown(name, unit, "fleet.zones: there is one, and nothing is left when it is lost")


def _copies(scenario: Scenario, station: str) -> int:
    return getattr(scenario.fleet, STORES[station]).replicas if station in STORES else 1
