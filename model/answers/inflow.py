"""The requests of a scenario, as streams that come into its twin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from model.engine.network import Network
from model.world.celebrities import celebrity_name
from model.world.edges import FILLING
from model.world.floods import FLOOD, flooded, image_floods
from model.world.hot_shards import from_elsewhere
from model.world.incoming import Part, cut, parts_of
from model.world.routes import GOLDEN, ZONE, hot_shard
from model.world.scenario import Endpoint, Scenario, ScenarioError
from model.world.scenario.events import AddShards, CelebrityPost
from model.world.slices import Background, OfWhom, Slice
from model.world.traffic import RecordedStream, SessionStream, Stream, streams_of
from model.world.traffic.demand import people_by_region
from model.world.traffic.streams import AnyStream, Pieces

Arrivals = Mapping[str, NDArray[np.float64]]  # endpoint -> instants in seconds, rising


def let_in(network: Network, scenario: Scenario, cut_out: Slice) -> set[str]:
    """Add 1/k of all that the scenario's people send, cut as `incoming` says, and celebrities.

    A celebrity's post is one, and comes into any slice.  Returns the journeys asked for.
    Raises ScenarioError for what cannot be sliced.
    """
    _refuse_slicing(scenario, cut_out)
    asked = {
        _journey(stream)
        for stream in streams_of(scenario)
        for part in _parts(scenario, stream)
        if _add(network, stream, part, times=1 / cut_out.of)
    }
    return asked | set(_celebrities(network, scenario, cut_out))


def background_in(network: Network, scenario: Scenario, cut_out: Slice) -> set[str]:
    """Add what requests that belong elsewhere bring into a slice; return the journeys asked for.

    Raises ScenarioError where they come in sessions.
    """
    asked = set()
    for background in cut_out.backgrounds:
        name = background.journey.name
        for stream in streams_of(scenario):
            often = background.per_arrival.get(_journey(stream), 0.0)
            if not often:
                continue
            if not isinstance(stream, Stream):
                raise ScenarioError("simulation.slice: must be 1 where requests come in sessions")
            for part in _parts(scenario, stream):
                for share, own in _from_elsewhere(scenario, cut_out, background, part):
                    if _arrive(network, name, stream.pieces, own, often * share):
                        asked.add(name)
    return asked


def _from_elsewhere(
    scenario: Scenario, cut_out: Slice, background: Background, part: Part
) -> Iterator[tuple[float, Part]]:
    """Yield what part of a stream of all the world is a background, and how much of it."""
    all_elsewhere = 1 - 1 / cut_out.of
    if background.of_whom is OfWhom.ALL:
        yield all_elsewhere, part
        return
    asking = list(from_elsewhere(scenario, part.columns, part.since_s))
    if background.of_whom is OfWhom.OTHERS:
        yield max(0.0, all_elsewhere - sum(share for share, _ in asking)), part
        return
    yield from ((share, replace(part, columns=columns)) for share, columns in asking)


def recorded_in(network: Network, scenario: Scenario, arrivals: Arrivals) -> set[str]:
    """Add these very requests, from where most people are; return the journeys asked for."""
    home = _home(scenario)
    return {
        endpoint.value
        for endpoint in scenario.traffic.mix
        for part in parts_of(scenario, endpoint, home)
        if _recorded(network, endpoint.value, arrivals.get(endpoint.value, np.empty(0)), part)
    }


def warm_edges(network: Network, scenario: Scenario) -> set[str]:
    """Ask every edge before anybody else does, if it shows what they hold; return the journeys."""
    if scenario.fleet.cdn.popular is None:
        return set()
    zones = np.arange(scenario.fleet.zones, dtype=np.float64)
    network.recorded(FILLING, at_s=np.zeros_like(zones), attributes={ZONE: zones})
    return {FILLING}


def _refuse_slicing(scenario: Scenario, cut_out: Slice) -> None:
    """Refuse a part of what comes one by one, or of what becomes more beside a hot shard."""
    is_growing = any(isinstance(event, AddShards) for event in scenario.events)
    is_known = scenario.fleet.cdn.popular is not None
    whole = {
        "traffic.recorded": any(isinstance(s, RecordedStream) for s in streams_of(scenario)),
        "fleet.cdn.popular (fewer requests fill edges more slowly)": is_known,
        "a hot-shard beside added shards": is_growing and hot_shard(scenario) is not None,
    }
    for name, is_there in whole.items():
        if is_there and cut_out.of > 1:
            raise ScenarioError(f"simulation.slice: must be 1 with {name}, got {cut_out.of}")


def coming(scenario: Scenario) -> dict[str, float]:
    """Return how many requests of each journey come to the whole world in one run, on average."""
    until_s = scenario.simulation.warmup + scenario.simulation.duration
    requests: dict[str, float] = {}
    for stream in streams_of(scenario):
        name = _journey(stream)
        requests[name] = requests.get(name, 0.0) + _requests_of(stream, until_s)
    return requests


def _requests_of(stream: AnyStream, until_s: float) -> float:
    if isinstance(stream, RecordedStream):
        return float(len(stream.at_s))
    often = stream.length.mean if isinstance(stream, SessionStream) else 1.0
    ends_s = (*(since_s for since_s, _ in stream.pieces[1:]), until_s)
    spans = zip(stream.pieces, ends_s, strict=True)
    return often * sum(max(0.0, min(e, until_s) - since_s) * rate for (since_s, rate), e in spans)


def floods(scenario: Scenario) -> bool:
    """Say whether anybody floods the system."""
    return bool(image_floods(scenario))


def _parts(scenario: Scenario, stream: AnyStream) -> Iterator[Part]:
    """Yield the parts of a stream; of a flood, with the rows of posts like its own."""
    flood = stream.flood if isinstance(stream, Stream) else None
    sent = scenario if flood is None else flooded(scenario, flood)
    return parts_of(sent, stream.endpoint, stream.region)


def _add(network: Network, stream: AnyStream, part: Part, *, times: float) -> bool:
    """Add one part of a stream; return whether anything comes in it."""
    name = _journey(stream)
    match stream:
        case RecordedStream():
            return _recorded(network, name, stream.at_s, part)
        case SessionStream(length=length, think=think):
            pieces = _pieces(stream.pieces, part, times)
            rows = part.columns or None
            if comes := any(rate for _, rate in pieces):
                network.sessions(
                    name, rate_per_s=pieces, length=length, think=think, attributes=rows
                )
            return comes
        case Stream():
            return _arrive(network, name, stream.pieces, part, times)


def _arrive(network: Network, name: str, rates: Pieces, part: Part, times: float) -> bool:
    pieces = _pieces(rates, part, times)
    if comes := any(rate for _, rate in pieces):
        network.arrivals(name, rate_per_s=pieces, attributes=part.columns or None)
    return comes


def _pieces(rates: Pieces, part: Part, times: float) -> Pieces:
    multiplied = tuple((since_s, rate * times) for since_s, rate in rates)
    return cut(multiplied, part.since_s, part.until_s)


def _recorded(network: Network, name: str, at_s: NDArray[np.float64], part: Part) -> bool:
    inside = at_s[(at_s >= part.since_s) & (at_s < part.until_s)]
    if len(inside):
        network.recorded(name, at_s=inside, attributes=_dealt(part, len(inside)))
    return len(inside) > 0


def _celebrities(network: Network, scenario: Scenario, cut_out: Slice) -> Iterator[str]:
    home = _home(scenario)
    for number, event in enumerate(scenario.events):
        if isinstance(event, CelebrityPost):
            at_s = np.asarray([scenario.simulation.warmup + event.at])
            for part in parts_of(scenario, Endpoint.POST, home):
                for journey in (celebrity_name(number), *_beside(celebrity_name(number), cut_out)):
                    if _recorded(network, journey, at_s, part):
                        yield journey


def _beside(celebrity: str, cut_out: Slice) -> Iterator[str]:
    """Yield the journeys that bring what a celebrity's post does here of what it does elsewhere."""
    for background in cut_out.backgrounds:
        if background.of_whom is OfWhom.SINGLE and background.per_arrival.get(celebrity):
            yield background.journey.name


def _home(scenario: Scenario) -> str:
    """Return the region where most people are."""
    shares = people_by_region(scenario)
    return max(shares, key=shares.__getitem__)


def _journey(stream: AnyStream) -> str:
    is_flood = isinstance(stream, Stream) and stream.is_flood
    return FLOOD if is_flood else stream.endpoint.value


def _dealt(part: Part, count: int) -> dict[str, NDArray[np.float64]] | None:
    """Return rows for so many requests one by one: all as often, in an order without a pattern."""
    if not part.columns:
        return None
    rows = len(next(iter(part.columns.values())))
    chosen = (np.arange(count) * GOLDEN % 1.0 * rows).astype(np.int64)
    return {name: column[chosen] for name, column in part.columns.items()}
