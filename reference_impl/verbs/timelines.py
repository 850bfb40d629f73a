"""`feedtwin timelines`: how many there are, and what one costs in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from model.answers.tables import Format, print_table
from model.answers.terminal import TableFormat, home_folder
from reference_impl.verbs.failures import failures_as_exit_codes

COLUMNS = ("server", "kind", "lists", "sampled", "entries", "bytes_per_list", "bytes_per_entry")
SAMPLES_MAX = 100_000


def timelines(
    samples: Annotated[int, typer.Option(min=1, max=SAMPLES_MAX, help="Lists measured.")] = 1_000,
    form: TableFormat = Format.TABLE,
) -> None:
    """Show how many timelines the servers hold, and the memory that one active user costs."""
    from reference_impl.cluster.lifecycle import running_in

    with failures_as_exit_codes():
        urls = running_in(home_folder()).settings.timeline_stores
        rows = list(_rows(urls, samples))
    print_table(rows, COLUMNS, form)


def _rows(urls: tuple[str, ...], samples: int) -> Iterator[tuple[object, ...]]:
    from redis import Redis
    from redis.exceptions import RedisError

    from reference_impl.cluster.errors import NotReady
    from reference_impl.timeline.memory_use import memory_uses

    for number, url in enumerate(urls, start=1):
        name = f"timeline_store-{number}"
        try:
            with Redis.from_url(url) as server:
                uses = memory_uses(server, samples_max=samples)
        except RedisError as error:
            raise NotReady(f"{name} does not answer: {error}") from None
        for use in uses:
            sizes = (use.bytes_per_list, use.bytes_per_entry)
            yield name, use.kind, use.lists, use.sampled, use.entries, *sizes
