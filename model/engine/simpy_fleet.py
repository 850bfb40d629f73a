"""The fleet in SimPy: hosts and members as built, and what happens to them while they run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from math import inf

from model.engine.disruptions import ActionKind
from model.engine.program import NONE, At, Program
from model.engine.simpy_choices import Choices
from model.engine.simpy_clock import Clock, Moment
from model.engine.simpy_eventful import EventfulMember, Ways
from model.engine.simpy_hosts import Host
from model.engine.simpy_members import Member, PlainMember
from model.engine.simpy_steps import Links
from model.engine.simpy_walks import Walks
from model.engine.timeline import Action


class Fleet:
    """All hosts and members; members are numbered through all stations."""

    def __init__(self, program: Program, walks: Walks) -> None:
        self.hosts = [Host(walks.clock, cores=float(cores)) for cores in program.hosts.cores]
        self.eventful: dict[int, EventfulMember] = {}
        self.members: list[Member] = []
        stations = program.stations
        ways = [_read_ways(program, row) for row in range(len(stations.names))]
        for number, station in enumerate(stations.of_member.tolist()):
            totals, servers = walks.ledger.totals[number], int(stations.servers[station])
            if stations.plain[station]:
                self.members.append(PlainMember(walks, number=number, servers=servers))
                continue
            placed = int(stations.host[station])
            host = Host(walks.clock, cores=inf) if placed == NONE else self.hosts[placed]
            member = EventfulMember(
                walks, totals, ways[station], host, number=number, servers=servers
            )
            self.eventful[number] = member
            self.members.append(member)

    def close(self, until_s: float) -> None:
        """Add to the totals who is present when the run ends."""
        for member in self.eventful.values():
            member.close(until_s)


class Weather:
    """Makes what happens to the fleet happen, one action after another."""

    def __init__(
        self, clock: Clock, fleet: Fleet, links: Links, choices: Choices, coming: Iterable[Action]
    ) -> None:
        self._clock, self._fleet, self._links, self._choices = clock, fleet, links, choices
        self._coming: Iterator[Action] = iter(coming)
        self._happen: dict[ActionKind, Callable[[int, float], None]] = {
            ActionKind.CRASH: self._crash,
            ActionKind.REPAIR: self._repair,
            ActionKind.SPEED: self._change_speed,
            ActionKind.HOST_SPEED: self._change_host_speed,
            ActionKind.LOSS: self._change_loss,
            ActionKind.LAG: self._change_lag,
            ActionKind.SERVERS: self._change_servers,
        }

    def expect(self) -> None:
        """Schedule the next action, if there is one."""
        if (action := next(self._coming, None)) is not None:
            order = At.ACTION, action.kind, action.target
            self._clock.at(action.at_s, order, self._act, action)

    def _act(self, moment: Moment) -> None:
        action: Action = moment.subject
        self.expect()
        self._happen[action.kind](action.target, action.value)

    def _crash(self, member: int, _value: float) -> None:
        self._choices.down.add(member)
        self._fleet.eventful[member].crash()

    def _repair(self, member: int, _value: float) -> None:
        self._choices.down.remove(member)
        self._fleet.eventful[member].repair()

    def _change_speed(self, member: int, value: float) -> None:
        self._fleet.eventful[member].set_speed(value)

    def _change_host_speed(self, host: int, value: float) -> None:
        self._fleet.hosts[host].set_speed(value)

    def _change_loss(self, link: int, value: float) -> None:
        self._links.loss[link] = value

    def _change_lag(self, link: int, value: float) -> None:
        self._links.extra_s[link] = value

    def _change_servers(self, member: int, value: float) -> None:
        self._fleet.eventful[member].set_servers(int(value))


def _read_ways(program: Program, row: int) -> Ways:
    stations = program.stations
    queue_max, overhead = int(stations.queue_max[row]), int(stations.overhead[row])
    return Ways(
        queue_max=inf if queue_max == NONE else queue_max,
        discipline=int(stations.discipline[row]),
        lifo_above=int(stations.lifo_above[row]),
        drop_expired=bool(stations.drop_expired[row]),
        on_crash=int(stations.on_crash[row]),
        batch_max=int(stations.batch_max[row]),
        overhead=None if overhead == NONE else program.laws[overhead].quantile,
        poll_s=float(stations.poll_s[row]),
    )
