"""Sessions in Valkey: the session store's side of `sessions`."""

from __future__ import annotations

import redis.asyncio as redis

from reference_impl.chassis.keyvalue import visiting
from reference_impl.chassis.sessions import SESSION_S, key_of, new_token

STATION = "session_store"


class ValkeySessions:
    """Sessions in Valkey, by the token's hash: who reads the store still cannot sign in."""

    def __init__(self, server: redis.Redis) -> None:
        self._server = server

    async def begin(self, user_id: int) -> str:
        """Return a new token of the user."""
        token = new_token()
        with visiting(STATION):
            await self._server.set(key_of(token), user_id, ex=SESSION_S)
        return token

    async def user_of(self, token: str) -> int | None:
        """Return the user who holds the token; None if nobody does, or no longer."""
        with visiting(STATION):
            user_id = await self._server.get(key_of(token))
        return None if user_id is None else int(user_id)

    async def check(self) -> None:
        """Raise Unavailable unless sessions can be read."""
        with visiting(STATION):
            await self._server.ping()
