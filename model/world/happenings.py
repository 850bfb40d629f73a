"""What a scenario's events do to the fleet while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from model.rules.regions import zone_of_copy
from model.world.edges import EDGE
from model.world.failures import (
    ALL,
    Autoscale,
    CacheWipe,
    Crash,
    Failure,
    MessageLoss,
    Once,
    SlowDown,
    Spread,
    ZoneLoss,
)
from model.world.hot_shards import hot_of
from model.world.outages import lost_together, outages_of
from model.world.routes import STORE_OF
from model.world.scenario import Instances, Scenario, ScenarioError
from model.world.scenario import events as said
from model.world.topology import Station, Topology, topology_of
from model.world.wiring import WIRE

BYTES_PER_ENTRY = 24.0  # of a timeline, in Valkey; measured in reports/feed_bench.md
BYTES_PER_ROW = 300.0  # of a user, a pair or a post in PostgreSQL, with its indexes: assumption


def failures_of(scenario: Scenario, topology: Topology) -> tuple[Failure, ...]:
    """Return what the engine has to do at which instants, for 1/`simulation.slice` of the fleet.

    Raises ScenarioError for a station that the fleet does not have.
    """
    outages = (
        ZoneLoss(zone=zone, when=Once(at_s=o.since_s, for_s=o.until_s - o.since_s))
        for o in outages_of(scenario)
        for zone in o.zones
    )
    events = (
        failure
        for number, event in enumerate(scenario.events)
        for failure in _of_event(scenario, topology, number, event)
    )
    return (*outages, *events, *_scalers(scenario, topology))


def changes_s(scenario: Scenario) -> tuple[float, ...]:
    """Return the instants of the run at which events begin or end, or that is noticed."""
    begin_s, fleet = scenario.simulation.warmup, scenario.fleet
    stores = (getattr(fleet, table) for table in STORE_OF.values())
    later_s = {0.0, fleet.links.noticed_after, *(store.failover for store in stores)}
    happens_s = {
        begin_s + at_s
        for event in scenario.events
        for at_s in (event.at, event.at + (getattr(event, "lasts", None) or inf))
    }
    return tuple(sorted(at_s + late_s for at_s in happens_s if at_s < inf for late_s in later_s))


def are_timelines_away(scenario: Scenario) -> bool:
    """Say whether some timelines cannot be read for a while, or only slowly.

    That is where servers of theirs are struck, and where a zone is lost that has their only copies
    or that others ask for them until they notice: those that have none of their own.
    """
    is_struck = any(
        isinstance(event, said.Crash | said.Slow) and event.station == "timeline_store"
        for event in scenario.events
    )
    return is_struck or any(_takes_timelines(scenario, zones) for zones in lost_together(scenario))


def _takes_timelines(scenario: Scenario, lost: frozenset[int]) -> bool:
    zones, store = scenario.fleet.zones, scenario.fleet.timeline_store
    is_asked = scenario.fleet.links.noticed_after > 0 and store.replicas < zones
    standing = (
        {zone_of_copy(shard, copy, zones) for copy in range(store.replicas)}
        for shard in range(store.shards)
    )
    return is_asked or any(where <= lost for where in standing)


def _of_event(
    scenario: Scenario, topology: Topology, number: int, event: said.Event
) -> Iterator[Failure]:
    at_s = scenario.simulation.warmup + event.at
    lasts = getattr(event, "lasts", None)
    when = Once(at_s=at_s, for_s=inf if lasts is None else lasts)
    match event:
        case said.Crash():
            station = _station(topology, number, event.station)
            members = _some(number, station, scenario, event.members)
            yield Crash(station=event.station, when=when, members=members)
        case said.Slow():
            station = _station(topology, number, event.station)
            members = _some(number, station, scenario, event.members)
            yield SlowDown(station=event.station, factor=event.speed, when=when, members=members)
        case said.BrokerStop():
            yield SlowDown(station="broker", factor=0.0, when=when, members=ALL)
        case said.MessageLoss():
            yield MessageLoss(link=WIRE, probability=event.share, when=when)
        case said.CacheWipe(of="edges") if scenario.fleet.cdn.popular is not None:
            yield CacheWipe(cache=EDGE, at_s=at_s)
        case said.AddShards():
            yield from _moves(scenario, topology, event, at_s)


def _station(topology: Topology, number: int, name: str) -> Station:
    try:
        return topology.station(name)
    except KeyError:
        known = ", ".join(station.name for station in topology.stations)
        raise ScenarioError(
            f"events.{number}.station: must be one of {known}, got {name!r}"
        ) from None


def _some(number: int, station: Station, scenario: Scenario, members: int) -> tuple[int, ...]:
    """Return the first copies of the first members: in a slice as large a share.

    Raises ScenarioError if there are not so many, or the slice cannot have its part of them.
    """
    whole = topology_of(scenario.fleet).station(station.name)
    there_are = whole.members * whole.copies
    if members > there_are:
        raise ScenarioError(
            f"events.{number}.members: there are {there_are} of {station.name}, got {members}"
        )
    here = _so_many_here(number, station, scenario, whole=whole, members=members)
    order = [
        member * station.copies + copy
        for copy in range(station.copies)
        for member in range(station.members)
    ]
    return tuple(sorted(order[:here]))


def _so_many_here(
    number: int, station: Station, scenario: Scenario, *, whole: Station, members: int
) -> int:
    """Return how many are struck here when so many of the whole are; a hot shard is the first."""
    hot, slice_of = hot_of(scenario), scenario.simulation.slice
    if slice_of == 1 or hot is None or hot.station != station.name:
        if members % slice_of:
            raise ScenarioError(
                f"events.{number}.members: one here stands for {slice_of}, which"
                f" simulation.slice says: give a multiple of that, got {members}"
            )
        return members // slice_of
    copies, more = divmod(members, whole.members)
    others = round((more - 1) * (station.members - 1) / (whole.members - 1))
    return copies * station.members + (1 + others if more else 0)


def _moves(
    scenario: Scenario, topology: Topology, event: said.AddShards, at_s: float
) -> Iterator[Failure]:
    """Yield how a store grows: server after server, while those that send are slower.

    All that lies on the new servers in the end has to be sent, by all old ones side by side.
    """
    station = next(name for name, table in STORE_OF.items() if table == event.store)
    whole = topology.station(station).members
    added = max(1, round(event.shards / scenario.simulation.slice))
    before = whole - added
    if before < 1:
        raise ScenarioError(
            f"events: add-shards: fleet.{event.store}.shards counts the new ones too; there are"
            f" {whole}, and {added} cannot be new"
        )
    moved_bytes = stored_bytes(scenario, event.store) / (before + added)  # by each old server
    lasting_s = moved_bytes * added / before / event.speed
    yield Spread(station=station, shards=before, at_s=0.0)
    senders = tuple(range(before))
    yield SlowDown(
        station=station,
        factor=1 - event.slows,
        when=Once(at_s=at_s, for_s=lasting_s),
        members=senders,
    )
    for new in range(1, added + 1):
        yield Spread(station=station, shards=before + new, at_s=at_s + lasting_s * new / added)


def stored_bytes(scenario: Scenario, store: str) -> float:
    """Return what all shards of a store in the slice hold together, once each."""
    people, policy = scenario.people, scenario.policy
    users = people.users / scenario.simulation.slice
    if store == "timeline_store":
        return users * people.daily_active * policy.timeline_cap * BYTES_PER_ENTRY
    if store == "post_store":
        return users * people.posts_per_user * BYTES_PER_ROW
    return users * (1 + 2 * people.followers.mean) * BYTES_PER_ROW


def _scalers(scenario: Scenario, topology: Topology) -> Iterator[Failure]:
    for name, table in scenario.fleet:
        if not isinstance(table, Instances) or table.autoscaling is None:
            continue
        how, slice_of = table.autoscaling, scenario.simulation.slice
        yield Autoscale(
            station=topology.station(name).name,
            every_s=how.every,
            busy_target=how.busy_target,
            start_up_s=how.start_up,
            copies_min=max(1, table.instances // slice_of),
            copies_max=max(1, how.max // slice_of),
        )
