"""Measure a ladder of loads, learn from the lower ones, predict the highest, compare.

The load that is compared is never one that was learnt from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from loadtest.measure import Cluster, measure
from loadtest.plan import People
from loadtest.results import Measurement
from model.answers.accounting import window_of
from model.answers.calibrate import Lesson, calibrate, lesson_of
from model.answers.calibrations import Calibration
from model.answers.compare import Row, compared
from model.answers.predict import Prediction, predict_run
from model.answers.runs import Run, load_run
from model.world.scenario import Scenario

TRIES = 2  # of each level: an invalid measurement is repeated once
WARM_UP_S = 8.0
WARM_UP_STREAM = 1_000_000  # far from those of the levels

Report = Callable[[str, float], None]  # what is being done, and the share of it that is


class TooFewValid(ValueError):
    """Too few measurements count; the message says which, and why the others do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The calibration, what it predicts at every level, and its error on the held-out one."""

    calibration: Calibration
    lessons: Sequence[Lesson]
    runs: Sequence[Run]  # every valid level, the lowest first
    predictions: Sequence[Prediction]  # of the same
    rows: Sequence[Row]  # of the last, which was not learnt from

    @property
    def held_out(self) -> Run:
        """The run that was compared."""
        return self.runs[-1]


def measure_levels(
    scenario: Scenario, cluster: Cluster, people: People, folder: Path, report: Report
) -> list[Measurement]:
    """Return a measurement of every level of the scenario, the lowest first, and every try.

    An invalid one is repeated once; both stay in the list.  KeyboardInterrupt, if somebody
    interrupts one.
    """
    found: list[Measurement] = []
    levels = sorted(scenario.load.levels)
    _warm_up(scenario.at_rate(levels[-1]), cluster, people, report)
    for number, rate_per_s in enumerate(levels):
        for attempt in range(TRIES):

            def at_level(doing: str, share: float, at: int = number) -> None:
                report(f"{levels[at]:g}/s: {doing}", (at + share) / len(levels))

            measurement = measure(
                scenario,
                cluster,
                people,
                rate_per_s=rate_per_s,
                stream=number * TRIES + attempt,
                folder=folder,
                report=at_level,
            )
            found.append(measurement)
            if measurement.interrupted:
                raise KeyboardInterrupt
            if measurement.validity.valid:
                break
    return found


def _warm_up(scenario: Scenario, cluster: Cluster, people: People, report: Report) -> None:
    """Load services that have just started, and throw away what is seen.

    First requests pay for caches, plans and imports that later ones do not; without this the
    lowest level, which is measured first, would teach too dear a work.
    """
    shorter = {"warmup": 0.0, "duration": WARM_UP_S}
    brief = scenario.model_copy(update={"load": scenario.load.model_copy(update=shorter)})
    with TemporaryDirectory(prefix="feedtwin-warm-up-") as folder:
        seen = measure(
            brief,
            cluster,
            people,
            rate_per_s=scenario.requests_per_s,
            stream=WARM_UP_STREAM,
            folder=Path(folder),
            report=lambda doing, _: report(f"warming up: {doing}", 0.0),
        )
    if seen.interrupted:
        raise KeyboardInterrupt


def compare_held_out(
    measurements: Sequence[Measurement], *, jobs: int, report: Report
) -> Comparison:
    """Learn from all valid measurements but the highest load, and compare on that one.

    Raises TooFewValid unless there are two loads, one to learn from and one to compare on.
    """
    valid = [load_run(m.folder) for m in measurements if m.validity.valid]
    runs = sorted(valid, key=lambda run: run.scenario.requests_per_s)
    if len(runs) < 2:
        raise TooFewValid(_why(measurements))
    report("learning what each visit costs", 0.0)
    lessons = [lesson_of(run) for run in runs[:-1]]
    calibration = calibrate(runs[0].scenario, lessons)
    predictions = []
    for number, run in enumerate(runs):
        rate_per_s = run.scenario.requests_per_s
        report(f"predicting {rate_per_s:g}/s", (number + 1) / (len(runs) + 1))
        predictions.append(predict_run(run, calibration, jobs=jobs))
    rows = compared(window_of(runs[-1]), predictions[-1])
    return Comparison(
        calibration=calibration, lessons=lessons, runs=runs, predictions=predictions, rows=rows
    )


def _why(measurements: Sequence[Measurement]) -> str:
    """Return one line per measurement that does not count."""
    lines = [
        f"{m.scenario.requests_per_s:g}/s: {'; '.join(m.validity.reasons)}"
        for m in measurements
        if not m.validity.valid
    ]
    return "\n".join(("fewer than two loads were measured validly", *lines))
