"""The numbers of an answer, by name, such as `newsfeed.p99`, `post.failed` or `busy.user_db`.

| name | what it is |
|---|---|
| `<request>.p50`, `.p95`, `.p99` | seconds that answered requests took |
| `<request>.failed` | share that failed, or had no answer when their target had passed |
| `<request>.refused`, `.expired`, `.lost` | share of them all that failed so; not in slices |
| `<request>.attempts` | calls that each made on average, and what counts so; not in slices |
| `<request>.late` | share that took longer than the p99's target, or failed |
| `all.failed`, `all.late` | the same of all requests of people together |
| `lag.<activity>.p50`, `.p95`, `.p99` | seconds from a request until what it began is over |
| `lag.<activity>.unended` | share of those begun that had not ended when the run did |
| `celebrity_<N>.…`, `lag.celebrity_<N>_fanout.…` | the same of a celebrity's post, event number N |
| `lag.replication.<store>.p50`, … | from a write's acknowledgement until the last copy has it |
| `lag.replica.<store>.p50`, … | the same of each copy by itself; of both `unended`, too |
| `lost_writes.<store>`, … | acknowledged writes that are lost with a server (`staleness.numbers`) |
| `instances.<station>` | how many there are on average of a service that scales by itself |
| `busy.<station>`, `busiest.<station>` | share of the servers' time: all, and the busiest member |

With events, all of these but `lost_writes` have the same numbers `.before`, `.during` and `.after`
them, such as `newsfeed.failed.during`: of requests and lags by when they began.  All count from
the end of the warm-up, but `busy` and `busiest` of the whole run from its beginning.

Attempts are calls, each retry and hedge again, and what is written like a call: parts of a page
or of a post that have another way if they fail, and a request's own deadline.  There are none
where limits and deadlines are left out, for no request came near any (`near_limits`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from model.answers.readings import FINITE_MAX, Floats, Reading, Timed
from model.answers.shares import share_beyond
from model.answers.staleness import LOST, lost_writes
from model.answers.statistics import (
    Interval,
    TooShort,
    mean_of_replications,
    over_replications,
    quantile_of_clusters,
)
from model.answers.unended import lagged
from model.answers.utilisation_between import Busy
from model.engine.codes import Outcome
from model.world.scenario import Endpoint, Event, Scenario

QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
FAILURES = {  # by a full queue, a breaker, or what is down; too late; by a crash or on a link
    "refused": Outcome.REFUSED,
    "expired": Outcome.EXPIRED,
    "lost": Outcome.LOST,
    "unanswered": Outcome.UNDER_WAY,  # at the end, though the target had passed
}
ALL = "all"
ATTEMPTS = "attempts"
INSTANCES = "instances"
BUSY, BUSIEST = "busy", "busiest"
LAG, UNENDED = "lag.", "unended"
SHARES = {"failed", "late", UNENDED, *FAILURES}
ENDPOINTS = {endpoint.value for endpoint in Endpoint}

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
        found |= dict(_busy(readings, window))
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
    """Say whether a number is a count: of lost writes, of instances, or of attempts."""
    is_attempts = ATTEMPTS in name.split(maxsplit=1)[0].split(".")
    return is_attempts or name.startswith((f"{LOST}.", f"{INSTANCES}."))


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
        if scenario.simulation.slice == 1:  # a slice sees neither all calls nor how others fail
            yield from _failures(name, readings, window)
            yield from _attempts(name, readings, window)
        if name in ENDPOINTS:
            target_s = scenario.targets.p99_of(Endpoint(name))
            yield from _share(f"{name}.late{window.suffix}", clusters, target_s)
    yield from _of_all(scenario, readings, window)


def _failures(
    name: str, readings: Sequence[Reading], window: Window
) -> Iterator[tuple[str, Interval]]:
    for label, how in FAILURES.items():
        so = [
            reading.requests[name].ended_so(how, window.since_s, window.until_s)
            for reading in readings
        ]
        yield from _share(f"{name}.{label}{window.suffix}", so, FINITE_MAX)


def _attempts(
    name: str, readings: Sequence[Reading], window: Window
) -> Iterator[tuple[str, Interval]]:
    made = [
        reading.requests[name].attempts_between(window.since_s, window.until_s)
        for reading in readings
    ]
    if all(each.any() for each in made):  # none where nothing was guarded
        yield f"{name}.{ATTEMPTS}{window.suffix}", mean_of_replications(made)


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
    for activity in readings[0].lags:
        seen = lagged(readings, activity, window.since_s, window.until_s)
        for label, q in QUANTILES.items():
            yield from _if_known(
                f"{LAG}{activity}.{label}{window.suffix}", partial(seen.quantile, q)
            )
        if activity in readings[0].unended:
            yield from _if_known(f"{LAG}{activity}.{UNENDED}{window.suffix}", seen.unended)


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


def _busy(readings: Sequence[Reading], window: Window) -> Iterator[tuple[str, Interval]]:
    if window.suffix:
        parts = [reading.busy_in[window.suffix] for reading in readings if reading.busy_in]
    else:
        parts = [Busy(of_all=each.busy, of_busiest=each.busiest) for each in readings]
    for kind, shares in (
        (BUSY, [part.of_all for part in parts]),
        (BUSIEST, [part.of_busiest for part in parts]),
    ):
        for station in shares[0] if shares else ():
            values = [share[station] for share in shares]
            yield f"{kind}.{station}{window.suffix}", over_replications(values)


def _clusters(timed: Sequence[Timed], window: Window) -> list[Floats]:
    return [each.between(window.since_s, window.until_s) for each in timed]


def _quantiles(
    name: str, clusters: Sequence[Floats], quantiles: Mapping[str, float], window: Window
) -> Iterator[tuple[str, Interval]]:
    answered = [cluster[np.isfinite(cluster)] for cluster in clusters]
    for label, q in quantiles.items():
        quantile = partial(quantile_of_clusters, answered, q)
        yield from _if_known(f"{name}.{label}{window.suffix}", quantile)


def _if_known(name: str, said: Callable[[], Interval]) -> Iterator[tuple[str, Interval]]:
    try:
        yield name, said()
    except TooShort:
        return


def _share(name: str, clusters: Sequence[Floats], limit: float) -> Iterator[tuple[str, Interval]]:
    if sum(len(cluster) for cluster in clusters):
        yield name, share_beyond(clusters, limit)
