"""`feedtwin dead` and `feedtwin replay`: events that failed too often, and another try for them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from model.answers.tables import Format, print_table
from model.answers.terminal import TableFormat, home_folder, say
from reference_impl.verbs.failures import failures_as_exit_codes

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from reference_impl.chassis.dead_letters import DeadLetter
    from reference_impl.chassis.settings import Settings

COLUMNS = ("stream", "letter", "set_aside", "group", "tries", "kind", "event", "error")

T = TypeVar("T")


def dead(
    stream: Annotated[str, typer.Argument(help="Such as events:post; all by default.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Of each, the oldest.")] = 100,
    form: TableFormat = Format.TABLE,
) -> None:
    """List the events that were set aside because nobody could process them, and why."""
    with failures_as_exit_codes():
        cluster = _running()
        streams = [_known(stream, cluster)] if stream else _streams(cluster)
        found = _asked(cluster, lambda broker: _oldest_of_each(broker, streams, limit))
    letters = [letter for letters, _ in found for letter in letters]
    print_table(map(_row, letters), COLUMNS, form)
    count = sum(count for _, count in found)
    say(f"{count} dead letters" + (f", {len(letters)} shown" if len(letters) < count else ""))


def replay(
    stream: Annotated[str, typer.Argument(help="Such as events:post.", show_default=False)],
    letters: Annotated[list[str] | None, typer.Argument(help="Only these; all by default.")] = None,
) -> None:
    """Put dead letters back into their stream, to be tried five times again."""
    from reference_impl.chassis.dead_letters import replay as put_back
    from reference_impl.cluster.errors import Refused

    with failures_as_exit_codes():
        cluster = _running()
        name, chosen = _known(stream, cluster), set(letters or ()) or None
        count = _asked(cluster, lambda broker: put_back(broker, name, chosen))
        say(f"{count} put back into {name}")
        if chosen and count < len(chosen):
            raise Refused(f"the others of {', '.join(sorted(chosen))} are not dead letters of it")


def _running() -> Settings:
    """Return the settings of the cluster that runs."""
    from reference_impl.cluster.lifecycle import running_in

    return running_in(home_folder()).settings


def _streams(cluster: Settings) -> Sequence[str]:
    from reference_impl.chassis.queues import streams_of

    return streams_of(len(cluster.timeline_stores))


def _known(stream: str, cluster: Settings) -> str:
    from reference_impl.cluster.errors import Refused

    streams = _streams(cluster)
    if stream not in streams:
        raise Refused(f"stream must be one of {', '.join(streams)}, got {stream!r}")
    return stream


async def _oldest_of_each(
    broker: Redis, streams: Iterable[str], limit: int
) -> list[tuple[list[DeadLetter], int]]:
    """Return the oldest dead letters of each stream, and how many it has."""
    from reference_impl.chassis.dead_letters import dead_letters
    from reference_impl.chassis.groups import dead_stream

    return [
        (await dead_letters(broker, stream, limit=limit), await broker.xlen(dead_stream(stream)))
        for stream in streams
    ]


def _asked(cluster: Settings, question: Callable[[Redis], Awaitable[T]]) -> T:
    """Ask the broker of the cluster."""
    from reference_impl.chassis.errors import Unavailable
    from reference_impl.chassis.keyvalue import valkey, visiting
    from reference_impl.cluster.errors import NotReady

    async def ask() -> T:
        async with valkey(cluster.broker) as broker:
            with visiting("broker"):
                return await question(broker)

    try:
        return asyncio.run(ask())
    except Unavailable as error:
        raise NotReady(str(error)) from None


def _row(letter: DeadLetter) -> tuple[object, ...]:
    from datetime import UTC, datetime

    at_s = int(letter.letter_id.partition("-")[0]) / 1e3  # the broker's clock
    return (
        letter.stream,
        letter.letter_id,
        datetime.fromtimestamp(at_s, UTC).isoformat(timespec="seconds"),
        letter.group,
        letter.tries,
        letter.fields.get(b"kind", b"").decode(errors="replace") or None,
        letter.event_id or None,
        letter.error,
    )
