"""The streams of requests of a scenario: which kind, from where, how often, over a whole run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.world import chance
from model.world.counts import CountLaw
from model.world.laws import Exponential, Law
from model.world.scenario import Endpoint, Scenario
from model.world.scenario.events import ImageFlood
from model.world.traffic.demand import Demand, crowded, demand_of, people_by_region
from model.world.traffic.recordings import RecordedInstants
from model.world.traffic.replays import demand_of_rates, replay_of
from model.world.traffic.sessions import length_law, session_rates

Floats = NDArray[np.float64]
Pieces = tuple[tuple[float, float], ...]  # (seconds since the run began, rate per second from then)

_REGION = 62  # what a random number is for


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A Poisson stream of requests of one kind, from people of one region."""

    endpoint: Endpoint
    region: str
    pieces: Pieces  # requests per second
    flood: ImageFlood | None = None  # the event that it comes from

    @property
    def is_flood(self) -> bool:
        """Whether somebody floods the system, beside all who use it."""
        return self.flood is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStream:
    """A Poisson stream of sessions: requests of one kind, with thoughts between them."""

    endpoint: Endpoint
    region: str
    pieces: Pieces  # sessions per second
    length: CountLaw  # requests of one
    think: Law  # seconds from an answer to the next request


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedStream:
    """Requests of one kind, from people of one region, at the instants at which they once came."""

    endpoint: Endpoint
    region: str
    at_s: Floats  # rising


AnyStream = Stream | SessionStream | RecordedStream


def streams_of(scenario: Scenario) -> tuple[AnyStream, ...]:
    """Return all that comes to the whole world during one run of the simulation.

    Seconds count from the beginning of the warm-up, and events from its end.  People of a region
    send what its hours make of their share; recorded requests are dealt over the regions.  Raises
    ScenarioError as `demand_of` and `replay_of` do.
    """
    warmup_s = scenario.simulation.warmup
    coming = coming_of(scenario, warmup_s=warmup_s, until_s=warmup_s + scenario.simulation.duration)
    if isinstance(coming, RecordedInstants):
        usual: Iterator[AnyStream] = _recorded(scenario, coming)
    else:
        usual = (
            _stream(scenario, coming, endpoint, region)
            for endpoint in coming.endpoints
            for region in coming.regions
        )
    return (*usual, *floods_of(scenario, warmup_s=warmup_s))


def coming_of(scenario: Scenario, *, warmup_s: float, until_s: float) -> Demand | RecordedInstants:
    """Return all rates of a run with its flash crowds, or what comes one by one; without floods."""
    replay = replay_of(scenario, until_s=until_s)
    if isinstance(replay, RecordedInstants):
        return replay
    demand = (
        demand_of(scenario, until_s=until_s)
        if replay is None
        else demand_of_rates(scenario, replay)
    )
    return crowded(demand, scenario, warmup_s=warmup_s)


def comes_in_sessions(scenario: Scenario, endpoint: Endpoint) -> bool:
    """Say whether requests of this kind belong to sessions."""
    return scenario.traffic.arrivals == "sessions" and endpoint is Endpoint.NEWSFEED


def floods_of(scenario: Scenario, *, warmup_s: float) -> tuple[Stream, ...]:
    """Return the posts of floods; somebody sends them from where most people are."""
    shares = people_by_region(scenario)
    home = max(shares, key=shares.__getitem__)
    return tuple(
        Stream(
            endpoint=Endpoint.POST,
            region=home,
            pieces=_while_it_lasts(event, warmup_s + event.at),
            flood=event,
        )
        for event in scenario.events
        if isinstance(event, ImageFlood)
    )


def _while_it_lasts(flood: ImageFlood, since_s: float) -> Pieces:
    begins = (since_s, flood.rate)
    return (begins,) if flood.lasts is None else (begins, (since_s + flood.lasts, 0.0))


def _stream(scenario: Scenario, demand: Demand, endpoint: Endpoint, region: str) -> AnyStream:
    per_s, sessions = demand.of(endpoint, region), scenario.traffic.sessions
    if not comes_in_sessions(scenario, endpoint):
        pieces = _pieces(demand.since_s, per_s)
        return Stream(endpoint=endpoint, region=region, pieces=pieces)
    return SessionStream(
        endpoint=endpoint,
        region=region,
        pieces=_pieces(*session_rates(sessions, demand.since_s, per_s)),
        length=length_law(sessions),
        think=Exponential(mean=sessions.think),
    )


def _pieces(since_s: Floats, per_s: Floats) -> Pieces:
    """Return pieces that differ from the one before."""
    differs = np.append(True, np.diff(per_s) != 0)
    return tuple(zip(since_s[differs].tolist(), per_s[differs].tolist(), strict=True))


def _recorded(scenario: Scenario, replay: RecordedInstants) -> Iterator[RecordedStream]:
    shares = people_by_region(scenario)
    dealt_u = chance.u_block(scenario.seed, 0, np.arange(len(replay.at_s)), _REGION, 0, 0, 0)
    place = np.searchsorted(np.cumsum([*shares.values()])[:-1], dealt_u)
    for kind, endpoint in enumerate(replay.endpoints):
        for number, region in enumerate(shares):
            at_s = replay.at_s[(replay.kind == kind) & (place == number)]
            yield RecordedStream(endpoint=endpoint, region=region, at_s=at_s)
