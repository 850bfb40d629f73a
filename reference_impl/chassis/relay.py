"""The relay: carries events from the outbox of every database to the broker's streams.

At least once: rows are deleted in the transaction that read them, which commits only after
the broker has taken them.  Several relays may run; a row is in the hands of one at a time.
While the broker is away, or full, events stay where they are.  It trims the streams as well.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg
from aiohttp import web
from prometheus_client import Gauge
from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError

from reference_impl.chassis.apps import service_app
from reference_impl.chassis.attempts import BROKER_AWAY, Every, pause
from reference_impl.chassis.consumers import beside
from reference_impl.chassis.databases import Connection
from reference_impl.chassis.events import Event
from reference_impl.chassis.keyvalue import valkey, visiting
from reference_impl.chassis.queues import keep_looking, streams_of
from reference_impl.chassis.serve import serve
from reference_impl.chassis.settings import Settings
from reference_impl.chassis.trimming import keep_trimmed

BATCH_MAX = 500  # events in one transaction
POLL_S = 1.0  # when no notification comes
RECONNECT_S = 1.0
CONNECT_S = 2
COUNT_S = 2.0  # between two counts of an outbox
COUNTED_MAX = 100_000

ROWS = Gauge("feedtwin_outbox_rows", "Events not yet published, up to 100,000.", ("outbox",))
OLDEST_S = Gauge("feedtwin_outbox_oldest_seconds", "Age of the oldest of them.", ("outbox",))

log = logging.getLogger("feedtwin")

# What another relay has in hand is left alone.  The rows are gone only once this commits.
# An ARRAY is computed once; a plain IN may be planned as a loop that takes more than the limit.
_TAKE = """
DELETE FROM outbox WHERE event_id = ANY (ARRAY(
    SELECT event_id FROM outbox ORDER BY event_id LIMIT %s FOR UPDATE SKIP LOCKED
))
RETURNING event_id, stream, kind, at, body
"""

_COUNT = """
SELECT count(*), coalesce(extract(epoch FROM clock_timestamp()) - min(at), 0)
FROM (SELECT at FROM outbox ORDER BY event_id LIMIT %s) AS oldest
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """The outbox of one database server."""

    name: str
    url: str


def outboxes_of(settings: Settings) -> list[Outbox]:
    """Return every outbox, named as the process that holds it."""
    databases = {"user_db": settings.user_databases, "post_db": settings.post_databases}
    return [
        Outbox(name=f"{station}-{number}", url=url)
        for station, urls in databases.items()
        for number, url in enumerate(urls, start=1)
    ]


async def relay(outbox: Outbox, broker: Redis, stopping: asyncio.Event) -> None:
    """Publish the events of one outbox until `stopping` is set; wait out servers that are away."""
    while not stopping.is_set():
        try:
            async with await _connected(outbox.url) as connection:
                await _publish_all(outbox, connection, broker, stopping)
        except (psycopg.OperationalError, *BROKER_AWAY) as error:
            log.warning("%s: a server is away: %s", outbox.name, error)
            await pause(RECONNECT_S, stopping)


async def _connected(url: str) -> Connection:
    connection = await psycopg.AsyncConnection[tuple[Any, ...]].connect(
        url, autocommit=True, connect_timeout=CONNECT_S
    )
    await connection.execute("LISTEN outbox")
    return connection


async def _publish_all(
    outbox: Outbox, connection: Connection, broker: Redis, stopping: asyncio.Event
) -> None:
    """Publish until `stopping` is set, to a full broker in ever smaller batches.

    Of a batch that a broker does not take whole it has a part, which comes again and takes up
    room: of very many events the last would never have any.
    """
    source = await source_of(outbox, connection)
    counting, batch_max = Every(COUNT_S), BATCH_MAX
    while not stopping.is_set():
        if counting.is_due():
            await count(outbox.name, connection)
        try:
            published = await publish_batch(source, connection, broker, batch_max)
        except OutOfMemoryError as error:
            if batch_max == 1:
                log.warning("%s: the broker is full: %s", outbox.name, error)
                await pause(RECONNECT_S, stopping)
            batch_max = max(1, batch_max // 2)
            continue
        batch_max = min(BATCH_MAX, 2 * batch_max)
        if published == 0:
            async for _ in connection.notifies(timeout=POLL_S, stop_after=1):
                pass


async def count(name: str, connection: Connection) -> None:
    """Bring the metrics of an outbox up to date."""
    cursor = await connection.execute(_COUNT, (COUNTED_MAX,))
    [(rows, oldest_s)] = await cursor.fetchall()
    ROWS.labels(name).set(rows)
    OLDEST_S.labels(name).set(max(0.0, float(oldest_s)))


async def source_of(outbox: Outbox, connection: Connection) -> str:
    """Return the first half of the ids of these events.

    It names the database that numbers them, too: one that is made anew under the same name
    begins with 1 again, and its events must not be taken for those that have been done with.
    """
    [(source,)] = await (await connection.execute("SELECT source FROM outbox_source")).fetchall()
    return f"{outbox.name}-{source}"


async def publish_batch(
    source: str, connection: Connection, broker: Redis, batch_max: int = BATCH_MAX
) -> int:
    """Publish the oldest events of the outbox and delete them; return how many there were.

    If the broker is full, and raises OutOfMemoryError, all stay, and it may have some.
    """
    async with connection.transaction():
        rows = await (await connection.execute(_TAKE, (batch_max,))).fetchall()
        if rows:
            await _publish(_events(source, sorted(rows)), broker)
    return len(rows)


def _events(source: str, rows: Iterable[tuple[Any, ...]]) -> Iterable[tuple[str, Event]]:
    for number, stream, kind, at_s, body in rows:
        yield stream, Event(event_id=f"{source}:{number}", kind=kind, at_s=at_s, body=body)


async def _publish(events: Iterable[tuple[str, Event]], broker: Redis) -> None:
    async with broker.pipeline(transaction=False) as batch:
        for stream, event in events:
            fields: dict[Any, Any] = dict(event.to_fields())
            batch.xadd(stream, fields)
        await batch.execute()


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[web.Application]:
    """Open the broker; relay every outbox, trim and measure the streams beside the application."""
    async with valkey(settings.broker) as broker:

        async def check() -> None:
            with visiting("broker"):
                await broker.ping()

        relays = (partial(relay, outbox, broker) for outbox in outboxes_of(settings))
        streams = streams_of(len(settings.timeline_stores))
        tended = (partial(keep_trimmed, broker, streams), partial(keep_looking, broker, streams))
        async with beside(*relays, *tended):
            yield service_app("relay", settings, [], checks=[check])


if __name__ == "__main__":
    serve(assemble)
