"""Names that are unique among all users: reserved first, each on the server that owns its hash.

A username, an address and a document live on three servers, so no transaction spans them.
Instead a name is reserved before a document has it, and freed after no document has it any
more; of two who want it at once one wins.  A reservation whose user's document does not have
the name was left by a crash, or is in use at this moment.  The former must not last: after a
minute another may take the name over.  So that the first cannot come back late, a document is
only stored within half that time of the reservations it needs.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from reference_impl.chassis.errors import Conflict, Unavailable

ABANDONED_S = 60.0
FINISH_S = 30.0  # the margin to ABANDONED_S is for the clocks of two servers

log = logging.getLogger("feedtwin")


class Directory(Enum):
    """What is unique among all users; the value is the field's name."""

    USERNAME = "username"
    EMAIL = "email"


Names = Mapping[Directory, str]  # casefolded, as they are reserved


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who has a name, and by which claim: every reservation of a name has another."""

    user_id: int
    claim: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """What came of the attempt to reserve a name."""

    holder: Holder  # whoever has it now
    age_s: float  # since when
    is_ours: bool  # it was free, and has been taken for the one who asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One reservation of one name."""

    directory: Directory
    name: str
    holder: Holder


class NameStore(Protocol):
    """Who has which username or address."""

    async def reserve(self, directory: Directory, name: str, user_id: int) -> Reservation | None:
        """Take the name if it is free; return who has it, None if that is unclear."""

    async def take_over(
        self, directory: Directory, name: str, *, old: Holder, new: int
    ) -> Holder | None:
        """Give the name to user `new` if it is still held by that claim; None if it is not."""

    async def release(self, claim: Claim) -> None:
        """Free the name if it is still held by that claim."""

    async def holder_of(self, directory: Directory, name: str) -> Holder | None:
        """Return who has the name."""

    async def document_of(self, user_id: int) -> dict[str, Any] | None:
        """Return the user's document; None if there is no such user."""


def names_of(document: Mapping[str, Any]) -> dict[Directory, str]:
    """Return the names that a document has, in the one spelling in which they are reserved."""
    return {directory: document[directory.value].casefold() for directory in Directory}


class Reservations:
    """Takes names for those who register or change, and frees them."""

    def __init__(self, store: NameStore) -> None:
        self._store = store

    async def take(self, names: Names, user_id: int) -> list[Claim]:
        """Reserve all the names or none; raise Conflict, naming the field, if one is taken."""
        taken: list[Claim] = []
        try:
            for directory, name in names.items():
                taken.append(await self._claim(directory, name, user_id))
        except BaseException:  # a cancelled request must not keep its names either
            await self.free(taken)
            raise
        return taken

    @asynccontextmanager
    async def of(self, names: Names, user_id: int) -> AsyncIterator[None]:
        """Reserve all the names; free them again if the block fails."""
        taken = await self.take(names, user_id)
        try:
            yield
        except BaseException:
            await self.free(taken)
            raise

    async def held(self, names: Names, user_id: int) -> list[Claim]:
        """Return by which claims the user has those of the names that are theirs."""
        claims = []
        for directory, name in names.items():
            holder = await self._store.holder_of(directory, name)
            if holder is not None and holder.user_id == user_id:
                claims.append(Claim(directory=directory, name=name, holder=holder))
        return claims

    async def free(self, claims: Iterable[Claim]) -> None:
        """Free the names; one that cannot be freed now may be taken over later."""
        for claim in claims:
            try:
                await self._store.release(claim)
            except Unavailable as error:
                log.warning("a %s stays reserved for a while: %s", claim.directory.value, error)

    async def _claim(self, directory: Directory, name: str, user_id: int) -> Claim:
        found = await self._store.reserve(directory, name, user_id)
        holder = await self._won(directory, name, found, user_id) if found else None
        if holder is None:
            raise Conflict(f"{directory.value} is already taken")
        return Claim(directory=directory, name=name, holder=holder)

    async def _won(
        self, directory: Directory, name: str, found: Reservation, user_id: int
    ) -> Holder | None:
        """Return the user's own hold of the name, taken over if it was abandoned."""
        if found.is_ours:
            return found.holder
        if found.age_s < ABANDONED_S:
            return None
        document = await self._store.document_of(found.holder.user_id)
        if document is not None and names_of(document)[directory] == name:
            return None
        return await self._store.take_over(directory, name, old=found.holder, new=user_id)
