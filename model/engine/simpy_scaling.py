"""Autoscaled stations in SimPy: which of their copies are in use, and which are starting."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from model.engine.disruptions import Scaling
from model.engine.program import Program
from model.engine.simpy_clock import Clock
from model.engine.simpy_eventful import EventfulMember
from model.engine.simpy_fleet import Fleet
from model.engine.stations import busy_share, copies_wanted


class ScaledCopies:
    """The copies of one station; those in use or starting are always the first.

    One that was asked for later is in use later, so that what tells the copies in use is an
    instant for each, and no event: whoever asks finds those whose instant has come.
    """

    def __init__(
        self, scaling: Scaling, members: Sequence[EventfulMember], clock: Clock, *, servers: int
    ) -> None:
        self._scaling, self._members, self._clock = scaling, members, clock
        self._servers = servers
        self._from_s = [0.0] * scaling.copies_min  # of each in use or starting
        self._changes: list[tuple[float, int]] = [(0.0, scaling.copies_min)]

    def in_use(self) -> int:
        """Return how many copies are in use now, and note since when."""
        _, count = self._changes[-1]
        while count < len(self._from_s) and self._from_s[count] <= self._clock.now:
            at_s = self._from_s[count]
            count = bisect_right(self._from_s, at_s)
            self._changes.append((at_s, count))
        return count

    def changes_until_now(self) -> list[tuple[float, int]]:
        """Return from when on how many copies were in use."""
        self.in_use()
        return self._changes

    def look(self) -> None:
        """Begin to start the copies that are missing, or take those that are not out of use."""
        scaling, in_use, now_s = self._scaling, self.in_use(), self._clock.now
        busy = busy_share(self._take_busy_s(in_use), in_use, self._servers, scaling.every_s)
        wanted = copies_wanted(
            in_use, busy, scaling.busy_target, scaling.copies_min, scaling.copies_max
        )
        missing = wanted - len(self._from_s)
        if missing > 0:
            self._from_s += [now_s + scaling.start_up_s] * missing
        elif missing < 0 and scaling.shrinks:
            del self._from_s[wanted:]
            if wanted < in_use:
                self._changes.append((now_s, wanted))

    def _take_busy_s(self, in_use: int) -> float:
        """Return the server-seconds of the copies in use since the last look."""
        busy_s = 0.0
        for copy, member in enumerate(self._members):
            own_s = member.services.take_busy_s()
            if copy < in_use:
                busy_s += own_s
        return busy_s


def scaled_copies(program: Program, fleet: Fleet, clock: Clock) -> list[ScaledCopies]:
    """Return the autoscaled stations, in the order of `Program.scalings`."""
    stations, found = program.stations, []
    for scaling in program.scalings:
        first, replicas = stations.first_member[scaling.station], stations.replicas[scaling.station]
        members = [fleet.eventful[number] for number in range(first, first + replicas)]
        servers = int(stations.servers[scaling.station])
        found.append(ScaledCopies(scaling, members, clock, servers=servers))
    return found
