"""The verbs that show everything: `demo`, `answer` and `trend`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from model.answers.terminal import RUNS, failures_leave_with, home_folder, say
from model.learnt import CALIBRATION, Jobs, Learnt, calibration_at
from model.rules.exits import Exit, exit_of
from reports.trending import trend

if TYPE_CHECKING:
    from loadtest.protocols.demo import Demo, Stage
    from loadtest.protocols.held_out import Report

SCENARIOS = Path(__file__).parents[1] / "scenarios"
# Enough of everything to go through all of it, and too little for the numbers to mean much.
_EVERY_KIND = (
    "traffic.mix={newsfeed=0.24, post=0.12, follow=0.1, unfollow=0.09, login=0.09, register=0.09,"
    " profile=0.09, search=0.09, image=0.09}"
)
QUICK = (
    "load.levels=['30/s', '40/s']",
    "load.duration=14 s",
    "load.warmup=1 s",
    "simulation.replications=3",
    _EVERY_KIND,
)
QUICK_PLANET = ("simulation.duration=0.5 s", "simulation.replications=2")
# Where the bar of each stage begins, of the whole demo.
STAGES = {"start": 0.0, "seed": 0.07, "measure": 0.1, "simulate": 0.65, "extrapolate": 0.85}


def add_verbs(app: typer.Typer) -> None:
    """Mount the verbs on the command."""
    app.command()(demo)
    app.command()(answer)
    app.command()(trend)


def demo(
    *,
    quick: Annotated[bool, typer.Option("--quick", help="Two short loads: a rehearsal.")] = False,
) -> None:
    """Run the laptop's scenario for real and simulated, compare them, and write a report.

    Starts its own stores and services, which leave nothing behind, and takes about five
    minutes.  Exits with 0 when everything ran, whatever the verdicts are.
    """
    from loadtest.protocols.demo import DemoFailed, run_demo
    from model.world.scenario_files import load_scenario

    home = home_folder() / "demo"
    folder = RUNS / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-demo"
    failures = failures_leave_with(
        {DemoFailed: Exit.UNHEALTHY}, interrupted="interrupted; everything is stopped"
    )
    with failures, _progress() as stage:
        found = run_demo(
            load_scenario(SCENARIOS / "laptop.toml", QUICK if quick else ()),
            load_scenario(SCENARIOS / "baseline.toml", QUICK_PLANET if quick else ()),
            home,
            folder / "measured",
            stage,
        )
    _write(found, folder)
    _print(found)
    say(f"report: {(folder / 'report.html').resolve()}")


def answer(
    scenarios: Annotated[list[Path], typer.Argument(help="Scenarios (TOML).", show_default=False)],
    *,
    quick: Annotated[bool, typer.Option("--quick", help="In the scenario's quick form.")] = False,
    into: Annotated[Path | None, typer.Option(help="Folder for a report of each: NAME.md.")] = None,
    calibration: Learnt = CALIBRATION,
    jobs: Jobs = 0,
) -> None:
    """Simulate scenarios with their variants, and say whether all came as expected.

    Exits with 0 if it did, 3 if something did not, 4 if something stayed unclear.
    """
    from model.answers.calibrations import CalibrationError
    from model.answers.questions import answer_of
    from model.rules.targets import Verdict
    from model.world.scenario import ScenarioError
    from reports.folders import places_in, put
    from reports.on_paper import on_paper
    from reports.scenario_figure import plotted
    from reports.scenario_report import scenario_report

    verdicts: list[Verdict] = []
    with failures_leave_with({CalibrationError: Exit.USAGE, ScenarioError: Exit.USAGE}):
        places = [None] * len(scenarios) if into is None else places_in(into, scenarios)
        learnt = calibration_at(calibration)
        for file, report in zip(scenarios, places, strict=True):
            found = answer_of(
                file, learnt, quick=quick, jobs=jobs or os.cpu_count() or 1, report=say
            )
            text = scenario_report(
                found,
                file,
                plot=plotted(found, report) if report else "",
                on_paper=on_paper({each.name: each.scenario for each in found.variants}, learnt),
            )
            if report is None:
                typer.echo(text)
            else:
                put(report, text)
            verdicts += [check.verdict for check in found.checks]
    raise typer.Exit(exit_of(verdicts) if verdicts else Exit.MET)


def _write(found: Demo, folder: Path) -> None:
    """Leave the report, and what it was made from, in the demo's folder."""
    from model.answers.accounting import window_of
    from model.answers.compare import numbers_of, verdicts
    from reports.builder import html_of
    from reports.demo_report import report_of

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.html").write_text(html_of(report_of(found)), encoding="utf-8")
    if found.comparison is not None:
        judged = verdicts(window_of(found.comparison.held_out), found.comparison.predictions[-1])
        rows = [numbers_of(row, judged) for row in found.comparison.rows]
        text = json.dumps(rows, indent=1, allow_nan=False)
        (folder / "comparison.json").write_text(text + "\n", encoding="utf-8")
        found.comparison.calibration.save(folder / "calibration.json")


def _print(found: Demo) -> None:
    """Print the verdict table, and the answer below it."""
    from model.answers.tables import Format, print_table
    from reports.comparison_sections import comparison_table
    from reports.demo_report import answer_of

    if found.comparison is not None:
        table = comparison_table(found.comparison)
        print_table(table.rows, table.columns, Format.TABLE)
    typer.echo(f"\n{answer_of(found)}")


@contextmanager
def _progress() -> Iterator[Stage]:
    """Show on stderr how far the demo is; where nobody watches, one line for each step."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    starts = [*STAGES.values(), 1.0]
    with Progress(console=console, transient=True, refresh_per_second=2) as progress:
        bar = progress.add_task("", total=1.0)

        def stage(name: str) -> Report:
            begin, end = starts[list(STAGES).index(name)], starts[list(STAGES).index(name) + 1]

            def report(doing: str, share: float) -> None:
                if not console.is_terminal and progress.tasks[bar].description != doing:
                    console.print(doing)
                progress.update(bar, description=doing, completed=begin + share * (end - begin))

            return report

        yield stage
