"""The twin of the store in PostgreSQL, held to the same contract tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from reference_impl.user.profiles import Document, announcement_of, departure_of, update_of
from reference_impl.user.records import Departure, NewUser, Record, Renditions
from reference_impl.user.reservations import Claim, Directory, Holder, Reservation, names_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An event as it was announced."""

    kind: str
    body: Mapping[str, Any]


class MemoryUserStore:
    """A UserStore of plain dicts; `events` lists what was announced."""

    def __init__(self, clock_s: Callable[[], float]) -> None:
        self.events: list[Told] = []
        self._clock_s = clock_s
        self._users: dict[int, Record] = {}
        self._departures: dict[int, Departure] = {}
        self._names: dict[tuple[Directory, str], tuple[Holder, float]] = {}
        self._claims = count(1)

    async def reserve(self, directory: Directory, name: str, user_id: int) -> Reservation | None:
        """Take the name if it is free; return who has it."""
        is_ours = (directory, name) not in self._names
        if is_ours:
            self._hold(directory, name, user_id)
        holder, since_s = self._names[directory, name]
        return Reservation(holder=holder, age_s=self._clock_s() - since_s, is_ours=is_ours)

    async def take_over(
        self, directory: Directory, name: str, *, old: Holder, new: int
    ) -> Holder | None:
        """Give the name to user `new` if it is still held by that claim; None if it is not."""
        if await self.holder_of(directory, name) != old:
            return None
        return self._hold(directory, name, new)

    async def release(self, claim: Claim) -> None:
        """Free the name if it is still held by that claim."""
        if await self.holder_of(claim.directory, claim.name) == claim.holder:
            del self._names[claim.directory, claim.name]

    async def holder_of(self, directory: Directory, name: str) -> Holder | None:
        """Return who has the name."""
        held = self._names.get((directory, name))
        return held[0] if held else None

    async def add(self, user: NewUser) -> bool:
        """Store the user and the event of it; say False, and store nothing, if it is too late."""
        if self._clock_s() >= user.before_s:
            return False
        self._users[user.user_id] = Record(
            user_id=user.user_id,
            document=dict(user.document),
            password_hash=user.password_hash,
            version=1,
        )
        self._tell("user.registered", announcement_of(user.document, version=1))
        return True

    async def record_of(self, user_id: int) -> Record | None:
        """Return all that is stored of the user; None if there is no such user."""
        return self._users.get(user_id)

    async def document_of(self, user_id: int) -> Document | None:
        """Return the user's document; None if there is no such user."""
        record = self._users.get(user_id)
        return dict(record.document) if record else None

    async def documents_of(self, user_ids: Sequence[int]) -> list[Document]:
        """Return the documents of those users who exist, in the order asked for."""
        return [dict(self._users[one].document) for one in user_ids if one in self._users]

    def records_after(self, after_id: int) -> list[Record]:
        """Return the users above this id, by ascending id."""
        return [self._users[each] for each in sorted(self._users) if each > after_id]

    async def change(self, record: Record, document: Document, *, before_s: float) -> bool:
        """See UserStore."""
        if self._clock_s() >= before_s or not self._replace(record, document=document):
            return False
        told = update_of(document, former=record.document, version=record.version + 1)
        self._tell("user.updated", told)
        return True

    async def change_password(self, record: Record, password_hash: str) -> bool:
        """Store the hash of another password; False if the record is no longer what is stored."""
        return self._replace(record, password_hash=password_hash)

    async def develop(
        self, user_id: int, url: str, *, renditions: Renditions, profile_image: str
    ) -> None:
        """See Portraits."""
        record = self._users.get(user_id)
        if record is not None and record.document.get("profile_image") == url:
            said = {"profile_image": profile_image, "profile_image_renditions": list(renditions)}
            self._replace(record, document={**record.document, **said})

    async def rehash(self, record: Record, password_hash: str) -> None:
        """Store another hash of the same password, unless there is another hash already."""
        stored = self._users.get(record.user_id)
        if stored is not None and stored.password_hash == record.password_hash:
            self._users[record.user_id] = replace(stored, password_hash=password_hash)

    async def remove(self, record: Record) -> bool:
        """See UserStore."""
        if not self._is_stored(record):
            return False
        del self._users[record.user_id]
        self._departures[record.user_id] = Departure(
            user_id=record.user_id, version=record.version + 1, names=names_of(record.document)
        )
        self._tell("user.deleted", departure_of(record.document))
        return True

    async def departure_of(self, user_id: int) -> Departure | None:
        """Return what remains to be done of somebody who is gone; None if that is nothing."""
        return self._departures.get(user_id)

    async def free_names(self, departure: Departure) -> None:
        """Free the names of somebody who is gone, by whichever claims they had them."""
        for directory, name in departure.names.items():
            holder = await self.holder_of(directory, name)
            if holder is not None and holder.user_id == departure.user_id:
                del self._names[directory, name]

    async def forget(self, departure: Departure) -> None:
        """Remove the departure, for nothing remains to be done."""
        self._departures.pop(departure.user_id, None)

    async def check(self) -> None:
        """Memory always answers."""

    def _hold(self, directory: Directory, name: str, user_id: int) -> Holder:
        holder = Holder(user_id=user_id, claim=next(self._claims))
        self._names[directory, name] = (holder, self._clock_s())
        return holder

    def _is_stored(self, record: Record) -> bool:
        stored = self._users.get(record.user_id)
        return stored is not None and stored.version == record.version

    def _replace(self, record: Record, **changes: Any) -> bool:
        if not self._is_stored(record):
            return False
        stored = self._users[record.user_id]
        self._users[record.user_id] = replace(stored, **changes, version=record.version + 1)
        return True

    def _tell(self, kind: str, body: Mapping[str, Any]) -> None:
        self.events.append(Told(kind=kind, body=body))
