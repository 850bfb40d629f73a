"""The verb that loads the running services and says what was measured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from model.answers.tables import Format, print_table
from model.answers.terminal import (
    RUNS,
    Overrides,
    ScenarioFile,
    TableFormat,
    failures_leave_with,
    home_folder,
    say,
)
from model.rules.exits import Exit, exit_of

if TYPE_CHECKING:
    from loadtest.results import Measurement
    from loadtest.watch import Report
    from model.answers.summaries import EndpointSummary
    from model.world.scenario import Scenario
    from reference_impl.cluster.clusters import Cluster

READY_WITHIN_S = 5.0


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
    from reference_impl.cluster import lifecycle
    from reference_impl.seeding.seed import people_of

    cluster = _running_cluster()
    lifecycle.refuse_another(cluster, asked)
    people = people_of(asked, home_folder())
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

    cluster = lifecycle.running(home_folder())
    if cluster is None:
        say(
            f"nothing runs in {home_folder()}; start and fill it first:\n"
            "  feedtwin up SCENARIO\n  feedtwin seed SCENARIO"
        )
        raise typer.Exit(Exit.UNHEALTHY)
    cluster.wait_ready(READY_WITHIN_S)
    return cluster


def _per_s(text: str) -> float:
    from model.world.quantities import parse_per_s

    try:
        per_s = parse_per_s(text)
    except ValueError as error:
        raise typer.BadParameter(f"--rate: {error}") from None
    if per_s <= 0:
        raise typer.BadParameter(f"--rate: must be more than nothing, got {text!r}")
    return per_s


def _failures_as_exit_codes() -> AbstractContextManager[None]:
    """Say what went wrong in the block, and leave with the code for it."""
    from loadtest.generator_process import GeneratorFailed
    from reference_impl.cluster.errors import ClusterError, Refused
    from reference_impl.seeding.people import NotSeeded

    codes: dict[type[Exception], Exit] = {
        Refused: Exit.USAGE,
        ClusterError: Exit.UNHEALTHY,
        NotSeeded: Exit.UNHEALTHY,
        GeneratorFailed: Exit.INCONCLUSIVE,
    }
    return failures_leave_with(codes, interrupted="interrupted before the load began")


@contextmanager
def _progress() -> Iterator[Report]:
    """Show on stderr how far a measurement is; where nobody watches, only what it is at."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True, refresh_per_second=2) as progress:
        bar = progress.add_task("", total=1.0)
        yield lambda doing, share: progress.update(bar, description=doing, completed=share)


def _print_summary(summaries: list[EndpointSummary], form: Format) -> None:
    from model.answers.summaries import cells_of, numbers_of

    rows = [(cells_of if form is Format.TABLE else numbers_of)(row) for row in summaries]
    columns = list(rows[0]) if rows else ["endpoint"]
    print_table([list(row.values()) for row in rows], columns, form)


def _tell(measurement: Measurement) -> None:
    """Say on stderr what the table does not: errors, whether it counts, where it is."""
    for error in measurement.errors.itertuples(index=False):
        say(f"{error.endpoint}: {error.error}, {error.count} times")
    for reason in measurement.validity.reasons:
        say(f"invalid: {reason}")
    for note in measurement.notes:
        say(f"note: {note}")
    say(f"run: {measurement.folder}")


def _exit_code(measurement: Measurement) -> Exit:
    if measurement.interrupted:
        return Exit.INTERRUPTED
    if not measurement.validity.valid:
        return Exit.INCONCLUSIVE
    return exit_of([summary.verdict for summary in measurement.summary()])
