"""Who holds a token: made at register and login, asked for by the gateway on every request."""

from __future__ import annotations

import hashlib
import secrets
from typing import Protocol

import redis.asyncio as redis

from reference_impl.chassis.keyvalue import visiting

SESSION_STORE = "session_store"
SESSION_S = 14 * 86_400  # OWASP ASVS 5.0, 7.3: an absolute end; facts C2 sets 14 days
TOKEN_CHARS_MAX = 64
_TOKEN_BYTES = 32


class Sessions(Protocol):
    """Opaque tokens and the users they stand for."""

    async def begin(self, user_id: int) -> str:
        """Return a new token of the user."""

    async def user_of(self, token: str) -> int | None:
        """Return the user who holds the token; None if nobody does, or no longer."""

    async def check(self) -> None:
        """Raise Unavailable unless sessions can be read."""


class ValkeySessions:
    """Sessions in Valkey, by the token's hash: who reads the store still cannot sign in."""

    def __init__(self, server: redis.Redis) -> None:
        self._server = server

    async def begin(self, user_id: int) -> str:
        """Return a new token of the user."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        with visiting(SESSION_STORE):
            await self._server.set(key_of(token), user_id, ex=SESSION_S)
        return token

    async def user_of(self, token: str) -> int | None:
        """Return the user who holds the token; None if nobody does, or no longer."""
        if len(token) > TOKEN_CHARS_MAX:
            return None
        with visiting(SESSION_STORE):
            user_id = await self._server.get(key_of(token))
        return None if user_id is None else int(user_id)

    async def check(self) -> None:
        """Raise Unavailable unless sessions can be read."""
        with visiting(SESSION_STORE):
            await self._server.ping()


class MemorySessions:
    """Sessions of one test, held to the same contract."""

    def __init__(self) -> None:
        self._user_of: dict[str, int] = {}

    async def begin(self, user_id: int) -> str:
        """Return a new token of the user."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        self._user_of[key_of(token)] = user_id
        return token

    async def user_of(self, token: str) -> int | None:
        """Return the user who holds the token."""
        return self._user_of.get(key_of(token))

    async def check(self) -> None:
        """Memory always answers."""


def key_of(token: str) -> str:
    """Return the key under which the token's user is kept."""
    return f"session:{hashlib.sha256(token.encode()).hexdigest()}"
