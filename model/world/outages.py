"""When zones are lost, and from when until when nobody is sent there."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import inf

from model.world.places import zones_in
from model.world.scenario import Scenario, ScenarioError
from model.world.scenario.events import RegionLoss, ZoneLoss


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Some zones, numbered from 0, are down; seconds are those of the run."""

    zones: tuple[int, ...]
    since_s: float
    until_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of the run in which the same zones are avoided."""

    since_s: float
    until_s: float
    avoided: frozenset[int]


def outages_of(scenario: Scenario) -> tuple[Outage, ...]:
    """Return the zones and regions that the scenario's events take away.

    Raises ScenarioError for a zone or region that the fleet does not have.
    """
    return tuple(
        Outage(zones=_zones(scenario, number, event), since_s=since_s, until_s=until_s)
        for number, event in enumerate(scenario.events)
        if isinstance(event, ZoneLoss | RegionLoss)
        for since_s, until_s in [span_s(scenario, event)]
    )


def lost_together(scenario: Scenario) -> tuple[frozenset[int], ...]:
    """Return the zones that are down when an outage begins, of each outage."""
    outages = outages_of(scenario)
    return tuple(
        frozenset(
            zone
            for outage in outages
            if outage.since_s <= begins_s < outage.until_s
            for zone in outage.zones
        )
        for begins_s in (outage.since_s for outage in outages)
    )


def span_s(scenario: Scenario, event: ZoneLoss | RegionLoss) -> tuple[float, float]:
    """Return from when until when an event lasts, in seconds of the run."""
    since_s = scenario.simulation.warmup + event.at
    return since_s, since_s + (inf if event.lasts is None else event.lasts)


def _zones(scenario: Scenario, number: int, event: ZoneLoss | RegionLoss) -> tuple[int, ...]:
    fleet = scenario.fleet
    if isinstance(event, ZoneLoss):
        if event.zone > fleet.zones:
            raise ScenarioError(
                f"events.{number}.zone: fleet.zones is {fleet.zones}, got {event.zone}"
            )
        return (event.zone - 1,)
    zones = zones_in(fleet, event.region)
    if not zones:
        raise ScenarioError(
            f"events.{number}.region: has no zone of the fleet, got {event.region!r}; there are"
            f" {', '.join(fleet.regions[: fleet.zones])}"
        )
    return zones


def stretches_of(scenario: Scenario) -> tuple[Stretch, ...]:
    """Return the parts of the run, in order, by the zones that nobody is sent to in them.

    A zone is avoided from `fleet.links.noticed_after` after its loss until as long after its
    return.
    """
    late_s = scenario.fleet.links.noticed_after
    avoided = [
        Outage(zones=outage.zones, since_s=outage.since_s + late_s, until_s=outage.until_s + late_s)
        for outage in outages_of(scenario)
    ]
    edges = sorted({0.0, inf, *(end for o in avoided for end in (o.since_s, o.until_s))})
    return tuple(
        Stretch(
            since_s=since_s,
            until_s=until_s,
            avoided=frozenset(
                zone for o in avoided if o.since_s <= since_s < o.until_s for zone in o.zones
            ),
        )
        for since_s, until_s in pairwise(edges)
    )
