"""The verb that loads the running services and says what was measured."""

from __future__ import annotations

import math
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from model.answers.tables import Format, print_table
from model.rules.exits import Exit, exit_of

if TYPE_CHECKING:
    from loadtest.results import Measurement
    from loadtest.summary import EndpointSummary
    from loadtest.watch import Report
    from model.answers.statistics import Interval
    from model.world.scenario import Scenario
    from reference_impl.cluster.clusters import Cluster

RUNS = Path("runs")
READY_WITHIN_S = 5.0

ScenarioFile = Annotated[Path, typer.Argument(help="The scenario (TOML).", show_default=False)]
Overrides = Annotated[list[str] | None, typer.Option("--set", help="Override, as KEY=VALUE.")]
TableFormat = Annotated[Format, typer.Option("--format", help="How to print the table.")]


def add_verbs(app: typer.Typer) -> None:
    """Mount the verbs on the command."""
    app.command()(load)


def load(
    scenario: ScenarioFile,
    overrides: Overrides = None,
    rate: Annotated[str, typer.Option(help="Such as 80/s; by default the scenario's.")] = "",
    stream: Annotated[int, typer.Option(min=0, help="Another number, other arrivals.")] = 0,
    form: TableFormat = Format.TABLE,
) -> None:
    """Load the running services at one rate, and judge them by the scenario's targets.

    The load is an open one: requests are sent when they are due, however the ones before them
    fare.  What was seen is written into a folder of runs/.
    """
    from model.world.scenario_files import load_scenario

    asked = load_scenario(scenario, overrides or ())
    if rate:
        asked = asked.at_rate(_per_s(rate))
    with _failures_as_exit_codes():
        measurement = _measured(asked, stream)
    _print_summary(measurement.summary(), form)
    _tell(measurement)
    raise typer.Exit(_exit_code(measurement))


def _measured(asked: Scenario, stream: int) -> Measurement:
    from loadtest.measure import measure
    from reference_impl.seeding.seed import people_of

    cluster = _running_cluster()
    people = people_of(asked, _home_folder())
    with _progress() as report:
        return measure(
            asked,
            cluster,
            people,
            rate_per_s=asked.requests_per_s,
            stream=stream,
            folder=RUNS,
            report=report,
        )


def _running_cluster() -> Cluster:
    from reference_impl.cluster import lifecycle

    cluster = lifecycle.running(_home_folder())
    if cluster is None:
        _say(
            f"nothing runs in {_home_folder()}; start and fill it first:\n"
            "  feedtwin up SCENARIO\n  feedtwin seed SCENARIO"
        )
        raise typer.Exit(Exit.UNHEALTHY)
    cluster.wait_ready(READY_WITHIN_S)
    return cluster


def _home_folder() -> Path:
    return Path(os.environ.get("FEEDTWIN_HOME") or ".feedtwin")


def _per_s(text: str) -> float:
    from model.world.quantities import parse_per_s

    try:
        per_s = parse_per_s(text)
    except ValueError as error:
        raise typer.BadParameter(f"--rate: {error}") from None
    if per_s <= 0:
        raise typer.BadParameter(f"--rate: must be more than nothing, got {text!r}")
    return per_s


@contextmanager
def _failures_as_exit_codes() -> Iterator[None]:
    """Say what went wrong and leave with the code for it."""
    from loadtest.generator_process import GeneratorFailed
    from reference_impl.cluster.errors import ClusterError
    from reference_impl.seeding.people import NotSeeded

    # So that a polite kill keeps what was measured, as Ctrl-C does.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except (ClusterError, NotSeeded) as error:
        _say(str(error))
        raise typer.Exit(Exit.UNHEALTHY) from None
    except GeneratorFailed as error:
        _say(str(error))
        raise typer.Exit(Exit.INCONCLUSIVE) from None
    except KeyboardInterrupt:
        _say("interrupted before the load began")
        raise typer.Exit(Exit.INTERRUPTED) from None
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _progress() -> Iterator[Report]:
    """Show on stderr how far a measurement is; where nobody watches, only what it is at."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True, refresh_per_second=2) as progress:
        bar = progress.add_task("", total=1.0)
        yield lambda doing, share: progress.update(bar, description=doing, completed=share)


def _print_summary(summaries: list[EndpointSummary], form: Format) -> None:
    from loadtest.summary import numbers_of

    if form is Format.TABLE:
        rows = [_cells(summary) for summary in summaries]
    else:
        rows = [numbers_of(summary) for summary in summaries]
    columns = list(rows[0]) if rows else ["endpoint"]
    print_table([list(row.values()) for row in rows], columns, form)


def _cells(summary: EndpointSummary) -> dict[str, object]:
    """Return a summary as people read it, in milliseconds."""
    return {
        "endpoint": summary.endpoint.value,
        "n": summary.n,
        "failed": summary.failed,
        "per s": summary.rate_per_s,
        "p50 ms": _in_ms(summary.p50_s),
        "p95 ms": _in_ms(summary.p95_s),
        "p99 ms": _in_ms(summary.p99_s),
        "p99 target ms": summary.target_p99_s * 1e3,
        "verdict": summary.verdict.value,
    }


def _in_ms(interval: Interval) -> str:
    """Return "12.3 (11.8 to 13.1)"; "?" stands for what the evidence cannot say."""
    value, low, high = (
        f"{end * 1e3:.1f}" if math.isfinite(end) else "?"
        for end in (interval.value, interval.low, interval.high)
    )
    return f"{value} ({low} to {high})"


def _tell(measurement: Measurement) -> None:
    """Say on stderr what the table does not: errors, whether it counts, where it is."""
    for error in measurement.errors.itertuples(index=False):
        _say(f"{error.endpoint}: {error.error}, {error.count} times")
    for reason in measurement.validity.reasons:
        _say(f"invalid: {reason}")
    for note in measurement.notes:
        _say(f"note: {note}")
    _say(f"run: {measurement.folder}")


def _exit_code(measurement: Measurement) -> Exit:
    if measurement.interrupted:
        return Exit.INTERRUPTED
    if not measurement.validity.valid:
        return Exit.INCONCLUSIVE
    return exit_of([summary.verdict for summary in measurement.summary()])


def _say(text: str) -> None:
    """Talk to the person, not to the program that reads the output."""
    sys.stderr.write(f"{text}\n")
