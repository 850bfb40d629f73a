"""Sharded PostgreSQL: a pool of connections per server, and the table that says which owns what.

Connections commit each statement on its own; what must happen together goes inside
`async with connection.transaction():`.
"""

from __future__ import annotations

import re
import select
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from importlib.resources import files
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg_pool import AsyncConnectionPool

from model.rules.sharding import ShardTable, even_table
from reference_impl.chassis.deadlines import seconds_left, within_deadline
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.metrics import DATABASE_CONNECTIONS, DATABASE_WAITING
from reference_impl.chassis.stages import visit

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

ACQUIRE_S = 1.0  # waiting for a connection of the pool
WAITING_MAX = 256  # callers waiting for a connection; the next is refused at once
STATEMENT_MS = 2_000  # PostgreSQL's own unit
CONNECT_S = 2
# For as long a lost connection is replaced: then the next caller tries again.  psycopg's 300 s
# would double the pauses until a server that was away for a minute is missed for another.
RECONNECT_S = 2.0

_QUERY = re.compile(r"^-- name: (\w+)\n((?:--[^\n]*\n)+)(.+?)(?=^-- name: |\Z)", re.M | re.S)


class ShardedDatabase:
    """One pool per database server; use it as an async context manager."""

    def __init__(self, urls: Sequence[str], *, connections: int, station: str) -> None:
        self.table: ShardTable = even_table(len(urls))
        self._station = station
        self._pools = [_pool(url, connections) for url in urls]
        self._opened = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for server, pool in enumerate(self._pools):
            await pool.open(wait=False)  # readiness is asked for by `check`
            self._opened.push_async_callback(pool.close)
            self._opened.enter_context(_counted(pool, self._station, self._name(server)))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._opened.aclose()

    @property
    def servers(self) -> range:
        """The numbers of the servers, for `connection`."""
        return range(len(self._pools))

    @asynccontextmanager
    async def connection(self, server: int) -> AsyncIterator[Connection]:
        """Hold a connection to one server; waiting for it is part of the visit.

        At the caller's deadline the statement under way is broken off, as Unavailable.
        """
        name, pool = self._name(server), self._pools[server]
        try:
            with visit(self._station):
                connection = await _live_connection(pool, name)
                try:
                    with within_deadline(name):
                        yield connection
                finally:
                    await pool.putconn(connection)
        except psycopg.OperationalError as error:  # also: pool full, acquire or statement timeout
            raise Unavailable(f"{name} did not answer in time") from error

    def _name(self, server: int) -> str:
        return f"{self._station}-{server + 1}"

    @asynccontextmanager
    async def connection_of_id(self, identity: int) -> AsyncIterator[Connection]:
        """Hold a connection to the server that owns a user or post."""
        async with self.connection(self.table.server_of_id(identity)) as connection:
            yield connection

    @asynccontextmanager
    async def connection_of_name(self, name: str) -> AsyncIterator[Connection]:
        """Hold a connection to the server that owns a text key."""
        async with self.connection(self.table.server_of_name(name)) as connection:
            yield connection

    async def check(self) -> None:
        """Raise Unavailable unless every server answers."""
        for server in self.servers:
            async with self.connection(server) as connection:
                await connection.execute("SELECT 1")


def load_queries(package: str) -> dict[str, str]:
    """Return the statements of a package's queries.sql by name.

    Each begins with `-- name: such_and_such` and at least one comment line saying what for;
    a file in which one lacks either is refused with ValueError.
    """
    text = files(package).joinpath("queries.sql").read_text()
    queries = {match[1]: match[3].strip() for match in _QUERY.finditer(text)}
    if len(queries) != text.count("-- name:"):
        raise ValueError(f"{package}/queries.sql: a query lacks its description or its name")
    return queries


async def _live_connection(pool: AsyncConnectionPool[Connection], name: str) -> Connection:
    """Take a connection that the server has not closed meanwhile; those it has are replaced.

    So a server that was started anew costs no request more than those it was answering, and
    the look costs one system call, where asking each connection would cost a round trip.
    """
    while True:
        connection = await pool.getconn(timeout=seconds_left(name, at_most_s=ACQUIRE_S))
        if not _has_hung_up(connection):
            return connection
        await connection.close()
        await pool.putconn(connection)


def _has_hung_up(connection: Connection) -> bool:
    """Say whether something has come on an idle connection: word that it ends, or its end."""
    if connection.closed:
        return True
    arriving = select.poll()  # not `select.select`, which knows no descriptor above 1,023
    arriving.register(connection.pgconn.socket, select.POLLIN)
    return bool(arriving.poll(0))


@contextmanager
def _counted(pool: AsyncConnectionPool[Connection], station: str, name: str) -> Iterator[None]:
    """Show in the metrics what the pool holds, as long as it is open."""

    def now(key: str) -> Callable[[], float]:
        return lambda: pool.get_stats()[key]

    DATABASE_CONNECTIONS.labels(station, name, "open").set_function(now("pool_size"))
    DATABASE_CONNECTIONS.labels(station, name, "idle").set_function(now("pool_available"))
    DATABASE_WAITING.labels(station, name).set_function(now("requests_waiting"))
    try:
        yield
    finally:
        DATABASE_CONNECTIONS.remove(station, name, "open")
        DATABASE_CONNECTIONS.remove(station, name, "idle")
        DATABASE_WAITING.remove(station, name)


def _pool(url: str, connections: int) -> AsyncConnectionPool[Connection]:
    return AsyncConnectionPool(
        url,
        connection_class=psycopg.AsyncConnection[tuple[Any, ...]],
        min_size=connections,  # all from the start: no connection is made in mid-measurement
        max_size=connections,
        max_waiting=WAITING_MAX,
        timeout=ACQUIRE_S,
        reconnect_timeout=RECONNECT_S,
        kwargs={
            "autocommit": True,
            "connect_timeout": CONNECT_S,
            "options": f"-c statement_timeout={STATEMENT_MS}",
        },
        open=False,
    )
