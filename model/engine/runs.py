"""What a simulated run leaves behind: every request, every visit, and totals per member.

Times are seconds since the run began; NaN stands for what had not happened when it ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.engine.codes import Outcome
from model.engine.latencies import LatencyCounts
from model.engine.program import Program

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Numbers = NDArray[np.signedinteger[Any]]  # of `Requests`: as narrow as their values are

REQUEST_TYPES: dict[str, Any] = {
    "uid": np.uint64, "arrived_s": np.float64, "done_s": np.float64, "parent": np.int32,
    "row": np.int32, "attempts": np.int32, "journey": np.int16, "stream": np.int16,
    "outcome": np.int8,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Requests:
    """One row per request, in the order in which they began."""

    uid: NDArray[np.uint64]
    journey: Numbers
    parent: Numbers  # the request that emitted it, or NONE
    stream: Numbers  # row in `Program.streams`, of the request or of who emitted it
    row: Numbers  # of that stream's attributes
    arrived_s: Floats
    done_s: Floats  # or when it failed
    outcome: Numbers  # a codes.Outcome
    attempts: Numbers  # that its calls began until it ended


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Visits:
    """One row per visit or hold, in the order of arrival."""

    request: Indices  # row in `Requests`
    member: Indices  # numbered through all stations
    step: Indices  # row in `Program.steps`
    leg: Indices
    attempt: Indices
    outcome: Indices  # a codes.Outcome; a hold that gave its server back is done
    arrived_s: Floats
    started_s: Floats  # for the first time, if it was preempted or a crash came between
    done_s: Floats  # or when it left without success
    work_s: Floats  # at full speed; on a busy host it takes longer; 0 for holds


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Members:
    """Totals of each member of each station, kept whether or not visits are.

    Who arrived is done, refused, dropped, lost or present.
    """

    arrived: Indices
    done: Indices
    refused: Indices
    dropped: Indices  # taken from the queue too late
    lost: Indices  # in a crash
    present: Indices  # in queue or service when the run ended
    present_s: Floats  # the number present, integrated over time
    stay_s: Floats  # from arrival to leaving, or to the end of the run
    waited_s: Floats  # from arrival to the first beginning of service
    worked_s: Floats  # work of the visits done
    busy_s: Floats  # of servers in service, however slow: at work, for nothing, paused, or held


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CopiesInUse:
    """A row for each autoscaled station when the run begins, and each time it changes, by time."""

    at_s: Floats
    station: Indices  # row in `Program.stations`
    count: Indices  # from then on


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedRun:
    """One replication of a program.

    `counts` is there instead of `requests`, which then are none, if there were more of them than
    an engine keeps one by one.
    """

    program: Program
    seed: int
    replication: int
    until_s: float
    requests: Requests
    visits: Visits | None
    members: Members
    hits: Indices  # of each cache
    misses: Indices  # who waited for another's fetch had one too
    copies_in_use: CopiesInUse
    counts: LatencyCounts | None = None

    def latencies_s(self, journey: str, *, since_s: float = 0.0) -> Floats:
        """Return the latencies of a journey's requests, in the order of their arrival.

        Only requests that arrived at or after `since_s` and are done count.  Raises ValueError if
        there were too many to keep, and only their `counts` are there.
        """
        self._refuse_counts()
        done = self._of(journey, since_s) & (self.requests.outcome == Outcome.DONE)
        latencies_s: Floats = self.requests.done_s[done] - self.requests.arrived_s[done]
        return latencies_s

    def failures(self, journey: str, *, since_s: float = 0.0) -> dict[Outcome, int]:
        """Return how many of a journey's requests failed, and how.

        Only requests that arrived at or after `since_s` count.  Raises ValueError if there were
        too many to keep, and only their `counts` are there.
        """
        self._refuse_counts()
        outcomes = self.requests.outcome[self._of(journey, since_s)]
        failed = (Outcome.REFUSED, Outcome.EXPIRED, Outcome.LOST)
        return {outcome: int((outcomes == outcome).sum()) for outcome in failed}

    def visits_of(self, station: str) -> NDArray[np.bool_]:
        """Return which visits were to this station, as a mask of `visits`."""
        if self.visits is None:
            raise ValueError("this run kept no visits")
        number = self.program.stations.names.index(station)
        visited: NDArray[np.bool_] = self.program.stations.of_member[self.visits.member] == number
        return visited

    def attribute(self, name: str) -> Floats:
        """Return an attribute of every request; NaN where its stream has none."""
        self._refuse_counts()
        column = self.program.attributes.index(name)
        values = np.full(len(self.requests.row), np.nan)
        for number, stream in enumerate(self.program.streams):
            mine = self.requests.stream == number
            values[mine] = stream.attributes[self.requests.row[mine], column]
        return values

    def _of(self, journey: str, since_s: float) -> NDArray[np.bool_]:
        requests = self.requests
        counts: NDArray[np.bool_] = (requests.journey == self.program.journeys.index(journey)) & (
            requests.arrived_s >= since_s
        )
        return counts

    def _refuse_counts(self) -> None:
        if self.counts is not None:
            raise ValueError("this run kept no requests, only `counts` of them: ask those")


def copies_in_use_of(
    at_s: Floats, station: Indices, count: Indices, *, until_s: float
) -> CopiesInUse:
    """Return changes in the order in which each station's were noted, as one table by time."""
    order = np.lexsort((station, at_s))  # which keeps the order of equals
    order = order[at_s[order] < until_s]
    return CopiesInUse(at_s=at_s[order], station=station[order], count=count[order])
