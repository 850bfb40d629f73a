"""What the stations of a run were asked for, and how much their processes worked for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import UnionType

import numpy as np
import pandas as pd

from model.answers.recordings import Recording
from model.answers.runs import Run, RunError
from model.world.attributes import Attribute
from model.world.journeys import (
    AllOf,
    Call,
    Emit,
    ForEach,
    Hold,
    Journey,
    Step,
    Steps,
    Visit,
    WithProbability,
    Write,
    sequence,
)
from model.world.scenario import Endpoint, Scenario
from model.world.step_trees import places_in
from model.world.topology import EVENT_LOOPS

ORIGIN = "media"  # the station that only images visit which an edge has not

Kind = UnionType | type[Visit] | type[Write]
Demand = dict[tuple[str, str], float]  # (journey, station) -> visits, or calls, per request


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The part of a recording that counts: load is steady from `since_s` to `until_s`."""

    recording: Recording
    since_s: float
    until_s: float
    idle_share: Mapping[str, float] = field(default_factory=dict)  # process -> cores, unasked

    @property
    def sent(self) -> pd.DataFrame:
        """The requests that were intended in the window."""
        rows = self.recording.requests
        return rows[(rows.intended_s >= self.since_s) & (rows.intended_s < self.until_s)]

    @property
    def requests(self) -> pd.DataFrame:
        """Those of them that got a good answer."""
        rows = self.sent
        return rows[(rows.status >= 200) & (rows.status < 300)]

    def stages(self) -> pd.DataFrame:
        """Return the stages of those requests, with their endpoint."""
        return self.recording.stages.merge(self.requests[["request", "endpoint"]], on="request")

    def counts(self) -> dict[str, int]:
        """Return how many of those requests each endpoint had."""
        return {str(name): int(n) for name, n in self.requests.endpoint.value_counts().items()}

    def busy_s(self) -> dict[str, float]:
        """Return the CPU seconds that each station's processes worked in the window.

        Read off each process's clock between its readings; what it does when nobody asks
        is taken off.
        """
        busy: dict[str, float] = {}
        window_s = np.asarray([self.since_s, self.until_s])
        for (station, process), clock in self.recording.cpu.groupby(["station", "process"]):
            at_edges_s = np.interp(window_s, clock.at_s.to_numpy(), clock.cpu_s.to_numpy())
            idle_s = self.idle_share.get(str(process), 0.0) * (self.until_s - self.since_s)
            worked_s = max(0.0, float(at_edges_s[1] - at_edges_s[0]) - idle_s)
            busy[str(station)] = busy.get(str(station), 0.0) + worked_s
        return busy


def window_of(run: Run) -> Window:
    """Return the part of a measured run that counts, as its result says.

    Raises RunError if the run is a simulated one: nobody's CPU was read there.
    """
    if run.kind != "measured":
        raise RunError(f"{run.folder}: is a simulated run, and a measured one is needed")
    window = run.result["window"]
    return Window(
        recording=run.recording,
        since_s=window["since_s"],
        until_s=window["until_s"],
        idle_share=run.result["background_cpu"],
    )


def with_hits_seen(scenario: Scenario, window: Window) -> Scenario:
    """Return the scenario with the share of images that the edges were seen to have.

    What a cache holds follows from all that was asked for before, not from this load.  So it is not
    simulated which images they hold, either.
    """
    requests, stages = window.requests, window.recording.stages
    images = requests.request[requests.endpoint == Endpoint.IMAGE.value]
    if images.empty or stages.empty:
        return scenario
    fetched = images.isin(stages.request[stages.station == ORIGIN])
    seen = {"hit_share": 1 - float(fetched.mean()), "popular": None}
    cdn = scenario.fleet.cdn.model_copy(update=seen)
    fleet = scenario.fleet.model_copy(update={"cdn": cdn})
    return scenario.model_copy(update={"fleet": fleet})


def demand_of(journeys: tuple[Journey, ...], *, of: Kind = Visit | Write) -> Demand:
    """Return the mean visits of each station by one request of each journey, emitted ones apart.

    An event loop's two visits, before and after asking others, are one call.  A write to several
    copies is one visit; `of` says whether these are counted, or those, or both.
    """
    demand: Demand = {}
    for journey in journeys:
        for times, step in taken(journey.steps):
            if isinstance(step, of):
                asked = journey.name, step.station
                calls = 0.5 if step.station in EVENT_LOOPS else 1.0
                demand[asked] = demand.get(asked, 0.0) + times * calls
    return demand


def taken(steps: Steps) -> Iterator[tuple[float, Step]]:
    """Yield the innermost steps, and how often each is taken on average."""
    for step in sequence(steps):
        match step:
            case WithProbability(p=float(p), then=then):
                within = [(p, then)]
            case AllOf(branches=branches):
                within = [(1.0, branch) for branch in branches]
            case ForEach(count=count, body=body):
                assert not isinstance(count, Attribute), "the design draws its widths from laws"
                within = [(count.mean, body)]
            case Call(steps=inner) | Hold(steps=inner):
                within = [(1.0, inner)]
            case _:
                within = []
                yield 1.0, step
        for times, inner in within:
            yield from ((times * often, each) for often, each in taken(inner))


def emitted_by(journeys: tuple[Journey, ...]) -> dict[str, list[str]]:
    """Return which journeys each journey starts without waiting for them, always or perhaps."""
    return {
        journey.name: [
            place.step.journey
            for place in places_in(journey.name, journey.steps)
            if isinstance(place.step, Emit)
        ]
        for journey in journeys
    }
