"""A scenario as a question: what it asks and expects, simulated with each of its variants."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from model.answers.asked import Question, question_of, refuse_unbuildable, variants_in
from model.answers.calibrations import Calibration, extrapolations
from model.answers.completing import completed, with_tries_elsewhere
from model.answers.courses import Stretch, late_over_time
from model.answers.expectations import BASE, Checked, Longer, checked
from model.answers.longer import longer_than_expected
from model.answers.near_limits import NO_LIMITS, Limits, came_near, limits_left_out
from model.answers.numbers import Numbers, Window, numbers_of, windows_of
from model.answers.outgrown import too_much_refused
from model.answers.readings import Reading, read, unended_in
from model.answers.staleness import Copies, copies_of, is_replicated, with_staleness
from model.answers.twin import cut_of, twin_of
from model.answers.utilisation import in_world, left_out
from model.answers.utilisation_between import Busy, busy_between
from model.engine.limits import TooMuch
from model.engine.program import Program
from model.engine.replications import replicate
from model.engine.runs import SimulatedRun
from model.world.edges import FILLING
from model.world.scenario import Endpoint, Scenario
from model.world.slices import Slice
from model.world.traffic import left_out_of

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What the replications of a scenario show: its numbers, and how it went from first to last."""

    numbers: Numbers
    course: Sequence[Stretch] = ()
    untold: str = ""  # what these do not say, and why
    longer: Longer = field(default_factory=dict)  # than what is expected of quantiles


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
    for told in left_out_of(asked.values()):
        report(told)
    refuse_unbuildable(file, asked, calibration)
    variants = []
    for name, scenario in asked.items():
        report(f"simulating {base.name}, {name}")
        found = simulated(scenario, calibration, jobs=jobs)
        overrides = base.variants.get(name, ())
        variants.append(Variant(name=name, overrides=overrides, scenario=scenario, simulated=found))
    by_name = {variant.name: variant.numbers for variant in variants}
    longer = {variant.name: variant.simulated.longer for variant in variants}
    checks = [checked(expectation, by_name, longer) for expectation in base.expect]
    return Answer(question=question, variants=variants, checks=checks, extrapolated=outside)


def simulated(
    scenario: Scenario,
    calibration: Calibration,
    *,
    jobs: int = 1,
    luck: int = 0,
    from_visits: bool = True,
) -> Simulated:
    """Return what the replications of a scenario show.

    The world is drawn from the scenario's seed, and so is what happens in it; with another `luck`
    something else happens, independently, in the same world.
    What copies show is seen in visits, and so is how busy stations are while something happens; of
    more visits than an engine keeps nothing is said of that, nor if it is not wanted `from_visits`.
    Limits and deadlines that were left out are simulated if any replication came near one.  Raises
    ScenarioError for what cannot be simulated, and for more than an engine holds.
    """
    replicated = partial(_replicated, scenario, jobs=jobs, luck=luck)

    def found(*, is_guarded: bool) -> tuple[list[Reading], str]:
        cut = cut_of(scenario, calibration, is_guarded=is_guarded)
        program = twin_of(scenario, calibration, cut=cut, is_guarded=is_guarded)
        seen = _seen_in_visits(scenario, program) if from_visits else ""
        limits = NO_LIMITS if is_guarded else limits_left_out(scenario)
        return _with_visits_if_kept(replicated(program, cut, limits), seen, must=bool(cut.thinned))

    with too_much_refused(scenario):
        readings, untold = found(is_guarded=False)
        if any(reading.came_near for reading in readings):
            readings, untold = found(is_guarded=True)
    course = late_over_time(scenario, readings) if scenario.events else ()
    return Simulated(
        numbers=numbers_of(scenario, readings),
        course=course,
        untold=untold,
        longer=longer_than_expected(scenario, readings),
    )


def _with_visits_if_kept(
    run: Callable[..., list[Reading]], seen: str, *, must: bool
) -> tuple[list[Reading], str]:
    """Return what replications show, and what is not said for want of visits of what is `seen`."""
    try:
        return run(keep_visits=bool(must or seen)), ""
    except TooMuch:
        if must or not seen:
            raise
    return run(keep_visits=False), f"{seen} is not said, for there were more visits than are kept"


def _seen_in_visits(scenario: Scenario, program: Program) -> str:
    """Return what there is to say that only visits show."""
    seen = {
        "how far copies are behind": is_replicated(program),
        "how busy all is before, during and after what happens": bool(scenario.events),
    }
    return ", and ".join(what for what, is_there in seen.items() if is_there)


def _replicated(
    scenario: Scenario, program: Program, cut: Slice, limits: Limits, *, jobs: int, luck: int
) -> partial[list[Reading]]:
    runs = scenario.simulation
    return partial(
        replicate,
        program,
        partial(
            read_whole,
            cut=cut,
            patience_s=_patience_s(scenario),
            copies=copies_of(scenario),
            windows=windows_of(scenario),
            limits=limits,
        ),
        seed=scenario.seed + luck,
        until_s=runs.warmup + runs.duration,
        replications=runs.replications,
        jobs=jobs,
    )


def read_whole(
    run: SimulatedRun,
    *,
    cut: Slice,
    patience_s: Mapping[str, float],
    copies: Copies,
    windows: Sequence[Window] = (),
    limits: Limits = NO_LIMITS,
) -> Reading:
    """Return what a replication shows of the world that its slice stands for."""
    whole = completed(run, cut) if cut.thinned else run
    not_asked = {FILLING, *(background.journey.name for background in cut.backgrounds)}
    reading = read(whole, patience_s=patience_s)
    unended = reading.unended if whole is run else unended_in(with_tries_elsewhere(whole, run))
    reading = replace(reading, busy=in_world(reading.busy, run, cut), unended=unended)
    reading = reading.without(journeys=not_asked, stations=left_out(reading.busy, cut))
    is_near = came_near(whole, limits, besides=not_asked)
    reading = replace(reading, busy_in=_busy_in(windows, run, cut), came_near=is_near)
    return with_staleness(reading, run, copies)


def _busy_in(windows: Sequence[Window], run: SimulatedRun, cut: Slice) -> dict[str, Busy]:
    parts = [window for window in windows if window.suffix and run.visits is not None]
    return {
        part.suffix: busy_between(run, cut, since_s=part.since_s, until_s=part.until_s)
        for part in parts
    }


def _patience_s(scenario: Scenario) -> dict[str, float]:
    return {endpoint.value: scenario.targets.p99_of(endpoint) for endpoint in Endpoint}
