"""What one replication shows, without its visits: how long things took, and how busy all was.

Seconds are those of the run.  A latency is infinite if the request failed, or had not been
answered at the end though its target had passed; what nobody knows yet is left out.  What a
request began, and had not ended, is told by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from model.answers.instances import InUse, in_use_of
from model.answers.utilisation import busiest_of_stations, of_stations
from model.answers.utilisation_between import Busy
from model.engine.codes import NONE, Outcome
from model.engine.runs import SimulatedRun
from model.world.celebrities import is_celebritys_post
from model.world.scenario import Endpoint

Floats = NDArray[np.float64]
FINITE_MAX = float(np.finfo(float).max)  # what took longer never came


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """When things began, rising, and how long each took."""

    began_s: Floats
    took_s: Floats
    ended: NDArray[np.int8] | None = None  # how, as an Outcome; None where nobody asks
    attempts: NDArray[np.int32] | None = None  # that its calls began; None where nobody asks

    def between(self, since_s: float, until_s: float) -> Floats:
        """Return how long those took that began in [since_s, until_s)."""
        first, last = np.searchsorted(self.began_s, (since_s, until_s))
        return self.took_s[first:last]

    def ended_so(self, how: Outcome, since_s: float, until_s: float) -> Floats:
        """Return how long those took that began in [since_s, until_s), infinite if they ended so.

        What failed otherwise has FINITE_MAX, and is as late as can be without being one of them.
        """
        first, last = np.searchsorted(self.began_s, (since_s, until_s))
        took_s = np.minimum(self.took_s[first:last], FINITE_MAX)
        return (
            took_s
            if self.ended is None
            else np.where(self.ended[first:last] == how, np.inf, took_s)
        )

    def attempts_between(self, since_s: float, until_s: float) -> Floats:
        """Return how many attempts those made that began in [since_s, until_s); none if unknown."""
        first, last = np.searchsorted(self.began_s, (since_s, until_s))
        return np.empty(0) if self.attempts is None else self.attempts[first:last].astype(float)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one replication shows."""

    requests: Mapping[str, Timed]  # by journey, of requests that came from outside
    lags: Mapping[str, Timed]  # by activity, from the request that it goes back to, to its end
    busy: Mapping[str, float]  # by station, as `utilisation` says
    busiest: Mapping[str, float]  # by station: the same of its busiest member
    # The same before, during and after what happens, by the suffix of a `numbers.Window`.
    busy_in: Mapping[str, Busy] = field(default_factory=dict)
    # By store with copies (`staleness`): acknowledged writes of a shard that one copy alone has, at
    # a random instant before anything happens, and those lost in crashes, if there are any.
    unreplicated: Mapping[str, float] = field(default_factory=dict)
    lost: Mapping[str, float] = field(default_factory=dict)
    instances: Mapping[str, InUse] = field(default_factory=dict)  # of autoscaled stations
    came_near: bool = False  # any limit that was left out (`near_limits`)
    # By activity, of what had not ended: from the request that it goes back to, to the run's end.
    unended: Mapping[str, Timed] = field(default_factory=dict)

    def without(self, *, journeys: Collection[str], stations: Collection[str]) -> Reading:
        """Return the reading without what is there for the simulation's sake only."""
        return replace(
            self,
            requests={name: t for name, t in self.requests.items() if name not in journeys},
            lags={name: timed for name, timed in self.lags.items() if name not in journeys},
            unended={name: timed for name, timed in self.unended.items() if name not in journeys},
            busy={name: share for name, share in self.busy.items() if name not in stations},
            busiest={name: share for name, share in self.busiest.items() if name not in stations},
        )


def read(run: SimulatedRun, *, patience_s: Mapping[str, float]) -> Reading:
    """Return what a replication shows; `patience_s` is the target of each kind of request."""
    names = run.program.journeys
    root = _roots(run)
    rows = {n: np.flatnonzero(run.requests.journey == number) for number, n in enumerate(names)}
    asked = {names[stream.journey] for stream in run.program.streams}
    by_journey = {
        name: _timed(run, rows[name], root, _patience_of(name, patience_s)) for name in names
    }
    return Reading(
        requests={name: timed for name, timed in by_journey.items() if name in asked},
        lags={name: timed for name, timed in by_journey.items() if name not in asked},
        unended=unended_in(run),
        busy=of_stations(run, run.until_s),
        busiest=busiest_of_stations(run, run.until_s),
        instances=in_use_of(run),
    )


def _patience_of(journey: str, patience_s: Mapping[str, float]) -> float | None:
    """Return the target of a journey, if it has one; a celebrity's post has that of any post."""
    return patience_s.get(Endpoint.POST.value if is_celebritys_post(journey) else journey)


def _roots(run: SimulatedRun) -> NDArray[np.int64]:
    """Return for every request the one from outside that it goes back to; parents come first."""
    parent = run.requests.parent.astype(np.int64)
    root = np.where(parent == NONE, np.arange(len(parent)), parent)
    while (root != root[root]).any():
        root = root[root]
    return root


def _timed(
    run: SimulatedRun, rows: NDArray[np.int64], root: NDArray[np.int64], patience_s: float | None
) -> Timed:
    requests = run.requests
    began_s = requests.arrived_s[root[rows]]
    took_s = requests.done_s[rows] - began_s
    outcome = requests.outcome[rows]
    under_way = outcome == Outcome.UNDER_WAY
    overdue = under_way & (run.until_s - began_s > (np.inf if patience_s is None else patience_s))
    took_s = np.where((outcome == Outcome.DONE) | under_way, took_s, np.inf)
    took_s = np.where(overdue, np.inf, took_s)
    known = ~(under_way & ~overdue)
    order = np.argsort(began_s[known], kind="stable")
    return Timed(
        began_s=began_s[known][order],
        took_s=took_s[known][order],
        ended=outcome[known][order].astype(np.int8),
        attempts=requests.attempts[rows][known][order].astype(np.int32),
    )


def unended_in(run: SimulatedRun) -> dict[str, Timed]:
    """Return by activity how long ago that began which was not done at the end of a run."""
    asked = {stream.journey for stream in run.program.streams}
    root = _roots(run)
    return {
        name: _unended(run, number, root)
        for number, name in enumerate(run.program.journeys)
        if number not in asked
    }


def _unended(run: SimulatedRun, journey: int, root: NDArray[np.int64]) -> Timed:
    """Return how long ago that began which was not done at the end; what failed never is."""
    requests = run.requests
    left = (requests.journey == journey) & (requests.outcome != Outcome.DONE)
    began_s = np.sort(requests.arrived_s[root[left]])
    return Timed(began_s=began_s, took_s=run.until_s - began_s)
