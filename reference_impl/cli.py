"""The verbs that start, show and stop the reference services."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from model.answers.tables import Format, print_table
from model.answers.terminal import Overrides, ScenarioFile, TableFormat, home_folder, say
from model.rules.exits import Exit

if TYPE_CHECKING:
    from reference_impl.cluster.clusters import Cluster

BYTES_PER_MB = 1e6
READY_WITHIN_S = 5.0  # of a cluster that is up already


def add_verbs(app: typer.Typer) -> None:
    """Mount the verbs on the command."""
    for verb in (up, seed, status, logs, down):
        app.command()(verb)


def up(
    scenario: ScenarioFile,
    overrides: Overrides = None,
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Take down what runs here.")] = False,
    server_timing: Annotated[bool, typer.Option(help="Answers tell where time went.")] = True,
    cpus: Annotated[str, typer.Option(help="Such as 1,2, or all.")] = "all but the first",
) -> None:
    """Start the scenario's stores and services; print where its gateways listen.

    Stores named by FEEDTWIN_USER_DATABASES, _POST_DATABASES, _TIMELINE_STORES, _BROKER or
    _SESSION_STORE are used instead of starting any of that kind.
    """
    from model.world.scenario_files import load_scenario
    from reference_impl.cluster import lifecycle

    with failures_as_exit_codes():
        cluster = lifecycle.up(
            load_scenario(scenario, overrides or ()),
            home_folder(),
            server_timing=server_timing,
            cpus=_cpus(cpus),
            replace=replace,
            report=say,
        )
    for url in cluster.gateway_urls:
        typer.echo(url)


def seed(
    scenario: ScenarioFile,
    overrides: Overrides = None,
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Remove what is there.")] = False,
) -> None:
    """Fill the running services with the scenario's people, follows, posts and timelines."""
    from model.world.scenario_files import load_scenario
    from reference_impl.cluster import lifecycle
    from reference_impl.seeding.seed import AlreadySeeded
    from reference_impl.seeding.seed import seed as fill

    with failures_as_exit_codes():
        asked = load_scenario(scenario, overrides or ())
        cluster = lifecycle.running(home_folder())
        if cluster is None:
            say(f"nothing runs in {home_folder()}: feedtwin up SCENARIO")
            raise typer.Exit(Exit.UNHEALTHY)
        cluster.wait_ready(READY_WITHIN_S)
        try:
            seeded = fill(asked, cluster.settings, home_folder(), replace=replace, report=say)
        except AlreadySeeded as error:
            say(str(error))
            raise typer.Exit(Exit.USAGE) from None
    say(
        f"{seeded.users} users, {seeded.follows} follows, {seeded.posts} posts:"
        f" {seeded.rows} rows in {seeded.seconds:.1f} s"
    )


def status(form: TableFormat = Format.TABLE) -> None:
    """Show every process: who it is, what it has used, and whether it is ready."""
    from concurrent.futures import ThreadPoolExecutor

    from reference_impl.cluster import lifecycle

    with failures_as_exit_codes():
        cluster = lifecycle.running(home_folder())
        if cluster is None:
            say(f"nothing runs in {home_folder()}")
            raise typer.Exit(Exit.UNHEALTHY)
        with ThreadPoolExecutor(len(cluster.members)) as pool:
            reasons = list(pool.map(cluster.why_not_ready, cluster.members))
    columns = ("name", "station", "pid", "since", "cpu_s", "memory_mb", "ready", "why_not")
    print_table(_status_rows(cluster, reasons), columns, form)
    if any(reasons):
        raise typer.Exit(Exit.UNHEALTHY)


def logs(
    name: Annotated[str, typer.Argument(help="A process; all of them by default.")] = "",
    lines: Annotated[int, typer.Option(min=1, max=100_000, help="How many from the end.")] = 20,
) -> None:
    """Print the last lines of the logs, also of a cluster that has ended."""
    from reference_impl.cluster.endings import last_lines
    from reference_impl.cluster.home import Home

    folder = Home(folder=home_folder()).logs
    names = sorted(path.stem for path in folder.glob("*.log"))
    if name and name not in names:
        say(f"no log of {name!r} in {folder}; there are: {', '.join(names) or 'none'}")
        raise typer.Exit(Exit.USAGE)
    for each in [name] if name else names:
        for line in last_lines(folder / f"{each}.log", lines):
            typer.echo(line if name else f"{each} | {line}")


def down() -> None:
    """Stop everything that was started here; data and logs stay."""
    from reference_impl.cluster import lifecycle

    with failures_as_exit_codes():
        count = lifecycle.down(home_folder())
    say(f"stopped {count} processes" if count else f"nothing runs in {home_folder()}")


@contextmanager
def failures_as_exit_codes() -> Iterator[None]:
    """Say what went wrong and leave with the code for it."""
    from model.world.scenario import ScenarioError
    from reference_impl.chassis.settings import SettingsError
    from reference_impl.cluster.errors import ClusterError, Refused

    # So that a polite kill cleans up as Ctrl-C does.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except (ScenarioError, SettingsError, Refused) as error:
        say(str(error))
        raise typer.Exit(Exit.USAGE) from None
    except ClusterError as error:
        say(str(error))
        raise typer.Exit(Exit.UNHEALTHY) from None
    except KeyboardInterrupt:
        say("interrupted")
        raise typer.Exit(Exit.INTERRUPTED) from None
    finally:
        signal.signal(signal.SIGTERM, before)


def _cpus(text: str) -> set[int] | None:
    """Return the cores that a cluster may use; None for all of them."""
    from reference_impl.cluster.cores import beside_the_first

    if text == "all but the first":  # which is left to the load generator
        return beside_the_first()
    try:
        return None if text == "all" else {int(part) for part in text.split(",")}
    except ValueError:
        raise typer.BadParameter(f"--cpus takes numbers such as 0,2, got {text!r}") from None


def _status_rows(cluster: Cluster, reasons: list[str | None]) -> Iterator[tuple[object, ...]]:
    from datetime import UTC, datetime

    from reference_impl.cluster.usage import usage_of

    for process, reason in zip(cluster.processes(), reasons, strict=True):
        usage = usage_of(process.pid) if process.running else None
        since = datetime.fromtimestamp(process.started_s, UTC).isoformat(timespec="seconds")
        yield (
            process.name,
            process.station,
            process.pid if process.running else None,
            since if process.running else None,
            usage.cpu_s if usage else None,
            usage.memory_bytes / BYTES_PER_MB if usage else None,
            reason is None,
            reason,
        )
