"""Sessions in Valkey: the session store's side of `sessions`.

A token's user lies under the hash of the token, so that to recognise somebody is one GET, and
who reads the store still cannot sign in.  Beside it every user has an index, a sorted set of
those hashes by when they end, through which all sessions of a user are found.  Scripts keep
the two in step; they compute keys from what they read, so a session store is one server.
"""

from __future__ import annotations

import redis.asyncio as redis

from reference_impl.chassis.keyvalue import visiting
from reference_impl.chassis.sessions import (
    RETIRED_S,
    SESSION_S,
    SESSIONS_MAX,
    key_of,
    new_token,
    retired,
)

STATION = "session_store"

# Scores are microseconds of the server's clock.  What has expired leaves an index whenever a
# session is begun, and an index expires with the last of its sessions.
BEGIN = """
local session, index, retired = KEYS[1], KEYS[2], KEYS[3]
local user, version, seconds, sessions_max = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if tonumber(version) < tonumber(redis.call('GET', retired) or 0) then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
redis.call('ZREMRANGEBYSCORE', index, '-inf', now)
for _, oldest in ipairs(redis.call('ZRANGE', index, 0, -sessions_max)) do
    redis.call('DEL', 'session:' .. oldest)
    redis.call('ZREM', index, oldest)
end
redis.call('SET', session, user, 'EX', seconds)
redis.call('ZADD', index, now + seconds * 1000000, string.sub(session, 9))
redis.call('EXPIRE', index, seconds)
return 1
"""

_END = """
local user = redis.call('GET', KEYS[1])
if user then
    redis.call('DEL', KEYS[1])
    redis.call('ZREM', 'sessions:' .. user, string.sub(KEYS[1], 9))
end
"""

_END_ALL = """
local index, retired = KEYS[1], KEYS[2]
local kept, version, seconds = ARGV[1], ARGV[2], ARGV[3]
for _, hash in ipairs(redis.call('ZRANGE', index, 0, -1)) do
    if 'session:' .. hash ~= kept then
        redis.call('DEL', 'session:' .. hash)
        redis.call('ZREM', index, hash)
    end
end
if tonumber(version) > tonumber(redis.call('GET', retired) or 0) then
    redis.call('SET', retired, version, 'EX', seconds)
end
"""


class ValkeySessions:
    """Sessions in Valkey."""

    def __init__(self, server: redis.Redis) -> None:
        self._server = server
        self._begin = server.register_script(BEGIN)
        self._end = server.register_script(_END)
        self._end_all = server.register_script(_END_ALL)

    async def begin(self, user_id: int, *, version: int = 1) -> str:
        """Return a new token of the user; where they have SESSIONS_MAX, the oldest ends.

        Raises Unauthenticated if all sessions were ended because of a newer version, lately.
        """
        token = new_token()
        with visiting(STATION):
            keys, values = begin_arguments(token, user_id, version=version)
            has_begun = await self._begin(keys, values)
        if not has_begun:
            raise retired()
        return token

    async def user_of(self, token: str) -> int | None:
        """Return the user who holds the token; None if nobody does, or no longer."""
        with visiting(STATION):
            user_id = await self._server.get(key_of(token))
        return None if user_id is None else int(user_id)

    async def end(self, token: str) -> None:
        """End the token's session, if there is one."""
        with visiting(STATION):
            await self._end([key_of(token)])

    async def end_all(
        self, user_id: int, *, except_token: str | None = None, version: int = 0
    ) -> None:
        """End all sessions of the user but one, and begin none on a version before this one."""
        kept = key_of(except_token) if except_token else ""
        with visiting(STATION):
            await self._end_all(
                [_index_of(user_id), _retired_of(user_id)], [kept, version, RETIRED_S]
            )

    async def check(self) -> None:
        """Raise Unavailable unless sessions can be read."""
        with visiting(STATION):
            await self._server.ping()


def begin_arguments(token: str, user_id: int, *, version: int = 1) -> tuple[list[str], list[int]]:
    """Return the keys and the values with which BEGIN makes `token` stand for the user."""
    keys = [key_of(token), _index_of(user_id), _retired_of(user_id)]
    return keys, [user_id, version, SESSION_S, SESSIONS_MAX]


def _index_of(user_id: int) -> str:
    return f"sessions:{user_id}"


def _retired_of(user_id: int) -> str:
    return f"retired:{user_id}"
