"""How what happens to a fleet, by name, becomes disruptions of members, hosts and links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from model.engine.disruptions import ActionKind, Disruption, Scaling
from model.engine.parts import SERVERS_MAX, StationPart
from model.engine.refusals import refuse_duration, refuse_outside, refuse_unless
from model.rules.regions import zone_of_copy
from model.world import failures
from model.world.failures import Again, Once


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """What failures may name."""

    stations: Sequence[StationPart]
    first_member: Sequence[int]
    hosts: Sequence[str]
    links: Sequence[str]
    caches: Sequence[str]
    zones: int

    def station(self, station: str) -> int:
        """Return the number of a station."""
        return _index(
            [part.name for part in self.stations], station, "failure: there is no station"
        )

    def members(self, station: str, members: Sequence[int]) -> tuple[int, ...]:
        """Return members of a station by their numbers in the whole, or all of them."""
        number = self.station(station)
        count = self.stations[number].members * self.stations[number].replicas
        for member, times in Counter(members).items():
            refuse_outside(f"failure of {station}: member", member, 0, count - 1)
            refuse_unless(times == 1, f"failure of {station}: member {member} is named twice")
        return tuple(self.first_member[number] + m for m in members or range(count))

    def members_in(self, zone: int) -> tuple[int, ...]:
        """Return the members of all stations that stand in a zone."""
        refuse_outside("failure: zone", zone, 0, self.zones - 1)
        return tuple(
            first + member
            for part, first in zip(self.stations, self.first_member, strict=True)
            for member in range(part.members * part.replicas)
            if zone_of_copy(*divmod(member, part.replicas), self.zones) == zone
        )


def disruptions_of(happening: Sequence[failures.Failure], fleet: Fleet) -> tuple[Disruption, ...]:
    """Return what happens whatever the load, with names resolved; refuses what cannot happen."""
    return tuple(
        _disruption_of(one, fleet) for one in happening if not isinstance(one, failures.Autoscale)
    )


def scalings_of(happening: Sequence[failures.Failure], fleet: Fleet) -> tuple[Scaling, ...]:
    """Return how stations follow their load, with names resolved; refuses what cannot be."""
    found = [one for one in happening if isinstance(one, failures.Autoscale)]
    for station, times in Counter(one.station for one in found).items():
        refuse_unless(times == 1, f"autoscale of {station}: is there already")
    return tuple(_scaling_of(one, fleet) for one in found)


def _disruption_of(  # noqa: PLR0911 - one for each kind of failure
    failure: failures.Happening, fleet: Fleet
) -> Disruption:
    when = _when(failure)
    _refuse_never(f"failure of {_subject(failure)}", when)
    match failure:
        case failures.Crash():
            members = fleet.members(failure.station, failure.members)
            return _disruption(ActionKind.CRASH, members, 1.0, when)
        case failures.ZoneLoss():
            members = fleet.members_in(failure.zone)
            return _disruption(ActionKind.CRASH, members, 1.0, when)
        case failures.SlowDown():
            members = fleet.members(failure.station, failure.members)
            _refuse_negative(f"slow-down of {failure.station}: factor", failure.factor)
            return _disruption(ActionKind.SPEED, members, failure.factor, when)
        case failures.HostSlowDown():
            host = _index(fleet.hosts, failure.host, "failure: there is no host")
            _refuse_negative(f"slow-down of {failure.host}: factor", failure.factor)
            return _disruption(ActionKind.HOST_SPEED, (host,), failure.factor, when)
        case failures.MessageLoss():
            link = _index(fleet.links, failure.link, "failure: there is no link")
            _refuse_improbable(f"loss of {failure.link}", failure.probability)
            return _disruption(ActionKind.LOSS, (link,), failure.probability, when)
        case failures.MessageLag():
            link = _index(fleet.links, failure.link, "failure: there is no link")
            _refuse_negative(f"lag of {failure.link}: extra_s", failure.extra_s)
            return _disruption(ActionKind.LAG, (link,), failure.extra_s, when)
        case failures.Resize():
            members = fleet.members(failure.station, failure.members)
            refuse_outside(f"resize of {failure.station}: servers", failure.servers, 0, SERVERS_MAX)
            return _disruption(ActionKind.SERVERS, members, float(failure.servers), when)
        case failures.CacheWipe():
            cache = _index(fleet.caches, failure.cache, "failure: there is no cache")
            return _disruption(ActionKind.WIPE, (cache,), 1.0, when)
        case failures.Spread():
            station = fleet.station(failure.station)
            _refuse_spread(failure, fleet.stations[station])
            return _disruption(ActionKind.SPREAD, (station,), float(failure.shards), when)


def _when(failure: failures.Happening) -> Once | Again:
    match failure:
        case failures.Resize() | failures.CacheWipe() | failures.Spread():
            return Once(at_s=failure.at_s)
        case _:
            return failure.when


def _disruption(
    kind: ActionKind, targets: tuple[int, ...], value: float, when: Once | Again
) -> Disruption:
    return Disruption(kind=kind, targets=targets, value=value, when=when)


def _scaling_of(scale: failures.Autoscale, fleet: Fleet) -> Scaling:
    station, what = fleet.station(scale.station), f"autoscale of {scale.station}"
    part = fleet.stations[station]
    refuse_unless(part.members == 1, f"{what}: must have 1 shard, got {part.members}")
    _refuse_not_positive(f"{what}: every_s", scale.every_s)
    refuse_unless(
        0 < scale.busy_target <= 1,
        f"{what}: busy_target must be above 0 and 1 at most, got {scale.busy_target}",
    )
    _refuse_negative(f"{what}: start_up_s", scale.start_up_s)
    refuse_outside(f"{what}: copies_max", scale.copies_max, 1, part.replicas)
    refuse_outside(f"{what}: copies_min", scale.copies_min, 1, scale.copies_max)
    return Scaling(
        station=station,
        every_s=float(scale.every_s),
        busy_target=float(scale.busy_target),
        start_up_s=float(scale.start_up_s),
        copies_min=int(scale.copies_min),
        copies_max=int(scale.copies_max),
        shrinks=bool(scale.shrinks),
    )


def _subject(failure: failures.Happening) -> str:
    match failure:
        case failures.ZoneLoss():
            return f"zone {failure.zone}"
        case failures.CacheWipe():
            return failure.cache
        case failures.HostSlowDown():
            return failure.host
        case failures.MessageLoss() | failures.MessageLag():
            return failure.link
        case _:
            return failure.station


def _refuse_never(what: str, when: Once | Again) -> None:
    """Refuse times that nothing has."""
    if isinstance(when, Once):
        refuse_unless(0 <= when.at_s < inf, f"{what}: at_s must be 0 or more, got {when.at_s}")
        refuse_unless(when.for_s > 0, f"{what}: for_s must be positive, got {when.for_s}")
    else:
        refuse_duration(f"{what}, every", when.every)
        refuse_duration(f"{what}, lasting", when.lasting)
        mean_s = when.every.mean
        refuse_unless(mean_s > 0, f"{what}: comes again after no time at all, got {mean_s}")


def _refuse_spread(spread: failures.Spread, part: StationPart) -> None:
    what = f"spread of {spread.station}"
    refuse_outside(f"{what}: shards", spread.shards, 1, part.members)
    refuse_unless(isinstance(part.balancing, str), f"{what}: its shards are chosen by weights")


def _refuse_not_positive(what: str, value: float) -> None:
    refuse_unless(0 < value < inf, f"{what} must be positive, got {value}")


def _refuse_negative(what: str, value: float) -> None:
    refuse_unless(0 <= value < inf, f"{what} must be 0 or more, got {value}")


def _refuse_improbable(what: str, value: float) -> None:
    refuse_unless(0 <= value <= 1, f"{what}: probability must be in 0..1, got {value}")


def _index(names: Sequence[str], name: str, complaint: str) -> int:
    refuse_unless(name in names, f"{complaint} {name}")
    return names.index(name)
