"""A scenario as a question: what it asks and expects, simulated with each of its variants."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from model.answers.calibrations import Calibration, extrapolations
from model.answers.completing import busy_in_world, completed
from model.answers.courses import Stretch, late_over_time
from model.answers.expectations import BASE, Checked, checked
from model.answers.numbers import Numbers, numbers_of
from model.answers.readings import Reading, read
from model.answers.staleness import Copies, copies_of, is_replicated, with_staleness
from model.answers.statistics import Interval
from model.answers.twin import cut_of, twin_of
from model.engine.limits import TooMuch
from model.engine.program import Program
from model.engine.replications import replicate
from model.engine.runs import SimulatedRun
from model.world.edges import FILLING
from model.world.scenario import Endpoint, Scenario, ScenarioError
from model.world.scenario_files import load_scenario
from model.world.slices import Slice, nobodys

MARKS = ("Question", "Expected", "Found")  # of the comments that a file begins with

ANY = Interval(value=1.0, low=1.0, high=1.0, confidence=0.95, n=1, method="none")

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a scenario file says to people; `found` is empty where all came as expected."""

    question: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What the replications of a scenario show: its numbers, and how it went from first to last."""

    numbers: Numbers
    course: Sequence[Stretch] = ()


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


def question_of(file: Path) -> Question:
    """Return what the comments at the top of a scenario file say.

    Raises ScenarioError if it does not begin with `# Question:` and `# Expected:`.
    """
    said: dict[str, str] = {}
    for line in _lines(file):
        mark, colon, text = line.removeprefix("# ").partition(": ")
        if not line.startswith("# ") or not colon or mark not in MARKS:
            break
        said[mark] = text.strip()
    if missing := [mark for mark in MARKS[:2] if mark not in said]:
        raise ScenarioError(f"{file}: begin with a line `# {missing[0]}: …`")
    return Question(
        question=said["Question"], expected=said["Expected"], found=said.get("Found", "")
    )


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ScenarioError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ScenarioError(f"{file}: is not UTF-8 text") from None


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
    question, base = question_of(file), load_scenario(file)
    shared = base.quick if quick else ()
    asked = {
        name: load_scenario(file, (*shared, *overrides))
        for name, overrides in {BASE: (), **base.variants}.items()
    }
    _refuse_unanswerable(base)
    outside = extrapolations(asked[BASE], calibration)
    variants = []
    for name, scenario in asked.items():
        report(f"simulating {base.name}, {name}")
        found = simulated(scenario, calibration, jobs=jobs)
        overrides = base.variants.get(name, ())
        variants.append(Variant(name=name, overrides=overrides, scenario=scenario, simulated=found))
    by_name = {variant.name: variant.numbers for variant in variants}
    checks = [checked(expectation, by_name) for expectation in base.expect]
    return Answer(question=question, variants=variants, checks=checks, extrapolated=outside)


def _refuse_unanswerable(base: Scenario) -> None:
    """Refuse a variant that cannot be told from the scenario, and limits without a meaning."""
    if BASE in base.variants:
        raise ScenarioError(f"variants.{BASE}: that is the scenario itself; use another name")
    for expectation in base.expect:
        checked(expectation, {name: {expectation.that: ANY} for name in (BASE, *base.variants)})


def simulated(scenario: Scenario, calibration: Calibration, *, jobs: int = 1) -> Simulated:
    """Return what the replications of a scenario show.

    What copies show is seen in visits; of more than an engine keeps nothing is said of copies.
    """
    cut, program = cut_of(scenario, calibration), twin_of(scenario, calibration)
    keeps = bool(cut.thinned) or is_replicated(program)
    try:
        readings = _readings(scenario, program, cut, jobs=jobs, keep_visits=keeps)
    except TooMuch:
        if cut.thinned or not keeps:
            raise
        readings = _readings(scenario, program, cut, jobs=jobs, keep_visits=False)
    course = late_over_time(scenario, readings) if scenario.events else ()
    return Simulated(numbers=numbers_of(scenario, readings), course=course)


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
