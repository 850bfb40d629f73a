"""Which numbers the answer to a scenario can have, before anything is simulated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from itertools import product

from model.answers.numbers import ALL, BUSIEST, BUSY, FAILURES, INSTANCES, QUANTILES
from model.answers.staleness.numbers import LOST, PER_CRASH, PER_YEAR
from model.answers.staleness.observed import A_COPY, ALL_COPIES
from model.world.celebrities import celebrity_name
from model.world.design.guards import bulkhead_of
from model.world.design.names import ACTIVITIES_OF, FANOUT
from model.world.floods import FLOOD, OWN, image_floods
from model.world.routes import STORE_OF
from model.world.scenario import Instances, Scenario, ScenarioError
from model.world.scenario.events import CelebrityPost
from model.world.topology import topology_of
from model.world.wiring import ADMISSION, CALLED

TIMES = (".before", ".during", ".after")
OF_ALL = ("failed", "late")


def refuse_unknown(name: str, scenario: Scenario) -> None:
    """Raise ScenarioError for the name of a number that no answer to this scenario has.

    Of recorded traffic nobody knows beforehand what is asked for: then any name will do.
    """
    if not scenario.traffic.mix:
        return
    known = sorted(numbers_known(scenario))
    plain = next((name.removesuffix(time) for time in TIMES if name.endswith(time)), name)
    if plain in known:
        return
    near = get_close_matches(plain, known, n=1)
    hint = f": did you mean {near[0]}?" if near else ""
    raise ScenarioError(f"the answer has no number {name!r}{hint}")


def numbers_known(scenario: Scenario) -> Iterator[str]:
    """Yield the names of all numbers, without `.before`, `.during` and `.after`."""
    celebrities = [
        celebrity_name(number)
        for number, event in enumerate(scenario.events)
        if isinstance(event, CelebrityPost)
    ]
    is_flooded = bool(image_floods(scenario))
    requests = (e.value for e in scenario.traffic.mix)
    floods = (FLOOD,) if is_flooded else ()
    yield from _named((*requests, *celebrities, *floods), (*QUANTILES, *OF_ALL, *FAILURES))
    yield from _named((ALL,), OF_ALL)
    copies = (f"{which}.{store}" for which, store in product((ALL_COPIES, A_COPY), STORE_OF))
    fanouts = (f"{name}_{FANOUT}" for name in celebrities)
    lags = (*_activities(scenario), *fanouts, *(OWN.values() if is_flooded else ()), *copies)
    yield from (f"lag.{name}" for name in _named(lags, QUANTILES))
    stations = (station.name for station in topology_of(scenario.fleet).stations)
    yield from _named((BUSY, BUSIEST), (*stations, ADMISSION, *map(bulkhead_of, CALLED)))
    yield from _named((INSTANCES,), _scaled(scenario))
    yield from _named((LOST,), STORE_OF)
    yield from _named((f"{LOST}.{store}" for store in STORE_OF), (PER_CRASH, PER_YEAR))


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
