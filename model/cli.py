"""The verbs that ask the model: check and show a scenario, its fields, run, calibrate, compare."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from model.answers.tables import Format, print_table
from model.answers.terminal import (
    RUNS,
    Overrides,
    ScenarioFile,
    TableFormat,
    failures_leave_with,
    say,
)
from model.engine.kinds import Engine
from model.learnt import CALIBRATION, Jobs, Learnt, calibration_at
from model.plans import availability, size, threshold
from model.rules.exits import Exit, exit_of

if TYPE_CHECKING:
    from model.answers.runs import Run
    from model.world.scenario import Scenario

Cells = Mapping[str, object]

ScenarioFiles = Annotated[list[Path], typer.Argument(help="Scenarios (TOML).", show_default=False)]


def add_verbs(app: typer.Typer) -> None:
    """Mount the verbs on the command."""
    for verb in (check, show, fields, run, calibrate, compare, size, threshold, availability):
        app.command()(verb)


def check(scenarios: ScenarioFiles, overrides: Overrides = None) -> None:
    """Read scenarios with their variants, and say what is wrong; print nothing if nothing is.

    Each is made ready to be simulated, which takes some seconds, and is not; quick forms are only
    read.  What recorded traffic leaves out is told, and not wrong.
    """
    from model.answers.asked import refuse_unbuildable, variants_in
    from model.answers.calibrations import load_calibration
    from model.learnt import SHIPPED
    from model.world.traffic import left_out_of

    wrong, learnt = False, load_calibration(SHIPPED)
    for file in scenarios:
        try:
            asked = variants_in(file, overrides or ())
            variants_in(file, overrides or (), quick=True)
            refuse_unbuildable(file, asked, learnt)
            for told in left_out_of(asked.values()):
                say(told)
        except ValueError as error:  # a ScenarioError, which is not imported before it is needed
            say(str(error))
            wrong = True
    if wrong:
        raise typer.Exit(Exit.USAGE)


def show(scenario: ScenarioFile, overrides: Overrides = None) -> None:
    """Print a scenario with everything that it extends and every default written out."""
    from model.world.scenario_files import resolved_toml

    typer.echo(resolved_toml(_scenario(scenario, overrides)), nl=False)


def fields() -> None:
    """Print how to write a scenario, and every field it may have, as Markdown."""
    from model.world.fields.page import markdown_of_fields

    typer.echo(markdown_of_fields(), nl=False)


def run(
    scenario: ScenarioFile,
    overrides: Overrides = None,
    calibration: Learnt = CALIBRATION,
    jobs: Jobs = 0,
    engine: Annotated[Engine, typer.Option(help="Who simulates; both find the same.")] = (
        Engine.COMPILED
    ),
    form: TableFormat = Format.TABLE,
) -> None:
    """Simulate a scenario, and judge it by its targets.

    Works are those that were learnt on measured runs; where the scenario leaves their range,
    stderr says in what, and the exit code is 5.
    """
    from model.answers.asked import scenario_in
    from model.answers.calibrations import extrapolations
    from model.answers.predict import predict
    from model.answers.runs import save_run
    from model.answers.summaries import cells_of, numbers_of, summary_of_prediction
    from model.world.traffic import left_out_of

    asked = scenario_in(scenario, overrides or ())
    for told in left_out_of([asked]):
        say(told)
    with _refusals():
        learnt = calibration_at(calibration)
        started = datetime.now(UTC)
        say(f"simulating {asked.simulation.replications} replications")
        prediction = predict(asked, learnt, jobs=jobs or os.cpu_count() or 1, engine=engine)
    summaries = summary_of_prediction(prediction)
    outside = extrapolations(asked, learnt)
    folder = save_run(
        RUNS,
        kind="simulated",
        scenario=asked,
        recording=prediction.recording,
        started=started,
        result={
            "replications": len(prediction.observations),
            "calibration": list(learnt.runs),
            "extrapolated": outside,
            "busy": prediction.busy(),
            "summary": [numbers_of(summary) for summary in summaries],
        },
    )
    _print([(cells_of(s), numbers_of(s)) for s in summaries], form)
    for sentence in outside:
        say(f"extrapolated: {sentence}")
    say(f"run: {folder}")
    raise typer.Exit(Exit.EXTRAPOLATED if outside else exit_of([s.verdict for s in summaries]))


def calibrate(
    runs: Annotated[list[Path], typer.Argument(help="Measured runs.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Where to write the calibration.")] = CALIBRATION,
    form: TableFormat = Format.TABLE,
) -> None:
    """Learn what each visit costs from measured runs at low and middling load."""
    from model.answers.calibrate import calibrate as learn
    from model.answers.calibrate import lesson_of, same_scenario

    with _refusals():
        if not out.parent.is_dir():
            raise _Refusal(f"--out {out}: there is no folder {out.parent}")
        measured = [_run(folder) for folder in runs]
        learnt = learn(same_scenario(measured), [lesson_of(run) for run in measured])
    learnt.save(out)
    rows = [
        (journey, station, law.mean * 1e3, law.scv, learnt.spread.get(station))
        for (journey, station), law in sorted(learnt.works.items())
    ]
    print_table(rows, ("journey", "station", "work ms", "scv", "spread"), form)
    say(f"calibration: {out}")


def compare(
    run: Annotated[Path, typer.Argument(help="A measured run.", show_default=False)],
    calibration: Learnt = CALIBRATION,
    jobs: Jobs = 0,
    form: TableFormat = Format.TABLE,
) -> None:
    """Predict a measured run that was not learnt from, and print the error of the prediction."""
    from model.answers.accounting import window_of
    from model.answers.calibrations import extrapolations
    from model.answers.compare import cells_of, compared, numbers_of, verdicts
    from model.answers.predict import predict_run

    with _refusals():
        measured, learnt = _run(run), calibration_at(calibration)
        if measured.folder.name in learnt.runs:
            raise _Refusal(f"{run}: was learnt from; compare with a run that was not")
        prediction = predict_run(measured, learnt, jobs=jobs or os.cpu_count() or 1)
        rows = compared(window_of(measured), prediction)
    outside = extrapolations(measured.scenario, learnt)
    for sentence in outside:
        say(f"extrapolated: {sentence}")
    judged = verdicts(window_of(measured), prediction)
    _print([(cells_of(row, judged), numbers_of(row, judged)) for row in rows], form)
    if not measured.result["validity"]["valid"]:
        say("invalid: " + "; ".join(measured.result["validity"]["reasons"]))
        raise typer.Exit(Exit.INCONCLUSIVE)
    raise typer.Exit(exit_of([seen for seen, _ in judged.values()]))


class _Refusal(ValueError):
    """What the command line asks for cannot be done."""


def _refusals() -> AbstractContextManager[None]:
    """Turn what the caller got wrong into a sentence and exit code 2."""
    from model.answers.calibrations import CalibrationError
    from model.answers.runs import RunError

    return failures_leave_with(dict.fromkeys((CalibrationError, RunError, _Refusal), Exit.USAGE))


def _scenario(file: Path, overrides: Sequence[str] | None) -> Scenario:
    from model.world.scenario_files import load_scenario

    return load_scenario(file, overrides or ())


def _run(folder: Path) -> Run:
    from model.answers.runs import load_run

    return load_run(folder)


def _print(rows: Sequence[tuple[Cells, Cells]], form: Format) -> None:
    """Print rows given twice: as people read them, and as plain numbers."""
    chosen = [cells if form is Format.TABLE else numbers for cells, numbers in rows]
    columns = list(chosen[0]) if chosen else ["endpoint"]
    print_table([list(row.values()) for row in chosen], columns, form)
