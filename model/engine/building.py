"""How the parts of a network are checked against one another, and become a Program."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from model.engine.codes import NONE
from model.engine.failing import Fleet, disruptions_of, scalings_of
from model.engine.flattening import flatten
from model.engine.parts import ENTRIES_MAX, CachePart, KeysPart, LinkPart, StationPart
from model.engine.program import Hosts, Indices, Program
from model.engine.refusals import reached_from, refuse_attributes, refuse_cycles, refuse_unless
from model.engine.rows import Flat, Names, Tables
from model.engine.sources import Source, streams_of
from model.engine.tables import (
    caches_of,
    disrupted,
    first_members,
    key_sets_of,
    links_of,
    stations_of,
    zone_ranks,
)
from model.world.attributes import Attribute
from model.world.failures import Failure, MessageLoss
from model.world.journeys import Journey

NAMED_MAX = 2**15 - 1  # journeys, and sources of requests


@dataclass(slots=True, kw_only=True)
class Parts:
    """All that has been said of a network so far."""

    hosts: dict[str, float] = field(default_factory=dict)
    stations: dict[str, StationPart] = field(default_factory=dict)
    key_sets: dict[str, KeysPart] = field(default_factory=dict)
    caches: dict[str, CachePart] = field(default_factory=dict)
    links: dict[str, LinkPart] = field(default_factory=dict)
    journeys: dict[str, Journey] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    zones: int = 1
    zone_attribute: Attribute | None = None
    zone_ranks: Indices = field(default_factory=lambda: zone_ranks(1, None))


def program_of(parts: Parts) -> Program:
    """Return the Program; raises NetworkError where parts do not fit together."""
    _refuse_unknown(parts)
    tables = Tables()
    flat = flatten(list(parts.journeys.values()), _names(parts), tables)
    _refuse_misfits(parts, flat)
    stations, fleet = list(parts.stations.values()), _fleet(parts)
    disruptions = disruptions_of(parts.failures, fleet)
    scalings = scalings_of(parts.failures, fleet)
    observed = disrupted(stations, disruptions) | {scaling.station for scaling in scalings}
    observed |= flat.stations_held() | flat.cancelled
    attribute = parts.zone_attribute
    zone = NONE if attribute is None else tables.attribute(attribute)
    return Program(
        journeys=tuple(parts.journeys),
        begin=np.array(flat.begin, np.int32),
        end=np.array(flat.end, np.int32),
        steps=flat.steps(),
        calls=flat.call_table(),
        stations=stations_of(stations, list(parts.hosts), tables, observed),
        hosts=Hosts(names=tuple(parts.hosts), cores=np.array(list(parts.hosts.values()))),
        zones=parts.zones,
        zone_ranks=parts.zone_ranks,
        zone_attribute=zone,
        key_sets=key_sets_of(parts.key_sets, tables),
        caches=caches_of(parts.caches, list(parts.key_sets)),
        links=links_of(parts.links, tables),
        streams=streams_of(parts.sources, tables, list(parts.journeys)),
        laws=tuple(tables.laws),  # and attributes: all that was met above
        attributes=tuple(tables.attributes),
        disruptions=disruptions,
        scalings=scalings,
    )


def _fleet(parts: Parts) -> Fleet:
    stations = list(parts.stations.values())
    return Fleet(
        stations=stations,
        first_member=first_members(stations),
        hosts=list(parts.hosts),
        links=list(parts.links),
        caches=list(parts.caches),
        zones=parts.zones,
    )


def _names(parts: Parts) -> Names:
    losing = {f.link for f in parts.failures if isinstance(f, MessageLoss)}
    return Names(
        journeys=list(parts.journeys),
        stations=list(parts.stations),
        replicas=[part.replicas for part in parts.stations.values()],
        members=[part.members for part in parts.stations.values()],
        key_sets=list(parts.key_sets),
        caches=list(parts.caches),
        cache_keys=[part.keys for part in parts.caches.values()],
        links=list(parts.links),
        lossy=[part.loss > 0 or name in losing for name, part in parts.links.items()],
    )


def _refuse_unknown(parts: Parts) -> None:
    for what, count in (("journeys", len(parts.journeys)), ("sources", len(parts.sources))):
        refuse_unless(count <= NAMED_MAX, f"{what}: must be {NAMED_MAX} at most, got {count}")
    for name, station in parts.stations.items():
        known = station.host is None or station.host in parts.hosts
        refuse_unless(known, f"station {name}: there is no host {station.host}")
    for name, cache in parts.caches.items():
        known = cache.keys in parts.key_sets
        refuse_unless(known, f"cache {name}: there are no keys {cache.keys}")
        entries = cache.members * parts.key_sets[cache.keys].size
        refuse_unless(
            entries <= ENTRIES_MAX,
            f"cache {name}: keys times members must be {ENTRIES_MAX} at most, got {entries}",
        )
    for source in parts.sources:
        known = source.journey in parts.journeys
        refuse_unless(known, f"arrivals: there is no journey {source.journey}")


def _refuse_misfits(parts: Parts, flat: Flat) -> None:
    journeys = list(parts.journeys)
    refuse_cycles(journeys, flat.emitted_by)
    reached: set[int] = set()
    for source in parts.sources:
        on_its_way = reached_from([journeys.index(source.journey)], flat.emitted_by)
        for journey in on_its_way:
            refuse_attributes(source.journey, flat.counted(journey), source.attributes)
        if parts.zone_attribute is not None:
            needed = {parts.zone_attribute.name: False}
            refuse_attributes(source.journey, needed, source.attributes)
        reached |= on_its_way
    for journey, name in enumerate(journeys):
        refuse_unless(journey in reached, f"{name}: nothing arrives there, and none emits it")
    for station, part in enumerate(parts.stations.values()):
        served = part.queue.order != "preemptive" and part.batching.limit == 1
        refuse_unless(
            served or station not in flat.stations_held(),
            f"station {part.name}: cannot be held: it serves in batches, or preempts",
        )
