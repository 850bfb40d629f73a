"""Which numbers the answer to a scenario can have, before anything is simulated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from itertools import chain, product

from model.answers.numbers import (
    ALL,
    ATTEMPTS,
    BUSIEST,
    BUSY,
    FAILURES,
    INSTANCES,
    LAG,
    QUANTILES,
    UNENDED,
    windows_of,
)
from model.answers.staleness.numbers import LOST, PER_CRASH, PER_YEAR
from model.answers.staleness.observed import A_COPY, ALL_COPIES
from model.world.celebrities import celebrity_posts
from model.world.design.guards import semaphores
from model.world.design.names import ACTIVITIES_OF, FANOUT
from model.world.floods import FLOOD, NAMES_IN_FLOOD, image_floods
from model.world.routes import STORE_OF
from model.world.scenario import Instances, Scenario, ScenarioError
from model.world.scenario.events import Crash, RegionLoss, ZoneLoss
from model.world.topology import topology_of

TIMES = (".before", ".during", ".after")
OF_ALL = ("failed", "late")


def refuse_unknown(name: str, scenario: Scenario) -> None:
    """Raise ScenarioError for the name of a number that no answer to this scenario has."""
    known = list(numbers_known(scenario))
    if name not in known:
        raise ScenarioError(f"the answer has no number {name!r}{_hint(name, known, scenario)}")


def _hint(name: str, known: Sequence[str], scenario: Scenario) -> str:
    if scenario.simulation.slice > 1 and name in numbers_known(_unsliced(scenario)):
        return " in a slice, which holds only some of what a request asks for"
    plain, _, part = name.rpartition(".")
    suffixes = [window.suffix for window in windows_of(scenario)]
    if f".{part}" in TIMES and f".{part}" not in suffixes and plain in known:
        return f": no part of the run is {part!r} its events"
    near = get_close_matches(name, known, n=1)
    return f": did you mean {near[0]}?" if near else ""


def _unsliced(scenario: Scenario) -> Scenario:
    whole = scenario.simulation.model_copy(update={"slice": 1})
    return scenario.model_copy(update={"simulation": whole})


def numbers_known(scenario: Scenario) -> Iterator[str]:
    """Yield the names of all numbers, those before, during and after what happens among them."""
    suffixes = [window.suffix for window in windows_of(scenario)]
    plain = chain(_of_requests(scenario), _of_lags(scenario), _of_stations(scenario))
    yield from (f"{name}{suffix}" for name, suffix in product(plain, suffixes))
    yield from _of_lost_writes(scenario)


def _of_requests(scenario: Scenario) -> Iterator[str]:
    requests = [endpoint.value for endpoint in scenario.traffic.mix]
    celebrities = [name for name, _ in celebrity_posts(scenario)]
    floods = (FLOOD,) if image_floods(scenario) else ()
    in_full = (*FAILURES, ATTEMPTS) if scenario.simulation.slice == 1 else ()
    yield from _named((*requests, *celebrities, *floods), (*QUANTILES, "failed", *in_full))
    yield from _named(requests, ("late",))
    yield from _named((ALL,), OF_ALL)


def _of_lags(scenario: Scenario) -> Iterator[str]:
    fanouts = (f"{name}_{FANOUT}" for name, _ in celebrity_posts(scenario))
    floods = [name for name in NAMES_IN_FLOOD.values() if name != FLOOD]
    copies = product((ALL_COPIES, A_COPY), _with_copies(scenario))
    lags = (
        *_activities(scenario),
        *fanouts,
        *(floods if image_floods(scenario) else ()),
        *(f"{which}.{store}" for which, store in copies),
    )
    yield from (f"{LAG}{name}" for name in _named(lags, (*QUANTILES, UNENDED)))


def _of_stations(scenario: Scenario) -> Iterator[str]:
    stations = (station.name for station in topology_of(scenario.fleet).stations)
    counted = semaphores() if scenario.simulation.slice == 1 else ()
    yield from _named((BUSY, BUSIEST), (*stations, *counted))
    yield from _named((INSTANCES,), _scaled(scenario))


def _of_lost_writes(scenario: Scenario) -> Iterator[str]:
    for store in _with_copies(scenario):
        yield from _named((f"{LOST}.{store}",), (PER_CRASH, PER_YEAR))
        if _may_crash(scenario, store):
            yield f"{LOST}.{store}"


def _with_copies(scenario: Scenario) -> Iterator[str]:
    for store, table in STORE_OF.items():
        if getattr(scenario.fleet, table).replicas > 1:
            yield store


def _may_crash(scenario: Scenario, store: str) -> bool:
    return any(
        isinstance(event, ZoneLoss | RegionLoss)
        or (isinstance(event, Crash) and event.station == store)
        for event in scenario.events
    )


def _scaled(scenario: Scenario) -> Iterator[str]:
    for name, service in scenario.fleet:
        if isinstance(service, Instances) and service.autoscaling is not None:
            yield name


def _activities(scenario: Scenario) -> Iterator[str]:
    for endpoint, begun in ACTIVITIES_OF.items():
        if endpoint in scenario.traffic.mix:
            yield from begun


def _named(things: Iterable[str], whats: Iterable[str]) -> Iterator[str]:
    yield from (f"{thing}.{what}" for thing, what in product(things, whats))
