"""Who holds a token: made at register and login, asked for by the gateway on every request."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Callable
from typing import Protocol

from reference_impl.chassis.errors import Unauthenticated

SESSION_S = 14 * 86_400  # OWASP ASVS 5.0, 7.3, asks for an absolute end
SESSIONS_MAX = 50  # of one user at a time: more devices than anybody has, and a bounded index
RETIRED_S = 60  # for so long old knowledge begins no session; a sign-in takes some 10 s at most
_TOKEN_BYTES = 32  # 256 bits, twice what ASVS 7.2.3 asks of a token that stands for a session

_BEARER = re.compile(r"bearer +([A-Za-z0-9_-]{16,64})", re.IGNORECASE)


class Sessions(Protocol):
    """Opaque tokens and the users they stand for.

    A session rests on a version of what is known of the user: their password, that they
    exist.  Who ends all sessions because that has changed says the new version, and a sign-in
    that is still under way with the old one is refused, however the two interleave.
    """

    async def begin(self, user_id: int, *, version: int = 1) -> str:
        """Return a new token of the user; where they have SESSIONS_MAX, the oldest ends.

        Raises Unauthenticated if all sessions were ended because of a newer version, lately.
        """

    async def user_of(self, token: str) -> int | None:
        """Return the user who holds the token; None if nobody does, or no longer."""

    async def end(self, token: str) -> None:
        """End the token's session, if there is one."""

    async def end_all(
        self, user_id: int, *, except_token: str | None = None, version: int = 0
    ) -> None:
        """End all sessions of the user but one, and begin none on a version before this one."""

    async def check(self) -> None:
        """Raise Unavailable unless sessions can be read."""


class MemorySessions:
    """Sessions of one test, held to the same contract; they do not grow old."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._user_of: dict[str, int] = {}  # in the order in which they were begun
        # Of each user, the first version that may begin a session, and until when that is so.
        self._retired: dict[int, tuple[int, float]] = {}

    async def begin(self, user_id: int, *, version: int = 1) -> str:
        """Return a new token of the user; where they have SESSIONS_MAX, the oldest ends."""
        if version < self._first_version_of(user_id):
            raise retired()
        keys = self._keys_of(user_id)
        for key in keys[: max(0, len(keys) - SESSIONS_MAX + 1)]:
            del self._user_of[key]
        token = new_token()
        self._user_of[key_of(token)] = user_id
        return token

    async def user_of(self, token: str) -> int | None:
        """Return the user who holds the token."""
        return self._user_of.get(key_of(token))

    async def end(self, token: str) -> None:
        """End the token's session, if there is one."""
        self._user_of.pop(key_of(token), None)

    async def end_all(
        self, user_id: int, *, except_token: str | None = None, version: int = 0
    ) -> None:
        """End all sessions of the user but one, and begin none on a version before this one."""
        kept = key_of(except_token) if except_token else ""
        for key in self._keys_of(user_id):
            if key != kept:
                del self._user_of[key]
        if version > self._first_version_of(user_id):
            self._retired[user_id] = (version, self._clock_s() + RETIRED_S)

    async def check(self) -> None:
        """Memory always answers."""

    def _keys_of(self, user_id: int) -> list[str]:
        return [key for key, holder in self._user_of.items() if holder == user_id]

    def _first_version_of(self, user_id: int) -> int:
        version, until_s = self._retired.get(user_id, (0, 0.0))
        return version if self._clock_s() < until_s else 0


def new_token() -> str:
    """Return a token that nobody can guess."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def key_of(token: str) -> str:
    """Return the key under which the token's user is kept."""
    return f"session:{hashlib.sha256(token.encode()).hexdigest()}"


def token_of(authorization: str) -> str:
    """Return the token in the header Authorization; raise Unauthenticated if there is none."""
    if bearer := _BEARER.fullmatch(authorization):
        return bearer[1]
    raise Unauthenticated("send the header Authorization: Bearer <token>")


def retired() -> Unauthenticated:
    """Return the refusal of a session that rests on what is no longer so."""
    return Unauthenticated("all sessions have been ended meanwhile: sign in again")
