"""`feedtwin status` and `feedtwin logs`: what runs, how it fares, what it said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from model.answers.tables import Format, print_table
from model.answers.terminal import TableFormat, home_folder, say
from model.rules.exits import Exit
from reference_impl.verbs.failures import failures_as_exit_codes

if TYPE_CHECKING:
    from reference_impl.cluster.clusters import Cluster, Process
    from reference_impl.cluster.members import Member

BYTES_PER_MB = 1e6
COLUMNS = (
    "name", "station", "zone", "pid", "since", "cpu_s", "memory_mb", "url", "ready", "why_not",
)  # fmt: skip


def status(form: TableFormat = Format.TABLE) -> None:
    """Show every process: who it is, what it has used, where it listens, whether it is ready."""
    from concurrent.futures import ThreadPoolExecutor

    from reference_impl.cluster.lifecycle import running_in

    with failures_as_exit_codes():
        cluster = running_in(home_folder())
        with ThreadPoolExecutor(len(cluster.members)) as pool:
            reasons = list(pool.map(cluster.why_not_called, cluster.members))
    rows = [
        _row(member, process, reason)
        for member, process, reason in zip(
            cluster.members, cluster.processes(), reasons, strict=True
        )
    ]
    columns = [name for name in COLUMNS if name != "zone" or cluster.fleet.zones > 1]
    print_table([[row[name] for name in columns] for row in rows], columns, form)
    for line in _what_waits(cluster):
        say(line)
    if any(reasons):
        raise typer.Exit(Exit.UNHEALTHY)


def _row(member: Member, process: Process, reason: str | None) -> dict[str, object]:
    from datetime import UTC, datetime

    from reference_impl.cluster.readiness import public_url
    from reference_impl.cluster.usage import usage_of

    usage = usage_of(process.pid) if process.running else None
    since = datetime.fromtimestamp(process.started_s, UTC).isoformat(timespec="seconds")
    return {
        "name": process.name,
        "station": process.station,
        "zone": member.zone or None,
        "pid": process.pid if process.running else None,
        "since": since if process.running else None,
        "cpu_s": usage.cpu_s if usage else None,
        "memory_mb": usage.memory_bytes / BYTES_PER_MB if usage else None,
        "url": public_url(member) if member.is_public else None,
        "ready": reason is None,
        "why_not": reason,
    }


def _what_waits(cluster: Cluster) -> list[str]:
    """Return a line for each stream of events that somebody is behind with, or has given up on."""
    import asyncio

    import redis

    from reference_impl.chassis.groups import dead_stream
    from reference_impl.chassis.keyvalue import valkey
    from reference_impl.chassis.queues import DEAD_MANY, queues_of, streams_of

    async def lines() -> list[str]:
        said = []
        async with valkey(cluster.settings.broker) as broker:
            for stream in streams_of(len(cluster.settings.timeline_stores)):
                said += [
                    f"{stream}: {queue.group} has {queue.entries} to do,"
                    f" the oldest for {queue.oldest_s:.1f} s"
                    for queue in await queues_of(broker, stream)
                    if queue.entries
                ]
                if count := await broker.xlen(dead_stream(stream)):
                    warning = " (too many: they fill the broker)" if count > DEAD_MANY else ""
                    said.append(f"{stream}: {count} dead letters{warning}: feedtwin dead {stream}")
        return said

    try:
        return asyncio.run(lines())
    except redis.RedisError:  # the table says that the broker is not ready
        return []


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
