"""`feedtwin dead` and `feedtwin replay`: events that failed too often, and another try for them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from model.answers.tables import Format, print_table
from model.answers.terminal import TableFormat, home_folder, say
from reference_impl.verbs.failures import failures_as_exit_codes

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from reference_impl.chassis.dead_letters import DeadLetter

COLUMNS = ("stream", "letter", "set_aside", "group", "kind", "event", "error")

T = TypeVar("T")


def dead(
    stream: Annotated[str, typer.Argument(help="Such as events:post; all by default.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Of each, the oldest.")] = 100,
    form: TableFormat = Format.TABLE,
) -> None:
    """List the events that were set aside because nobody could process them, and why."""
    from reference_impl.chassis.queues import STREAMS

    with failures_as_exit_codes():
        streams = [_known(stream)] if stream else STREAMS
        found = _asked(lambda broker: _oldest_of_each(broker, streams, limit))
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
        name, chosen = _known(stream), set(letters or ()) or None
        count = _asked(lambda broker: put_back(broker, name, chosen))
        say(f"{count} put back into {name}")
        if chosen and count < len(chosen):
            raise Refused(f"the others of {', '.join(sorted(chosen))} are not dead letters of it")


def _known(stream: str) -> str:
    from reference_impl.chassis.queues import STREAMS
    from reference_impl.cluster.errors import Refused

    if stream not in STREAMS:
        raise Refused(f"stream must be one of {', '.join(STREAMS)}, got {stream!r}")
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


def _asked(question: Callable[[Redis], Awaitable[T]]) -> T:
    """Ask the broker of the cluster that runs."""
    from reference_impl.chassis.errors import Unavailable
    from reference_impl.chassis.keyvalue import valkey, visiting
    from reference_impl.cluster.errors import NotReady
    from reference_impl.cluster.lifecycle import running_in

    async def ask() -> T:
        async with valkey(url) as broker:
            with visiting("broker"):
                return await question(broker)

    url = running_in(home_folder()).settings.broker
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
        letter.fields.get(b"kind", b"").decode(errors="replace") or None,
        letter.event_id or None,
        letter.error,
    )
