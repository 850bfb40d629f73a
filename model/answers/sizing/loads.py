"""How busy each station is: requests, what they lead to, and what each visit works."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import isclose

from model.answers.accounting import Demand, Kind, demand_of, taken
from model.answers.calibrations import Calibration, CalibrationError
from model.answers.sizing.comparisons import BENCH
from model.answers.sizing.copies import Done
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
from model.world.attributes import Attribute
from model.world.design import journeys_of
from model.world.entries import ENTRY_S, entry_work_s
from model.world.journeys import Emit, Journey, Visit, Write
from model.world.laws import QuantileTable
from model.world.reach import Reach
from model.world.scenario import Endpoint
from model.world.wiring import Wiring

CORES = "cores busy"
ONCE: Mapping[str, Done] = {}
_A_SECOND = QuantileTable(probabilities=(0.0, 1.0), values=(1.0, 1.0))
_PLACES = 6  # of a number of entries; a smaller one is a rounding error


def loads_of(
    reach: Reach, calibration: Calibration, rates: Rates, *, done: Mapping[str, Done] = ONCE
) -> dict[str, Figure]:
    """Return the cores that each station keeps busy, by the utilisation law: rate times work.

    `done` says how much of reads and of writes counts at stores whose shards have several copies.

    Writes of a post's entries work more for each entry than those did that were learnt of, or
    less (`world.entries`).  A visit of the object store waits for a disk: there it is threads, not
    cores.  Where the work of a visit was never learnt the load of its station is not known.
    Source: Denning & Buzen, "The Operational Analysis of Queueing Network Models", Computing
    Surveys 10, 1978.
    """
    image_bytes = calibration.learnt_on.people.image_size
    reach = replace(reach, kinds=replace(reach.kinds, learnt_bytes=image_bytes))
    flows = flows_of(_of_seconds(reach), rates)
    parts: dict[str, list[Figure]] = {}
    visits = _by_visits(reach, calibration, flows, done)
    for some in (visits, _by_entries(reach, calibration, flows, done)):
        for station, part in some:
            parts.setdefault(station, []).append(part)
    return {
        station: total_spelled(f"{station}, cores busy at the peak", CORES, *some)
        for station, some in parts.items()
    }


def _by_visits(
    reach: Reach, calibration: Calibration, flows: Mapping[str, Figure], done: Mapping[str, Done]
) -> Iterator[tuple[str, Figure]]:
    """Yield the stations with what they work for each journey, as much a visit as was learnt."""
    for kind, journey, calls in _asked(reach, done):
        flow = flows[journey.name]
        for station, visits in visits_of(journey, of=kind).items():
            if visits and flow.value:
                many = _as_learnt(calls[journey.name, station], visits)
                counted = _factors(done, station, kind)
                work = _work(calibration, journey.name, station)
                yield station, product("", CORES, flow, *many, *counted, work)


def _asked(
    reach: Reach, done: Mapping[str, Done]
) -> Iterator[tuple[type[Visit] | type[Write], Journey, Demand]]:
    """Yield the journeys twice: for visits of one copy, and for writes to several."""
    copied = Wiring(copies=dict.fromkeys(done, 2), acks=dict.fromkeys(done, 1))
    journeys = _of_seconds(reach, copied)
    for kind in (Visit, Write):
        calls = demand_of(journeys, of=kind)
        yield from ((kind, journey, calls) for journey in journeys)


def _factors(
    done: Mapping[str, Done], station: str, kind: type[Visit] | type[Write]
) -> tuple[Figure, ...]:
    counted = done.get(station, Done())
    return counted.writes if kind is Write else counted.reads


def _by_entries(
    reach: Reach, calibration: Calibration, flows: Mapping[str, Figure], done: Mapping[str, Done]
) -> Iterator[tuple[str, Figure]]:
    """Yield them with what they work beside that, since writes hold more entries, or fewer."""
    learnt_of = calibration.entries_learnt
    for (journey, station), entries in entries_beyond(reach, learnt_of).items():
        flow, learnt = flows[journey], _work(calibration, journey, station)
        if flow.value:
            each_s = entry_work_s(learnt.value, learnt_of)
            each = given(each_s, "s", f"an entry in {station}", source=f"{CALIBRATION}; {BENCH}")
            beyond = conversion(entries, "entries more than were learnt of")
            yield station, product("", CORES, flow, beyond, *_factors(done, station, Write), each)


def entries_beyond(reach: Reach, learnt_of: float) -> dict[tuple[str, str], float]:
    """Return how many entries the writes of a journey hold at a station beyond `learnt_of` each.

    Negative if they hold fewer; journeys and stations without such writes are left out.
    """
    alike = {each.name: visits_of(each) for each in _of_seconds(reach)}
    longer = {
        (journey.name, station): works_s - alike[journey.name][station]
        for journey in _of_seconds(replace(reach, entries_learnt=learnt_of))
        for station, works_s in visits_of(journey).items()
    }
    beyond = {pair: round(more_s / ENTRY_S, _PLACES) for pair, more_s in longer.items()}
    return {pair: entries for pair, entries in beyond.items() if entries}


def _of_seconds(reach: Reach, wiring: Wiring | None = None) -> tuple[Journey, ...]:
    """Return the journeys, their plain visits a second each."""
    return journeys_of(reach, lambda *_: _A_SECOND, lambda _: 0.0, wiring)


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


def visits_of(journey: Journey, *, of: Kind = Visit | Write) -> dict[str, float]:
    """Return the mean visits of each station, each counted by its work over that of a plain one.

    So the two halves of a call are one visit, and a video counts for as many images as its
    pipeline's work is.  The journey is one whose plain visits work a second each; a write to
    several copies is one visit, and `of` says whether these are counted.
    """
    visits: dict[str, float] = {}
    for times, step in taken(journey.steps):
        if isinstance(step, of) and not isinstance(step.work, Attribute):
            visits[step.station] = visits.get(step.station, 0.0) + times * step.work.mean
    return visits


def _as_learnt(calls: float, visits: float) -> Iterator[Figure]:
    """Yield how many visits there are, and how much more each works than one that was learnt."""
    yield conversion(calls, "visits")
    if not isclose(calls, visits):
        yield conversion(visits / calls, "times the work of one as learnt")


def _emitted(journey: Journey) -> dict[str, float]:
    """Return how many of each other journey this one starts, on average."""
    count: dict[str, float] = {}
    for times, step in taken(journey.steps):
        if isinstance(step, Emit):
            count[step.journey] = count.get(step.journey, 0.0) + times
    return count


def _work(calibration: Calibration, journey: str, station: str) -> Figure:
    try:
        mean_s = calibration.work_of(journey, station).mean
    except CalibrationError:
        return unknown("", "s", f"nothing was learnt of {station} in {journey}")
    return given(mean_s, "s", f"{station} in {journey}", source=CALIBRATION)
