"""Who holds a token: made at register and login, asked for by the gateway on every request."""

from __future__ import annotations

import hashlib
import secrets
from typing import Protocol

SESSION_S = 14 * 86_400  # OWASP ASVS 5.0, 7.3: an absolute end; facts C2 sets 14 days
_TOKEN_BYTES = 32  # 256 bits, twice what ASVS 7.2.3 asks of a token that stands for a session


class Sessions(Protocol):
    """Opaque tokens and the users they stand for."""

    async def begin(self, user_id: int) -> str:
        """Return a new token of the user."""

    async def user_of(self, token: str) -> int | None:
        """Return the user who holds the token; None if nobody does, or no longer."""

    async def check(self) -> None:
        """Raise Unavailable unless sessions can be read."""


class MemorySessions:
    """Sessions of one test, held to the same contract."""

    def __init__(self) -> None:
        self._user_of: dict[str, int] = {}

    async def begin(self, user_id: int) -> str:
        """Return a new token of the user."""
        token = new_token()
        self._user_of[key_of(token)] = user_id
        return token

    async def user_of(self, token: str) -> int | None:
        """Return the user who holds the token."""
        return self._user_of.get(key_of(token))

    async def check(self) -> None:
        """Memory always answers."""


def new_token() -> str:
    """Return a token that nobody can guess."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def key_of(token: str) -> str:
    """Return the key under which the token's user is kept."""
    return f"session:{hashlib.sha256(token.encode()).hexdigest()}"
