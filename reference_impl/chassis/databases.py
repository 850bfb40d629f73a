"""Sharded PostgreSQL: a pool of connections per server, and the table that says which owns what.

Connections commit each statement on its own; what must happen together goes inside
`async with connection.transaction():`.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.resources import files
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg_pool import AsyncConnectionPool

from model.rules.sharding import ShardTable, even_table
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.stages import visit

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

ACQUIRE_S = 1.0  # waiting for a connection of the pool
WAITING_MAX = 256  # callers waiting for a connection; the next is refused at once
STATEMENT_MS = 2_000  # PostgreSQL's own unit
CONNECT_S = 2

_QUERY = re.compile(r"^-- name: (\w+)\n((?:--[^\n]*\n)+)(.+?)(?=^-- name: |\Z)", re.M | re.S)


class ShardedDatabase:
    """One pool per database server; use it as an async context manager."""

    def __init__(self, urls: Sequence[str], *, connections: int, station: str) -> None:
        self.table: ShardTable = even_table(len(urls))
        self._station = station
        self._pools = [_pool(url, connections) for url in urls]
        self._opened = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for pool in self._pools:
            await pool.open(wait=False)  # readiness is asked for by `check`
            self._opened.push_async_callback(pool.close)
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
        """Hold a connection to one server; waiting for it is part of the visit."""
        try:
            with visit(self._station):
                async with self._pools[server].connection() as connection:
                    yield connection
        except psycopg.OperationalError as error:  # also: pool full, acquire or statement timeout
            raise Unavailable(f"{self._station}-{server + 1} did not answer in time") from error

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


def _pool(url: str, connections: int) -> AsyncConnectionPool[Connection]:
    return AsyncConnectionPool(
        url,
        connection_class=psycopg.AsyncConnection[tuple[Any, ...]],
        min_size=connections,  # all from the start: no connection is made in mid-measurement
        max_size=connections,
        max_waiting=WAITING_MAX,
        timeout=ACQUIRE_S,
        kwargs={
            "autocommit": True,
            "connect_timeout": CONNECT_S,
            "options": f"-c statement_timeout={STATEMENT_MS}",
        },
        open=False,
    )
