"""What a simulated run leaves behind: every request, every visit, and totals per member.

Times are seconds since the run began; NaN stands for what had not happened when it ended.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.engine.program import Program

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Requests:
    """One row per request, in the order in which they began."""

    uid: NDArray[np.uint64]
    journey: Indices
    parent: Indices  # the request that emitted it, or NONE
    arrived_s: Floats
    done_s: Floats
    attributes: Floats  # one column per attribute of the program


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Visits:
    """One row per visit, in the order of arrival."""

    request: Indices  # row in `Requests`
    member: Indices  # numbered through all stations
    step: Indices  # row in `Program.steps`
    leg: Indices
    arrived_s: Floats
    started_s: Floats
    done_s: Floats
    work_s: Floats  # at full speed; on a busy host it takes longer


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Members:
    """Totals of each member of each station, kept whether or not visits are."""

    arrived: Indices
    done: Indices
    present: Indices  # in queue or service when the run ended
    present_s: Floats  # the number present, integrated over time
    worked_s: Floats  # work of the visits done


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedRun:
    """One replication of a program."""

    program: Program
    seed: int
    replication: int
    until_s: float
    requests: Requests
    visits: Visits | None
    members: Members

    def latencies_s(self, journey: str, *, since_s: float = 0.0) -> Floats:
        """Return the latencies of a journey's requests, in the order of their arrival.

        Only requests that arrived at or after `since_s` and are done count.
        """
        requests = self.requests
        counts = (requests.journey == self.program.journeys.index(journey)) & (
            requests.arrived_s >= since_s
        )
        latencies_s: Floats = requests.done_s[counts] - requests.arrived_s[counts]
        return latencies_s[~np.isnan(latencies_s)]

    def visits_of(self, station: str) -> NDArray[np.bool_]:
        """Return which visits were to this station, as a mask of `visits`."""
        if self.visits is None:
            raise ValueError("this run kept no visits")
        number = self.program.stations.names.index(station)
        visited: NDArray[np.bool_] = self.program.stations.of_member[self.visits.member] == number
        return visited

    def attribute(self, name: str) -> Floats:
        """Return an attribute of every request; NaN where it had none."""
        return self.requests.attributes[:, self.program.attributes.index(name)]
