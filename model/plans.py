"""The verbs that plan on paper: how much of everything, which threshold, how available."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from model.answers.tables import Format, print_table
from model.answers.terminal import (
    Overrides,
    ScenarioFile,
    TableFormat,
    failures_leave_with,
    say,
)
from model.learnt import CALIBRATION, Jobs, Learnt, calibration_at
from model.rules.exits import Exit, exit_of

if TYPE_CHECKING:
    from model.world.scenario import Scenario


def size(
    scenario: ScenarioFile,
    overrides: Overrides = None,
    calibration: Learnt = CALIBRATION,
    *,
    markdown: Annotated[bool, typer.Option("--markdown", help="As one page, to read.")] = False,
    form: TableFormat = Format.TABLE,
) -> None:
    """Say how much of everything a scenario needs and costs, and when its fleet runs out of what.

    Every figure comes with its formula, the numbers put in, and where they are from.
    """
    from model.answers.sizing import sizing_of
    from model.answers.sizing.rows import (
        FIGURE_COLUMNS,
        ROLE_COLUMNS,
        SAID_COLUMNS,
        figure_rows,
        first_sentence,
        markdown_of,
        role_rows,
        role_title,
        said_sources,
        said_tables,
        year_columns,
        year_rows,
        year_title,
    )

    with _refusals():
        found = sizing_of(_scenario(scenario, overrides), calibration_at(calibration))
    if markdown:
        typer.echo(markdown_of(found))
        return
    if form is not Format.TABLE:
        print_table(figure_rows(found), FIGURE_COLUMNS, form)
        return
    for title, rows in said_tables(found):
        typer.echo(f"{title}\n")
        print_table(rows, SAID_COLUMNS, form)
        typer.echo()
    typer.echo("Sources\n")
    typer.echo("\n".join(said_sources(found)))
    typer.echo(f"\n{role_title(found)}\n")
    print_table(role_rows(found), ROLE_COLUMNS, form)
    typer.echo(f"\n{year_title(found)}\n")
    print_table(year_rows(found.outlook), year_columns(found.outlook), form)
    say(first_sentence(found.outlook))


def threshold(
    scenario: ScenarioFile,
    overrides: Overrides = None,
    calibration: Learnt = CALIBRATION,
    form: TableFormat = Format.TABLE,
) -> None:
    """Say what each influencer threshold costs, and which is cheapest and fresh enough."""
    from model.answers.push_pull import cheapest_threshold
    from model.answers.push_pull.rows import CURVE_COLUMNS, answer, curve_rows

    with _refusals():
        asked = _scenario(scenario, overrides)
        curve = cheapest_threshold(asked, calibration_at(calibration))
    print_table(curve_rows(curve), CURVE_COLUMNS, form)
    say(answer(curve))


def availability(
    scenario: ScenarioFile,
    overrides: Overrides = None,
    calibration: Learnt = CALIBRATION,
    *,
    joined: Annotated[
        bool, typer.Option("--joined", help="Simulate each state: who answers in time?")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Joined: not in the scenario's quick form.")
    ] = False,
    jobs: Jobs = 0,
    form: TableFormat = Format.TABLE,
) -> None:
    """Simulate years of failures and repairs, and say what availability is lost to what.

    Any instance that is left takes the whole load.  How slow it then is, `--joined` asks: each
    state of failure is simulated, and weighted by how likely it is.
    """
    if full and not joined:
        raise typer.BadParameter("--full: only with --joined, which simulates")
    if joined:
        asked = _scenario(scenario, overrides, quick=not full)
        _joined(asked, calibration, jobs=jobs, form=form)
    from model.answers.availability import (
        REPORT_COLUMNS,
        SUMMARY_COLUMNS,
        availability_of,
        report_rows,
        summary_rows,
    )

    with _refusals():
        found = availability_of(_scenario(scenario, overrides))
    print_table(summary_rows(found), SUMMARY_COLUMNS, form)
    if form is Format.TABLE:
        print_table(report_rows(found), REPORT_COLUMNS, form)
    raise typer.Exit(exit_of([found.verdict]))


def _joined(asked: Scenario, calibration: Path, *, jobs: int, form: Format) -> NoReturn:
    from model.answers.availability.joined import joined_of
    from model.answers.availability.joined_rows import JOINED_COLUMNS, joined_rows, joined_sentences
    from model.answers.calibrations import extrapolations

    with _refusals():
        learnt = calibration_at(calibration)
        found = joined_of(asked, learnt, jobs=jobs or os.cpu_count() or 1, report=say)
    print_table(joined_rows(found), JOINED_COLUMNS, form)
    for sentence in extrapolations(asked, learnt):
        say(f"extrapolated: {sentence}")
    for sentence in joined_sentences(found):
        say(sentence)
    raise typer.Exit(exit_of([found.verdict(found.failed), found.verdict(found.late_or_failed)]))


def _refusals() -> AbstractContextManager[None]:
    from model.answers.calibrations import CalibrationError

    return failures_leave_with({CalibrationError: Exit.USAGE})


def _scenario(file: Path, overrides: Overrides, *, quick: bool = False) -> Scenario:
    from model.answers.asked import scenario_in
    from model.world.traffic import left_out_of

    asked = scenario_in(file, overrides or (), quick=quick)
    for told in left_out_of([asked]):
        say(told)
    return asked
