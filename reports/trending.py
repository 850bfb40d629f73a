"""The verb that asks whether an answer depends on the slice: `trend`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from model.answers.tables import Format, print_table
from model.answers.terminal import Overrides, TableFormat, failures_leave_with, say
from model.learnt import CALIBRATION, Jobs, Learnt, calibration_at
from model.rules.exits import Exit, exit_of

if TYPE_CHECKING:
    from model.answers.calibrations import Calibration
    from reports.slices_report import Compared

REPORT = "slices.md"


def trend(
    scenarios: Annotated[list[Path], typer.Argument(help="Scenarios (TOML).", show_default=False)],
    overrides: Overrides = None,
    *,
    quick: Annotated[bool, typer.Option("--quick", help="In the scenario's quick form.")] = False,
    into: Annotated[Path | None, typer.Option(help=f"Folder for a report: {REPORT}.")] = None,
    calibration: Learnt = CALIBRATION,
    jobs: Jobs = 0,
    form: TableFormat = Format.TABLE,
) -> None:
    """Simulate scenarios in their slice k, in k/2 and in k/4, and say whether these agree.

    Exits with 0 if they do, 3 if a number differs by more than chance allows, 4 if none can be
    judged, and 2 if a slice cannot hold the question.
    """
    from model.answers.calibrations import CalibrationError
    from model.answers.trends import verdict_on
    from model.world.scenario import ScenarioError
    from reports.folders import made, put
    from reports.slices_report import (
        PLAIN_COLUMNS,
        columns_of,
        not_judged,
        plain_rows,
        rows_of,
        slices_report,
    )

    with failures_leave_with({CalibrationError: Exit.USAGE, ScenarioError: Exit.USAGE}):
        if into is not None:
            made(into)
        learnt, jobs = calibration_at(calibration), jobs or os.cpu_count() or 1
        compared = [
            _compared(file, overrides or [], learnt, quick=quick, jobs=jobs) for file in scenarios
        ]
    if into is not None:
        put(into / REPORT, slices_report(compared))
    for each in compared if into is None else ():
        if form is Format.TABLE:
            print_table(rows_of(each.trends, each.expected), columns_of(each.trends), form)
        else:
            print_table(plain_rows(each.trends), PLAIN_COLUMNS, form)
        for sentence in not_judged(each):
            say(sentence)
    raise typer.Exit(exit_of([verdict_on(each.trends) for each in compared]))


def _compared(
    file: Path, overrides: list[str], learnt: Calibration, *, quick: bool, jobs: int
) -> Compared:
    from model.answers.asked import question_of, scenario_in
    from model.answers.trends import trends_of
    from model.world.traffic import left_out_of
    from reports.slices_report import Compared

    scenario = scenario_in(file, overrides, quick=quick)
    for told in left_out_of([scenario]):
        say(told)
    trends = trends_of(scenario, learnt, jobs=jobs, report=say)
    return Compared(file=file, question=question_of(file), scenario=scenario, trends=trends)
