"""Valkey: clients with every limit stated, and errors turned into ours in one place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import OutOfMemoryError, ReadOnlyError
from redis.exceptions import TimeoutError as TookTooLong

from model.rules.sharding import ShardTable, even_table
from reference_impl.chassis.deadlines import within_deadline
from reference_impl.chassis.errors import Full, Unavailable
from reference_impl.chassis.stages import visit

ANSWER_S = 2.0
CONNECT_S = 1.0
CONNECTIONS_MAX = 64  # of one process to one server; a caller waits ANSWER_S for one


def valkey(url: str, *, answer_s: float = ANSWER_S) -> redis.Redis:
    """Return a client; answers are bytes, in the shapes of protocol 3.

    redis-py would retry ten times, also what must not happen twice, and would cut a blocking
    read off after 5 s: a reader that blocks for n seconds asks for `answer_s` above n.
    """
    pool = redis.BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS_MAX,
        timeout=ANSWER_S,
        protocol=3,
        socket_timeout=answer_s,
        socket_connect_timeout=CONNECT_S,
        retry=Retry(NoBackoff(), 0),
    )
    return redis.Redis.from_pool(pool)


@contextmanager
def visiting(station: str) -> Iterator[None]:
    """Count a call of a Valkey server as a visit; raise Unavailable if it does not do its work.

    A server that is full, or that takes no writes, is as good as away; that it is full is said
    by Full.

    At the caller's deadline the call is broken off.
    """
    try:
        with visit(station), within_deadline(station):
            yield
    except (ConnectionLost, TookTooLong) as error:
        raise Unavailable(f"{station} did not answer in time") from error
    except OutOfMemoryError as error:
        raise Full(f"{station} takes nothing in: {error}") from error
    except ReadOnlyError as error:
        raise Unavailable(f"{station} takes nothing in: {error}") from error


class ShardedValkey:
    """One client per server, and the table that says which server owns an id.

    Calls are made inside `with visiting(station):`.  Use it as an async context manager.
    """

    def __init__(self, urls: Sequence[str], *, station: str) -> None:
        self.table: ShardTable = even_table(len(urls))
        self.servers = tuple(valkey(url) for url in urls)
        self._station = station

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for server in self.servers:
            await server.aclose()

    def of_id(self, identity: int) -> redis.Redis:
        """Return the client of the server that owns a user."""
        return self.servers[self.table.server_of_id(identity)]

    async def check(self) -> None:
        """Raise Unavailable unless every server answers."""
        for server in self.servers:
            with visiting(self._station):
                await server.ping()
