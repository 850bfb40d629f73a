"""How what happens to a fleet, by name, becomes disruptions of members, hosts and links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from model.engine.disruptions import ActionKind, Disruption
from model.engine.parts import SERVERS_MAX, StationPart
from model.engine.refusals import refuse_duration, refuse_outside, refuse_unless
from model.world import failures
from model.world.failures import Again, Once


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """What failures may name."""

    stations: Sequence[StationPart]
    first_member: Sequence[int]
    hosts: Sequence[str]
    links: Sequence[str]
    zones: int

    def members(self, station: str, members: Sequence[int]) -> tuple[int, ...]:
        """Return members of a station by their numbers in the whole, or all of them."""
        names = [part.name for part in self.stations]
        number = _index(names, station, "failure: there is no station")
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
            if (member // part.replicas + member % part.replicas) % self.zones == zone
        )


def disruption_of(  # noqa: PLR0911 - one for each kind of failure
    failure: failures.Failure, fleet: Fleet
) -> Disruption:
    """Return a failure with its names resolved; refuses what cannot happen."""
    when = Once(at_s=failure.at_s) if isinstance(failure, failures.Resize) else failure.when
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


def _disruption(
    kind: ActionKind, targets: tuple[int, ...], value: float, when: Once | Again
) -> Disruption:
    return Disruption(kind=kind, targets=targets, value=value, when=when)


def _subject(failure: failures.Failure) -> str:
    match failure:
        case failures.ZoneLoss():
            return f"zone {failure.zone}"
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


def _refuse_negative(what: str, value: float) -> None:
    refuse_unless(0 <= value < inf, f"{what} must be 0 or more, got {value}")


def _refuse_improbable(what: str, value: float) -> None:
    refuse_unless(0 <= value <= 1, f"{what}: probability must be in 0..1, got {value}")


def _index(names: Sequence[str], name: str, complaint: str) -> int:
    refuse_unless(name in names, f"{complaint} {name}")
    return names.index(name)
