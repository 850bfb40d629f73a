"""How busy each station is: requests, what they lead to, and what each visit works."""

from __future__ import annotations

from collections.abc import Iterator

from model.answers.calibrations import Calibration, CalibrationError
from model.answers.sizing.figures import (
    CALIBRATION,
    Figure,
    conversion,
    given,
    product,
    total,
    total_spelled,
    unknown,
)
from model.answers.sizing.rates import Rates
from model.world.design import journeys_of
from model.world.journeys import (
    AllOf,
    Attribute,
    Call,
    Emit,
    ForEach,
    Hold,
    Journey,
    Step,
    Steps,
    Visit,
    WithProbability,
    sequence,
)
from model.world.laws import QuantileTable
from model.world.reach import Reach
from model.world.scenario import Endpoint

CORES = "cores busy"
_A_SECOND = QuantileTable(probabilities=(0.0, 1.0), values=(1.0, 1.0))


def loads_of(reach: Reach, calibration: Calibration, rates: Rates) -> dict[str, Figure]:
    """Return the cores that each station keeps busy, by the utilisation law: rate times work.

    A visit of the object store waits for a disk: there it is threads, not cores.  Where the
    work of a visit was never learnt the load of its station is not known.  Source: Denning &
    Buzen, "The Operational Analysis of Queueing Network Models", Computing Surveys 10, 1978.
    """
    journeys = journeys_of(reach, lambda *_: _A_SECOND, lambda _: 0.0)
    flows = flows_of(journeys, rates)
    parts: dict[str, list[Figure]] = {}
    for journey in journeys:
        for station, visits in visits_of(journey).items():
            work = _work(calibration, journey.name, station)
            taken = (flows[journey.name], conversion(visits, "visits"), work)
            if visits and flows[journey.name].value:
                parts.setdefault(station, []).append(product("", CORES, *taken))
    return {
        station: total_spelled(f"{station}, cores busy at the peak", CORES, *some)
        for station, some in parts.items()
    }


def flows_of(journeys: tuple[Journey, ...], rates: Rates) -> dict[str, Figure]:
    """Return how often each journey is taken: as asked for, or as often as others start it."""
    emitted = {journey.name: _emitted(journey) for journey in journeys}
    asked = {endpoint.value for endpoint in Endpoint}

    def flow(name: str) -> Figure:
        unit = f"{name}/s"
        if name in asked:
            return rates.of(Endpoint(name)).called(name, unit)
        started = (
            product("", unit, flow(by), conversion(starts[name], f"{name} each"))
            for by, starts in emitted.items()
            if name in starts
        )
        return total(name, unit, *started)

    return {journey.name: flow(journey.name) for journey in journeys}


def visits_of(journey: Journey) -> dict[str, float]:
    """Return the mean visits of each station, each counted by its work over that of a plain one.

    So the two halves of a call are one visit, and a video counts for as many images as its
    pipeline's work is.  The journey is one whose plain visits work a second each.
    """
    visits: dict[str, float] = {}
    for times, step in _taken(journey.steps):
        if isinstance(step, Visit) and not isinstance(step.work, Attribute):
            visits[step.station] = visits.get(step.station, 0.0) + times * step.work.mean
    return visits


def _emitted(journey: Journey) -> dict[str, float]:
    """Return how many of each other journey this one starts, on average."""
    count: dict[str, float] = {}
    for times, step in _taken(journey.steps):
        if isinstance(step, Emit):
            count[step.journey] = count.get(step.journey, 0.0) + times
    return count


def _taken(steps: Steps) -> Iterator[tuple[float, Step]]:
    """Yield the innermost steps, and how often each is taken on average."""
    for step in sequence(steps):
        match step:
            case WithProbability(p=float(p), then=then):
                within = [(p, then)]
            case AllOf(branches=branches):
                within = [(1.0, branch) for branch in branches]
            case ForEach(count=count, body=body) if not isinstance(count, Attribute):
                within = [(count.mean, body)]
            case Call(steps=inner) | Hold(steps=inner):
                within = [(1.0, inner)]
            case _:
                within = []
                yield 1.0, step
        for times, inner in within:
            yield from ((times * often, each) for often, each in _taken(inner))


def _work(calibration: Calibration, journey: str, station: str) -> Figure:
    try:
        mean_s = calibration.work_of(journey, station).mean
    except CalibrationError:
        return unknown("", "s", f"nothing was learnt of {station} in {journey}")
    return given(mean_s, "s", f"{station} in {journey}", source=CALIBRATION)
