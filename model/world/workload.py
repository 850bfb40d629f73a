"""The requests that people send, one by one: the same list drives Locust and the model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from model.world.casting import Casting
from model.world.population import Population
from model.world.scenario import Endpoint, Scenario, ScenarioError
from model.world.traffic.demand import Demand
from model.world.traffic.instants import Luck, mean_count
from model.world.traffic.recordings import RecordedInstants
from model.world.traffic.requests import (
    ENDPOINTS,
    Requests,
    flood_requests,
    in_order,
    recorded_requests,
    session_requests,
    usual_requests,
)
from model.world.traffic.streams import Stream, comes_in_sessions, coming_of, floods_of

ARRIVALS_MAX = 1_500_000  # drawn and held one by one

_USUAL, _SESSIONS, _FIRST_FLOOD = 0, 1, 2  # sources: each has chances of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One request: when, what, by whom, and about whom (-1: about nobody)."""

    at_s: float
    endpoint: Endpoint
    user: int
    target: int


def arrivals_of(
    scenario: Scenario,
    population: Population,
    *,
    until_s: float,
    stream: int,
    rate_per_s: float | None = None,
) -> list[Arrival]:
    """Return all that comes before `until_s`, in order of time: what `streams_of` says, drawn.

    `rate_per_s` stands for the scenario's own rate (with a day: of its busiest hour; what was
    recorded is made so much faster or slower).  Events count from the end of `load.warmup`.

    `stream` tells apart several streams of one scenario; the same stream is always the same
    list, and a longer `until_s` only adds to it.  Raises ScenarioError for too many requests, and
    as `streams_of` does.
    """
    asked = scenario if rate_per_s is None else scenario.at_rate(rate_per_s)
    coming = coming_of(asked, warmup_s=asked.load.warmup, until_s=until_s)
    floods = floods_of(asked, warmup_s=asked.load.warmup)
    _refuse_too_many(coming, floods, until_s)
    luck = Luck(seed=asked.seed, stream=stream, source=_USUAL)
    usual = _usual(asked, coming, until_s, luck)
    flooding = (
        flood_requests(flood, until_s=until_s, luck=replace(luck, source=source))
        for source, flood in enumerate(floods, _FIRST_FLOOD)
    )
    return _cast(in_order([*usual, *flooding]), population)


def _usual(
    scenario: Scenario, coming: Demand | RecordedInstants, until_s: float, luck: Luck
) -> Iterator[Requests]:
    """Yield what comes besides floods: recorded, or drawn alone and in sessions."""
    if isinstance(coming, RecordedInstants):
        yield recorded_requests(coming, until_s=until_s, luck=luck)
        return
    in_sessions = [e for e in coming.endpoints if comes_in_sessions(scenario, e)]
    alone = [float(endpoint not in in_sessions) for endpoint in coming.endpoints]
    yield usual_requests(coming.multiplied(np.array([alone])), until_s=until_s, luck=luck)
    for endpoint in in_sessions:
        yield session_requests(
            coming,
            endpoint,
            scenario.traffic.sessions,
            until_s=until_s,
            luck=replace(luck, source=_SESSIONS),
        )


def _refuse_too_many(
    coming: Demand | RecordedInstants, floods: tuple[Stream, ...], until_s: float
) -> None:
    """Raise ScenarioError for more requests than are held one by one."""
    if isinstance(coming, RecordedInstants):
        expected = float(np.searchsorted(coming.at_s, until_s))
    else:
        expected = mean_count(coming.since_s, coming.per_s, until_s)
    for flood in floods:
        since_s, per_s = np.array(flood.pieces).T
        expected += mean_count(since_s, per_s, until_s)
    if expected > ARRIVALS_MAX:
        raise ScenarioError(
            f"load: at most {ARRIVALS_MAX:,} requests in one run, asked for"
            f" {expected:,.0f}: lower the rate or the duration"
        )


def _cast(requests: Requests, population: Population) -> list[Arrival]:
    """Return the requests with those who send them, and about whom."""
    people = Casting(population)
    rows = zip(requests.at_s, requests.kind, requests.who_u, requests.whom_u, strict=True)
    arrivals = []
    for at_s, kind, who_u, whom_u in rows:
        user, target = people.cast(ENDPOINTS[kind], who_u, whom_u)
        arrivals.append(
            Arrival(at_s=float(at_s), endpoint=ENDPOINTS[kind], user=user, target=target)
        )
    return arrivals
