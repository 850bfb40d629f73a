"""What all stations work at the peak: usually, with a zone lost, and at all copies together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from model.answers.calibrations import Calibration
from model.answers.sizing.asked_of_all import asked_of_all
from model.answers.sizing.copies import Done, done_at_busiest, done_in_all
from model.answers.sizing.figures import Figure, unknown
from model.answers.sizing.loads import CORES, loads_of
from model.answers.sizing.rates import Rates
from model.world.reach import Reach
from model.world.scenario import Scenario
from model.world.topology import topology_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Loads:
    """The cores that each station keeps busy; of a store, the busiest copies of its shards."""

    busy: Mapping[str, Figure]
    of_all: Mapping[str, float] = field(default_factory=dict)  # share asked of every shard


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """What stations work at the peak."""

    usually: Loads
    less_a_zone: Loads  # whichever is worst; the same where there is one zone
    in_all: Mapping[str, Figure]  # at all copies together


def worked_of(
    scenario: Scenario, reach: Reach | str, calibration: Calibration, peak: Rates
) -> Worked:
    """Return what stations work; `reach` is the scenario's, or why there is none."""
    if not isinstance(reach, Reach):
        nobody_knows = _unknown(scenario, reach)
        return Worked(
            usually=Loads(busy=nobody_knows),
            less_a_zone=Loads(busy=nobody_knows),
            in_all=nobody_knows,
        )

    def loads(done: Mapping[str, Done]) -> Loads:
        busy = loads_of(reach, calibration, peak, done=done)
        of_all = asked_of_all(reach, calibration, peak, busy, done=done)
        return Loads(busy=busy, of_all=of_all)

    usual = done_at_busiest(scenario)
    worst = done_at_busiest(scenario, zone_is_lost=scenario.fleet.zones > 1)
    usually = loads(usual)
    return Worked(
        usually=usually,
        less_a_zone=usually if worst == usual else loads(worst),
        in_all=loads_of(reach, calibration, peak, done=done_in_all(scenario)),
    )


def _unknown(scenario: Scenario, why: str) -> dict[str, Figure]:
    stations = (station.name for station in topology_of(scenario.fleet).stations)
    return {name: unknown(f"{name}, cores busy at the peak", CORES, why) for name in stations}
