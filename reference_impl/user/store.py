"""Users in PostgreSQL: documents on the server of the id, names on the server of their hash."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb

from reference_impl.chassis import events
from reference_impl.chassis.databases import ShardedDatabase, load_queries
from reference_impl.user.profiles import Document, announcement_of, departure_of, update_of
from reference_impl.user.records import Departure, NewUser, Record, Renditions
from reference_impl.user.reservations import Claim, Directory, Holder, Reservation, names_of

STATION = "user_db"

_TABLE_OF = {Directory.USERNAME: "usernames", Directory.EMAIL: "emails"}


class PostgresUserStore:
    """A UserStore over the servers of one sharded database."""

    def __init__(self, database: ShardedDatabase) -> None:
        self._database = database
        self._queries = load_queries(__package__)

    async def reserve(self, directory: Directory, name: str, user_id: int) -> Reservation | None:
        """Take the name if it is free; return who has it, None if that is unclear."""
        row = await self._asked("reserve", directory, name, user_id=user_id)
        if row is None:
            return None
        holder_id, age_s, claim, is_ours = row
        holder = Holder(user_id=holder_id, claim=claim)
        return Reservation(holder=holder, age_s=age_s, is_ours=is_ours)

    async def take_over(
        self, directory: Directory, name: str, *, old: Holder, new: int
    ) -> Holder | None:
        """Give the name to user `new` if it is still held by that claim; None if it is not."""
        values = {"old": old.user_id, "claim": old.claim, "new": new}
        row = await self._asked("take_over", directory, name, **values)
        return Holder(user_id=new, claim=row[0]) if row else None

    async def release(self, claim: Claim) -> None:
        """Free the name if it is still held by that claim."""
        query = self._query("release", claim.directory)
        holder = {"user_id": claim.holder.user_id, "claim": claim.holder.claim}
        async with self._database.connection_of_name(claim.name) as connection:
            await connection.execute(query, {"name": claim.name, **holder})

    async def holder_of(self, directory: Directory, name: str) -> Holder | None:
        """Return who has the name."""
        row = await self._asked("holder_of", directory, name)
        return Holder(user_id=row[0], claim=row[1]) if row else None

    async def add(self, user: NewUser) -> bool:
        """Store the user and the event of it; say False, and store nothing, if it is too late."""
        values = {
            "document": Jsonb(dict(user.document)),
            "password_hash": user.password_hash,
            "before_s": user.before_s,
        }
        told = announcement_of(user.document, version=1)
        return await self._written("add_user", user.user_id, values, ("user.registered", told))

    async def record_of(self, user_id: int) -> Record | None:
        """Return all that is stored of the user; None if there is no such user."""
        row = await self._found("record_of", user_id)
        if row is None:
            return None
        document, password_hash, version = row
        return Record(
            user_id=user_id, document=document, password_hash=password_hash, version=version
        )

    async def document_of(self, user_id: int) -> Document | None:
        """Return the user's document; None if there is no such user."""
        row = await self._found("document_of", user_id)
        return row[0] if row else None

    async def documents_of(self, user_ids: Sequence[int]) -> list[Document]:
        """Return the documents of those users who exist, in the order asked for."""
        ids_of_server: dict[int, list[int]] = {}
        for user_id in user_ids:
            server = self._database.table.server_of_id(user_id)
            ids_of_server.setdefault(server, []).append(user_id)
        found = await asyncio.gather(*(self._documents_on(*ids) for ids in ids_of_server.items()))
        document_of = {user_id: document for rows in found for user_id, document in rows}
        return [document_of[user_id] for user_id in user_ids if user_id in document_of]

    async def change(self, record: Record, document: Document, *, before_s: float) -> bool:
        """See UserStore."""
        values = {"version": record.version, "document": Jsonb(document), "before_s": before_s}
        told = update_of(document, former=record.document, version=record.version + 1)
        return await self._written(
            "change_document", record.user_id, values, ("user.updated", told)
        )

    async def change_password(self, record: Record, password_hash: str) -> bool:
        """Store the hash of another password; False if the record is no longer what is stored."""
        values = {"version": record.version, "password_hash": password_hash}
        return await self._written("change_password", record.user_id, values)

    async def develop(
        self, user_id: int, url: str, *, renditions: Renditions, profile_image: str
    ) -> None:
        """See Portraits."""
        said = {"profile_image": profile_image, "profile_image_renditions": renditions}
        await self._written("develop", user_id, {"url": url, "said": Jsonb(said)})

    async def rehash(self, record: Record, password_hash: str) -> None:
        """Store another hash of the same password, unless there is another hash already."""
        values = {"old": record.password_hash, "new": password_hash}
        await self._written("rehash", record.user_id, values)

    async def remove(self, record: Record) -> bool:
        """See UserStore."""
        names = {directory.value: name for directory, name in names_of(record.document).items()}
        values = {"version": record.version, **names}
        told = departure_of(record.document)
        return await self._written("remove_user", record.user_id, values, ("user.deleted", told))

    async def departure_of(self, user_id: int) -> Departure | None:
        """Return what remains to be done of somebody who is gone; None if that is nothing."""
        row = await self._found("departure_of", user_id)
        if row is None:
            return None
        version, username, email = row
        names = {Directory.USERNAME: username, Directory.EMAIL: email}
        return Departure(user_id=user_id, version=version, names=names)

    async def free_names(self, departure: Departure) -> None:
        """Free the names of somebody who is gone, by whichever claims they had them."""
        for directory, name in departure.names.items():
            query = self._query("release_any", directory)
            async with self._database.connection_of_name(name) as connection:
                await connection.execute(query, {"name": name, "user_id": departure.user_id})

    async def forget(self, departure: Departure) -> None:
        """Remove the departure, for nothing remains to be done."""
        await self._written("forget_departure", departure.user_id, {})

    async def check(self) -> None:
        """Raise Unavailable unless every server answers."""
        await self._database.check()

    async def _written(
        self,
        query: str,
        user_id: int,
        values: Mapping[str, Any],
        event: tuple[str, events.Body] | None = None,
    ) -> bool:
        """Write on the user's server, the event in the same transaction; say if there was a row."""
        async with (
            self._database.connection_of_id(user_id) as connection,
            connection.transaction(),
        ):
            cursor = await connection.execute(self._queries[query], {"user_id": user_id, **values})
            if cursor.rowcount == 0:
                return False
            if event is not None:
                kind, body = event
                await events.append(connection, stream=events.USER_EVENTS, kind=kind, body=body)
        return True

    async def _found(self, query: str, user_id: int) -> tuple[Any, ...] | None:
        async with self._database.connection_of_id(user_id) as connection:
            cursor = await connection.execute(self._queries[query], {"user_id": user_id})
            return await cursor.fetchone()

    async def _documents_on(self, server: int, user_ids: list[int]) -> list[tuple[Any, ...]]:
        async with self._database.connection(server) as connection:
            cursor = await connection.execute(self._queries["documents_of"], {"user_ids": user_ids})
            return await cursor.fetchall()

    async def _asked(
        self, query: str, directory: Directory, name: str, **values: int
    ) -> tuple[Any, ...] | None:
        """Ask the server of a name."""
        async with self._database.connection_of_name(name) as connection:
            cursor = await connection.execute(
                self._query(query, directory), {"name": name, **values}
            )
            return await cursor.fetchone()

    def _query(self, name: str, directory: Directory) -> sql.Composed:
        return sql.SQL(self._queries[name]).format(
            directory=sql.Identifier(_TABLE_OF[directory]), name=sql.Identifier(directory.value)
        )
