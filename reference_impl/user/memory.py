"""The twin of the store in PostgreSQL, held to the same contract tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reference_impl.user.reservations import Directory, Reservation
from reference_impl.user.service import NewUser


class MemoryUserStore:
    """A UserStore of plain dicts; `events` lists the ids that were announced."""

    def __init__(self, clock_s: Callable[[], float]) -> None:
        self.events: list[int] = []
        self._clock_s = clock_s
        self._users: dict[int, NewUser] = {}
        self._names: dict[tuple[Directory, str], tuple[int, float]] = {}

    async def reserve(self, directory: Directory, name: str, user_id: int) -> Reservation | None:
        """Take the name if it is free; return for whom it is reserved."""
        now_s = self._clock_s()
        holder, since_s = self._names.setdefault((directory, name), (user_id, now_s))
        return Reservation(user_id=holder, age_s=now_s - since_s)

    async def take_over(self, directory: Directory, name: str, *, old: int, new: int) -> bool:
        """Give the name to user `new` if it is still `old`'s; say whether it was."""
        if await self.user_id_of(directory, name) != old:
            return False
        self._names[directory, name] = (new, self._clock_s())
        return True

    async def release(self, directory: Directory, name: str, user_id: int) -> None:
        """Free the name if it is the user's."""
        if await self.user_id_of(directory, name) == user_id:
            del self._names[directory, name]

    async def user_id_of(self, directory: Directory, name: str) -> int | None:
        """Return whose name it is."""
        holder = self._names.get((directory, name))
        return holder[0] if holder else None

    async def add(self, user: NewUser) -> bool:
        """Store the user and the event of it; say False, and store nothing, if it is too late."""
        if self._clock_s() >= user.before_s:
            return False
        self._users[user.user_id] = user
        self.events.append(user.user_id)
        return True

    async def password_hash_of(self, user_id: int) -> str | None:
        """Return the user's password hash; None if there is no such user."""
        user = self._users.get(user_id)
        return user.password_hash if user else None

    async def document_of(self, user_id: int) -> dict[str, Any] | None:
        """Return the user's document; None if there is no such user."""
        user = self._users.get(user_id)
        return dict(user.document) if user else None

    async def check(self) -> None:
        """Memory always answers."""
