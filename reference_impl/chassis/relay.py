"""The relay: carries events from the outbox of every database to the broker's streams.

At least once: rows are deleted in the transaction that read them, which commits only after
the broker has taken them.  Several relays may run; a row is in the hands of one at a time.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import TimeoutError as TookTooLong

from reference_impl.chassis.consumers import pause
from reference_impl.chassis.databases import Connection
from reference_impl.chassis.events import Event
from reference_impl.chassis.keyvalue import valkey
from reference_impl.chassis.logs import log_to_stderr
from reference_impl.chassis.serve import stop_asked
from reference_impl.chassis.settings import Settings

BATCH_MAX = 500  # events in one transaction
STREAM_MAX = 100_000  # events kept per stream, about: a consumer further behind loses the oldest
POLL_S = 1.0  # when no notification comes
RECONNECT_S = 1.0
CONNECT_S = 2

log = logging.getLogger("feedtwin")

# What another relay has in hand is left alone.  The rows are gone only once this commits.
# An ARRAY is computed once; a plain IN may be planned as a loop that takes more than the limit.
_TAKE = """
DELETE FROM outbox WHERE event_id = ANY (ARRAY(
    SELECT event_id FROM outbox ORDER BY event_id LIMIT %s FOR UPDATE SKIP LOCKED
))
RETURNING event_id, stream, kind, at, body
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """The outbox of one database server; `name` is the first half of its events' ids."""

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
        except (psycopg.OperationalError, ConnectionLost, TookTooLong) as error:
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
    while not stopping.is_set():
        if await publish_batch(outbox.name, connection, broker) == 0:
            async for _ in connection.notifies(timeout=POLL_S, stop_after=1):
                pass


async def publish_batch(name: str, connection: Connection, broker: Redis) -> int:
    """Publish the oldest events of the outbox and delete them; return how many there were."""
    async with connection.transaction():
        rows = await (await connection.execute(_TAKE, (BATCH_MAX,))).fetchall()
        if rows:
            await _publish(_events(name, sorted(rows)), broker)
    return len(rows)


def _events(name: str, rows: Iterable[tuple[Any, ...]]) -> Iterable[tuple[str, Event]]:
    for number, stream, kind, at_s, body in rows:
        yield stream, Event(event_id=f"{name}:{number}", kind=kind, at_s=at_s, body=body)


async def _publish(events: Iterable[tuple[str, Event]], broker: Redis) -> None:
    async with broker.pipeline(transaction=False) as batch:
        for stream, event in events:
            fields: dict[Any, Any] = dict(event.to_fields())
            batch.xadd(stream, fields, maxlen=STREAM_MAX, approximate=True)
        await batch.execute()


async def main(settings: Settings) -> None:
    """Relay every outbox until SIGTERM."""
    stopping = stop_asked()
    log_to_stderr(settings.instance)
    async with valkey(settings.broker) as broker:
        await asyncio.gather(*(relay(box, broker, stopping) for box in outboxes_of(settings)))


if __name__ == "__main__":
    asyncio.run(main(Settings.from_environment(os.environ)))
