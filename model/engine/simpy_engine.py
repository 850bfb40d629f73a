"""The reference engine: executes a Program with SimPy.

Every piece of time is one SimPy event, and those that tie are ordered as `program.At` says.

Edges: what would happen at `until_s` exactly does not happen any more.  A service that ends frees
its server, which takes the next of its queue, before the walk that was served goes on.
"""

from __future__ import annotations

from collections.abc import Iterator

from model.engine.arrivals import arrivals
from model.engine.ledger import Ledger
from model.engine.program import NONE, At, Program, Stream
from model.engine.runs import SimulatedRun
from model.engine.simpy_stations import (
    Clock,
    DedicatedServers,
    Hall,
    Host,
    HostedServers,
    Member,
    Moment,
)
from model.engine.simpy_walks import Walks
from model.world.chance import run_key


def simulate(
    program: Program,
    *,
    seed: int,
    until_s: float,
    replication: int = 0,
    keep_visits: bool = True,
) -> SimulatedRun:
    """Run the program from empty at 0 until `until_s`; the same arguments give the same bytes."""
    if not 0 < until_s < float("inf"):
        raise ValueError(f"until_s must be positive, got {until_s}")
    clock, ledger = Clock(), Ledger(program, keep_visits=keep_visits)
    walks = Walks(program, clock, ledger, run_key(seed, replication))
    walks.members = _built_members(program, Hall(clock=clock, ledger=ledger, go_on=walks.go_on))
    for number, stream in enumerate(program.streams):
        coming = arrivals(stream, seed=seed, replication=replication, until_s=until_s)
        Source(clock, walks, stream, number=number, coming=coming).expect()
    clock.run(until=until_s)
    return ledger.close(seed=seed, replication=replication, until_s=until_s)


class Source:
    """Begins the requests of one stream, each when the one before it has arrived."""

    def __init__(
        self,
        clock: Clock,
        walks: Walks,
        stream: Stream,
        *,
        number: int,
        coming: Iterator[tuple[float, int, int]],
    ) -> None:
        self._clock, self._walks, self._stream = clock, walks, stream
        self._number, self._coming, self._arrived = number, coming, 0
        self._rows = stream.attributes.tolist()

    def expect(self) -> None:
        """Schedule the next arrival, if there is one."""
        if (arrival := next(self._coming, None)) is not None:
            order = At.ARRIVAL, self._number, self._arrived
            self._clock.at(arrival[0], order, self._arrive, arrival)
            self._arrived += 1

    def _arrive(self, moment: Moment) -> None:
        _, uid, row = moment.subject
        self.expect()
        self._walks.begin(self._stream.journey, uid, self._rows[row])


def _built_members(program: Program, hall: Hall) -> list[Member]:
    """Return every member of every station, numbered through."""
    hosts = [Host(hall.clock, cores=float(cores)) for cores in program.hosts.cores]
    built: list[Member] = []
    stations = program.stations
    for member, station in enumerate(stations.of_member):
        servers, host = int(stations.servers[station]), int(stations.host[station])
        if host == NONE:
            built.append(DedicatedServers(hall, member=member, servers=servers))
        else:
            built.append(HostedServers(hall, member=member, servers=servers, host=hosts[host]))
    return built
