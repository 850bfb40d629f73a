"""The fleet in SimPy: hosts and members as built."""

from __future__ import annotations

from math import inf

from model.engine.codes import NONE
from model.engine.program import Program
from model.engine.simpy_eventful import EventfulMember, Ways
from model.engine.simpy_hosts import Host
from model.engine.simpy_members import Member, PlainMember
from model.engine.simpy_walks import Walks


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
        for member in self.members:
            member.close(until_s)


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
