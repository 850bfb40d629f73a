"""A scenario as a question: what it asks and expects, simulated with each of its variants."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from model.answers.asked import Question, question_of, variants_in
from model.answers.calibrations import Calibration, extrapolations
from model.answers.completing import busy_in_world, completed
from model.answers.courses import Stretch, late_over_time
from model.answers.expectations import BASE, Checked, checked
from model.answers.numbers import Numbers, numbers_of
from model.answers.readings import Reading, read
from model.answers.staleness import Copies, copies_of, is_replicated, with_staleness
from model.answers.twin import cut_of, twin_of
from model.engine.limits import TooMuch
from model.engine.program import Program
from model.engine.replications import replicate
from model.engine.runs import SimulatedRun
from model.world.edges import FILLING
from model.world.scenario import Endpoint, Scenario
from model.world.slices import Slice, nobodys

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What the replications of a scenario show: its numbers, and how it went from first to last."""

    numbers: Numbers
    course: Sequence[Stretch] = ()
    untold: str = ""  # what these do not say, and why


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way in which the scenario was simulated, and what came out."""

    name: str
    overrides: Sequence[str]
    scenario: Scenario
    simulated: Simulated

    @property
    def numbers(self) -> Numbers:
        """What came out, by name."""
        return self.simulated.numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A question, what its variants showed, and whether that was expected."""

    question: Question
    variants: Sequence[Variant]  # the scenario itself is the first, and called base
    checks: Sequence[Checked]
    extrapolated: Sequence[str]  # in what the scenario leaves what was measured


def answer_of(
    file: Path,
    calibration: Calibration,
    *,
    quick: bool = False,
    jobs: int = 1,
    report: Report = lambda _: None,
) -> Answer:
    """Simulate a scenario file and its variants under the same luck, and check what is expected.

    `quick` is the form that the file's `quick` overrides make of it.  Raises ScenarioError for
    what is wrong with any of it, before anything is simulated.
    """
    question, asked = question_of(file), variants_in(file, quick=quick)
    base = asked[BASE]
    outside = extrapolations(base, calibration)
    variants = []
    for name, scenario in asked.items():
        report(f"simulating {base.name}, {name}")
        found = simulated(scenario, calibration, jobs=jobs)
        overrides = base.variants.get(name, ())
        variants.append(Variant(name=name, overrides=overrides, scenario=scenario, simulated=found))
    by_name = {variant.name: variant.numbers for variant in variants}
    checks = [checked(expectation, by_name) for expectation in base.expect]
    return Answer(question=question, variants=variants, checks=checks, extrapolated=outside)


def simulated(scenario: Scenario, calibration: Calibration, *, jobs: int = 1) -> Simulated:
    """Return what the replications of a scenario show.

    What copies show is seen in visits; of more than an engine keeps nothing is said of copies.
    """
    untold = ""
    cut, program = cut_of(scenario, calibration), twin_of(scenario, calibration)
    keeps = bool(cut.thinned) or is_replicated(program)
    try:
        readings = _readings(scenario, program, cut, jobs=jobs, keep_visits=keeps)
    except TooMuch:
        if cut.thinned or not keeps:
            raise
        untold = "of copies nothing is said, for there were more visits than are kept"
        readings = _readings(scenario, program, cut, jobs=jobs, keep_visits=False)
    course = late_over_time(scenario, readings) if scenario.events else ()
    return Simulated(numbers=numbers_of(scenario, readings), course=course, untold=untold)


def _readings(
    scenario: Scenario, program: Program, cut: Slice, *, jobs: int, keep_visits: bool
) -> list[Reading]:
    runs = scenario.simulation
    return replicate(
        program,
        partial(read_whole, cut=cut, patience_s=_patience_s(scenario), copies=copies_of(scenario)),
        seed=scenario.seed,
        until_s=runs.warmup + runs.duration,
        replications=runs.replications,
        jobs=jobs,
        keep_visits=keep_visits,
    )


def read_whole(
    run: SimulatedRun, *, cut: Slice, patience_s: Mapping[str, float], copies: Copies
) -> Reading:
    """Return what a replication shows of the world that its slice stands for."""
    whole = completed(run, cut) if cut.thinned else run
    not_asked = {FILLING, *(background.journey.name for background in cut.backgrounds)}
    reading = read(whole, patience_s=patience_s)
    reading = replace(reading, busy=busy_in_world(reading.busy, run, cut))
    reading = reading.without(journeys=not_asked, stations=nobodys(reading.busy))
    return with_staleness(reading, run, copies)


def _patience_s(scenario: Scenario) -> dict[str, float]:
    return {endpoint.value: scenario.targets.p99_of(endpoint) for endpoint in Endpoint}
