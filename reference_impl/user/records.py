"""What is stored of users, and what a store of it promises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from reference_impl.user.profiles import Document
from reference_impl.user.reservations import Directory, NameStore


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """A user about to be stored."""

    user_id: int
    document: Mapping[str, Any]
    password_hash: str
    before_s: float  # Unix time from which it is too late to store them


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All that is stored of a user."""

    user_id: int
    document: Document
    password_hash: str
    version: int  # counts changes of the document or the password; 1 when just registered


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """What remains to be done of a user who is gone: names to free, sessions to end."""

    user_id: int
    version: int  # one above the last of their record
    names: Mapping[Directory, str]


Renditions = Sequence[Mapping[str, Any]]  # url, width, height, type


class UserStore(NameStore, Protocol):
    """Documents by id, and who has which username or address."""

    async def add(self, user: NewUser) -> bool:
        """Store the user and the event of it; say False, and store nothing, if it is too late."""

    async def record_of(self, user_id: int) -> Record | None:
        """Return all that is stored of the user; None if there is no such user."""

    async def documents_of(self, user_ids: Sequence[int]) -> list[Document]:
        """Return the documents of those users who exist, in the order asked for."""

    async def change(self, record: Record, document: Document, *, before_s: float) -> bool:
        """Store the document, and the event of it, in place of the record's.

        Says False, and stores nothing, if the record is no longer what is stored, or if the
        Unix time `before_s` has come.
        """

    async def change_password(self, record: Record, password_hash: str) -> bool:
        """Store the hash of another password; False if the record is no longer what is stored."""

    async def rehash(self, record: Record, password_hash: str) -> None:
        """Store another hash of the same password, unless there is another hash already."""

    async def remove(self, record: Record) -> bool:
        """Remove the user, leave their departure, and store the event of it.

        Says False, and removes nothing, if the record is no longer what is stored.
        """

    async def departure_of(self, user_id: int) -> Departure | None:
        """Return what remains to be done of somebody who is gone; None if that is nothing."""

    async def free_names(self, departure: Departure) -> None:
        """Free the names of somebody who is gone, by whichever claims they had them."""

    async def forget(self, departure: Departure) -> None:
        """Remove the departure, for nothing remains to be done."""

    async def check(self) -> None:
        """Raise Unavailable unless every server answers."""
