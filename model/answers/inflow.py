"""The requests of a scenario, as streams that come into its twin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from model.answers.one_by_one import arrive_at, celebrities_in
from model.engine.network import Network
from model.world.floods import FLOOD, flooded, image_floods
from model.world.hot_shards import from_elsewhere
from model.world.incoming import Part, cut, parts_of
from model.world.routes import hot_shard
from model.world.scenario import Scenario, ScenarioError
from model.world.scenario.events import AddShards
from model.world.slices import Background, OfWhom, Slice
from model.world.traffic import RecordedStream, SessionStream, Stream, streams_of
from model.world.traffic.streams import AnyStream, Pieces


def let_in(network: Network, scenario: Scenario, cut_out: Slice) -> set[str]:
    """Add 1/k of all that the scenario's people send, cut as `incoming` says, and celebrities.

    A celebrity's post is one, and comes into any slice.  Returns the journeys asked for.
    Raises ScenarioError for what cannot be sliced.
    """
    _refuse_slicing(scenario, cut_out)
    asked = set[str]()
    for stream in streams_of(scenario):
        for part in _parts(scenario, stream):
            if _add(network, stream, part, times=1 / cut_out.of):
                asked.add(_journey(stream))
    return asked | celebrities_in(network, scenario, cut_out)


def background_in(network: Network, scenario: Scenario, cut_out: Slice) -> set[str]:
    """Add what requests that belong elsewhere bring into a slice; return the journeys asked for.

    Raises ScenarioError where they come in sessions.
    """
    asked = set[str]()
    for background, stream, often in _bringing(scenario, cut_out):
        name = background.journey.name
        for share, part in _from_elsewhere(scenario, cut_out, background, stream):
            if _arrive(network, name, stream.pieces, part, often * share):
                asked.add(name)
    return asked


def _bringing(scenario: Scenario, cut_out: Slice) -> Iterator[tuple[Background, Stream, float]]:
    """Yield each background, a stream whose requests bring it, and how often each of them does."""
    for background, stream in product(cut_out.backgrounds, streams_of(scenario)):
        often = background.per_arrival.get(_journey(stream), 0.0)
        if not often:
            continue
        if not isinstance(stream, Stream):
            raise ScenarioError("simulation.slice: must be 1 where requests come in sessions")
        yield background, stream, often


def _from_elsewhere(
    scenario: Scenario, cut_out: Slice, background: Background, stream: Stream
) -> Iterator[tuple[float, Part]]:
    """Yield what parts of a stream of all the world are a background, and how much of them."""
    for part in _parts(scenario, stream):
        yield from _of_part(scenario, cut_out, background, part)


def _of_part(
    scenario: Scenario, cut_out: Slice, background: Background, part: Part
) -> Iterator[tuple[float, Part]]:
    """Yield which rows of one part of it these are, and how much of it."""
    all_elsewhere = 1 - 1 / cut_out.of
    if background.of_whom is OfWhom.ALL:
        yield all_elsewhere, part
        return
    asking = list(from_elsewhere(scenario, part.columns, part.since_s))
    if background.of_whom is OfWhom.OTHERS:
        yield max(0.0, all_elsewhere - sum(share for share, _ in asking)), part
        return
    yield from ((share, replace(part, columns=columns)) for share, columns in asking)


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
            return arrive_at(network, name, stream.at_s, part)
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


def _journey(stream: AnyStream) -> str:
    is_flood = isinstance(stream, Stream) and stream.is_flood
    return FLOOD if is_flood else stream.endpoint.value
