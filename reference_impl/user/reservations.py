"""Names that are unique among all users: reserved first, each on the server that owns its hash.

A username, an address and a document live on three servers, so no transaction spans them.
Instead a name is reserved before the document exists; of two registrations at once one wins.
A reservation without a document, left by a crash, does not last: after a minute another
registration takes it over.  So that the first cannot come back late, a document is only
stored within half that time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from reference_impl.chassis.errors import Conflict

ABANDONED_S = 60.0
FINISH_S = 30.0  # the margin to ABANDONED_S is for the clocks of two servers


class Directory(Enum):
    """What is unique among all users; the value is the field's name."""

    USERNAME = "username"
    EMAIL = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """For whom a name is reserved, and for how long it has been."""

    user_id: int
    age_s: float


class NameStore(Protocol):
    """Who has which username or address."""

    async def reserve(self, directory: Directory, name: str, user_id: int) -> Reservation | None:
        """Take the name if it is free; return for whom it is reserved, None if that is unclear."""

    async def take_over(self, directory: Directory, name: str, *, old: int, new: int) -> bool:
        """Give the name to user `new` if it is still `old`'s; say whether it was."""

    async def release(self, directory: Directory, name: str, user_id: int) -> None:
        """Free the name if it is the user's."""

    async def user_id_of(self, directory: Directory, name: str) -> int | None:
        """Return whose name it is."""

    async def document_of(self, user_id: int) -> dict[str, Any] | None:
        """Return the user's document; None if there is no such user."""


class Reservations:
    """Takes names for registrations."""

    def __init__(self, store: NameStore) -> None:
        self._store = store

    @asynccontextmanager
    async def of(self, names: Mapping[Directory, str], user_id: int) -> AsyncIterator[None]:
        """Reserve all the names; free them again if the block fails, or if one is taken."""
        taken: dict[Directory, str] = {}
        try:
            for directory, name in names.items():
                await self._reserve(directory, name, user_id)
                taken[directory] = name
            yield
        except BaseException:  # a cancelled request must not keep its names either
            for directory, name in taken.items():
                await self._store.release(directory, name, user_id)
            raise

    async def _reserve(self, directory: Directory, name: str, user_id: int) -> None:
        holder = await self._store.reserve(directory, name, user_id)
        if holder is not None and holder.user_id == user_id:
            return
        if holder is None or not await self._was_taken_over(directory, name, holder, user_id):
            raise Conflict(f"{directory.value} is already taken")

    async def _was_taken_over(
        self, directory: Directory, name: str, holder: Reservation, user_id: int
    ) -> bool:
        if holder.age_s < ABANDONED_S or await self._store.document_of(holder.user_id) is not None:
            return False
        return await self._store.take_over(directory, name, old=holder.user_id, new=user_id)
