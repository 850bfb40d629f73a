"""The numbers of an answer, by name, such as `newsfeed.p99`, `post.failed` or `busy.user_db`.

| name | what it is |
|---|---|
| `<request>.p50`, `.p95`, `.p99` | seconds that answered requests took |
| `<request>.failed` | share that failed, or had no answer when their target had passed |
| `<request>.refused`, `.expired`, `.lost` | share of them all that failed so |
| `<request>.late` | share that took longer than the p99's target, or failed |
| `all.failed`, `all.late` | the same of all requests of people together |
| `lag.<activity>.p50`, `.p95`, `.p99` | seconds from a request until what it began is over |
| `lag.replication.<store>.p50`, … | from a write's acknowledgement until the last copy has it |
| `lag.replica.<store>.p50`, … | the same of each copy by itself |
| `lost_writes.<store>`, … | acknowledged writes that are lost with a server (`staleness.numbers`) |
| `instances.<station>` | how many there are on average of a service that scales by itself |
| `busy.<station>`, `busiest.<station>` | share of the servers' time: all, and the busiest member |

With events, requests and lags have the same numbers `.before`, `.during` and `.after` them, such
as `newsfeed.failed.during`: by when they began.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from model.answers.readings import Floats, Reading, Timed
from model.answers.shares import share_beyond
from model.answers.staleness import LOST, lost_writes
from model.answers.statistics import Interval, TooShort, over_replications, quantile_of_clusters
from model.engine.program import Outcome
from model.world.scenario import Endpoint, Event, Scenario

QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
FAILURES = {  # by a full queue, a breaker, or what is down; too late; by a crash or on a link
    "refused": Outcome.REFUSED,
    "expired": Outcome.EXPIRED,
    "lost": Outcome.LOST,
}
ALL = "all"
INSTANCES = "instances"
BUSY, BUSIEST = "busy", "busiest"
SHARES = {"failed", "late", *FAILURES}
ENDPOINTS = {endpoint.value for endpoint in Endpoint}
FINITE_MAX = float(np.finfo(float).max)  # what took longer never came

Numbers = Mapping[str, Interval]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A part of the run, and what names of numbers in it end with."""

    suffix: str
    since_s: float
    until_s: float


def numbers_of(scenario: Scenario, readings: Sequence[Reading]) -> dict[str, Interval]:
    """Return every number that the replications allow to be said, with its interval."""
    found: dict[str, Interval] = {}
    for window in windows_of(scenario):
        found |= dict(_requests(scenario, readings, window))
        found |= dict(_lags(readings, window))
        found |= dict(_instances(scenario, readings, window))
    for kind in (BUSY, BUSIEST):
        shares = [getattr(reading, kind) for reading in readings]
        for station in shares[0]:
            values = [share[station] for share in shares]
            found[f"{kind}.{station}"] = over_replications(values)
    return found | dict(lost_writes(scenario, readings))


def windows_of(scenario: Scenario) -> tuple[Window, ...]:
    """Return all that counts, and, if anything happens, what is before, during and after."""
    begin_s = scenario.simulation.warmup
    end_s = begin_s + scenario.simulation.duration
    whole = Window(suffix="", since_s=begin_s, until_s=end_s)
    if not scenario.events:
        return (whole,)
    first_s = begin_s + max(0.0, min(event.at for event in scenario.events))
    last_s = min(end_s, begin_s + max(_end_s(event) for event in scenario.events))
    cut = (("before", begin_s, first_s), ("during", first_s, last_s), ("after", last_s, end_s))
    parts = (Window(suffix=f".{name}", since_s=a, until_s=b) for name, a, b in cut if a < b)
    return (whole, *parts)


def _end_s(event: Event) -> float:
    """Return when an event is over, after the warm-up; infinite if that is not said."""
    lasts = getattr(event, "lasts", None)
    return np.inf if lasts is None else event.at + float(lasts)


def is_count(name: str) -> bool:
    """Say whether a number is a count: of acknowledged writes that are lost, or of instances."""
    return name.startswith((f"{LOST}.", f"{INSTANCES}."))


def is_share(name: str) -> bool:
    """Say whether a number is a share of a whole; else it is seconds."""
    is_busy = name.startswith((f"{BUSY}.", f"{BUSIEST}."))
    return is_busy or not SHARES.isdisjoint(name.split(maxsplit=1)[0].split("."))


def _requests(
    scenario: Scenario, readings: Sequence[Reading], window: Window
) -> Iterator[tuple[str, Interval]]:
    for name in readings[0].requests:
        clusters = _clusters([reading.requests[name] for reading in readings], window)
        yield from _quantiles(name, clusters, QUANTILES, window)
        yield from _share(f"{name}.failed{window.suffix}", clusters, FINITE_MAX)
        for label, how in FAILURES.items():
            so = [
                reading.requests[name].ended_so(how, window.since_s, window.until_s)
                for reading in readings
            ]
            yield from _share(f"{name}.{label}{window.suffix}", so, 0.5)
        if name in ENDPOINTS:
            target_s = scenario.targets.p99_of(Endpoint(name))
            yield from _share(f"{name}.late{window.suffix}", clusters, target_s)
    yield from _of_all(scenario, readings, window)


def _of_all(
    scenario: Scenario, readings: Sequence[Reading], window: Window
) -> Iterator[tuple[str, Interval]]:
    """Yield the shares of all requests of people together, each beside its own target."""
    clusters = _clusters([beside_targets(scenario, reading) for reading in readings], window)
    yield from _share(f"{ALL}.failed{window.suffix}", clusters, FINITE_MAX)
    yield from _share(f"{ALL}.late{window.suffix}", clusters, 1.0)


def beside_targets(scenario: Scenario, reading: Reading) -> Timed:
    """Return all requests of people, and how long each took over its target."""
    asked = [(Endpoint(name), t) for name, t in reading.requests.items() if name in ENDPOINTS]
    began_s = np.concatenate([timed.began_s for _, timed in asked])
    shares = np.concatenate([t.took_s / scenario.targets.p99_of(which) for which, t in asked])
    order = np.argsort(began_s, kind="stable")
    return Timed(began_s=began_s[order], took_s=shares[order])


def _lags(readings: Sequence[Reading], window: Window) -> Iterator[tuple[str, Interval]]:
    for name in readings[0].lags:
        clusters = _clusters([reading.lags[name] for reading in readings], window)
        yield from _quantiles(f"lag.{name}", clusters, QUANTILES, window)


def _instances(
    scenario: Scenario, readings: Sequence[Reading], window: Window
) -> Iterator[tuple[str, Interval]]:
    for station in readings[0].instances:
        counts = [
            scenario.simulation.slice
            * reading.instances[station].mean_between(window.since_s, window.until_s)
            for reading in readings
        ]
        yield f"{INSTANCES}.{station}{window.suffix}", over_replications(counts)


def _clusters(timed: Sequence[Timed], window: Window) -> list[Floats]:
    return [each.between(window.since_s, window.until_s) for each in timed]


def _quantiles(
    name: str, clusters: Sequence[Floats], quantiles: Mapping[str, float], window: Window
) -> Iterator[tuple[str, Interval]]:
    answered = [cluster[np.isfinite(cluster)] for cluster in clusters]
    for label, q in quantiles.items():
        try:
            yield f"{name}.{label}{window.suffix}", quantile_of_clusters(answered, q)
        except TooShort:
            continue


def _share(name: str, clusters: Sequence[Floats], limit: float) -> Iterator[tuple[str, Interval]]:
    if sum(len(cluster) for cluster in clusters):
        yield name, share_beyond(clusters, limit)
