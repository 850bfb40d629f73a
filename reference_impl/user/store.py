"""Users in PostgreSQL: documents on the server of the id, names on the server of their hash."""

from __future__ import annotations

from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb

from reference_impl.chassis import events
from reference_impl.chassis.databases import ShardedDatabase, load_queries
from reference_impl.user.reservations import Directory, Reservation
from reference_impl.user.service import NewUser

STATION = "user_db"

_TABLE_OF = {Directory.USERNAME: "usernames", Directory.EMAIL: "emails"}
_EVENT_FIELDS = ("user_id", "username", "first_name", "last_name", "created_ms")


class PostgresUserStore:
    """A UserStore over the servers of one sharded database."""

    def __init__(self, database: ShardedDatabase) -> None:
        self._database = database
        self._queries = load_queries(__package__)

    async def reserve(self, directory: Directory, name: str, user_id: int) -> Reservation | None:
        """Take the name if it is free; return for whom it is reserved, None if that is unclear."""
        async with self._database.connection_of_name(name) as connection:
            query = self._query("reserve", directory)
            cursor = await connection.execute(query, {"name": name, "user_id": user_id})
            row = await cursor.fetchone()
        return Reservation(user_id=row[0], age_s=row[1]) if row else None

    async def take_over(self, directory: Directory, name: str, *, old: int, new: int) -> bool:
        """Give the name to user `new` if it is still `old`'s; say whether it was."""
        async with self._database.connection_of_name(name) as connection:
            query = self._query("take_over", directory)
            cursor = await connection.execute(query, {"name": name, "old": old, "new": new})
        return cursor.rowcount == 1

    async def release(self, directory: Directory, name: str, user_id: int) -> None:
        """Free the name if it is the user's."""
        async with self._database.connection_of_name(name) as connection:
            query = self._query("release", directory)
            await connection.execute(query, {"name": name, "user_id": user_id})

    async def user_id_of(self, directory: Directory, name: str) -> int | None:
        """Return whose name it is."""
        async with self._database.connection_of_name(name) as connection:
            query = self._query("user_id_of", directory)
            row = await (await connection.execute(query, {"name": name})).fetchone()
        return row[0] if row else None

    async def add(self, user: NewUser) -> bool:
        """Store the user and the event of it; say False, and store nothing, if it is too late."""
        values = {
            "user_id": user.user_id,
            "document": Jsonb(dict(user.document)),
            "password_hash": user.password_hash,
            "before_s": user.before_s,
        }
        told = {name: user.document[name] for name in _EVENT_FIELDS}
        async with (
            self._database.connection_of_id(user.user_id) as connection,
            connection.transaction(),
        ):
            cursor = await connection.execute(self._queries["add_user"], values)
            if cursor.rowcount == 0:
                return False
            await events.append(
                connection, stream=events.USER_EVENTS, kind="user.registered", body=told
            )
        return True

    async def password_hash_of(self, user_id: int) -> str | None:
        """Return the user's password hash; None if there is no such user."""
        hashed: str | None = await self._field("password_hash_of", user_id)
        return hashed

    async def document_of(self, user_id: int) -> dict[str, Any] | None:
        """Return the user's document; None if there is no such user."""
        document: dict[str, Any] | None = await self._field("document_of", user_id)
        return document

    async def check(self) -> None:
        """Raise Unavailable unless every server answers."""
        await self._database.check()

    async def _field(self, query: str, user_id: int) -> Any:
        async with self._database.connection_of_id(user_id) as connection:
            cursor = await connection.execute(self._queries[query], {"user_id": user_id})
            row = await cursor.fetchone()
        return row[0] if row else None

    def _query(self, name: str, directory: Directory) -> sql.Composed:
        return sql.SQL(self._queries[name]).format(
            directory=sql.Identifier(_TABLE_OF[directory]), name=sql.Identifier(directory.value)
        )
