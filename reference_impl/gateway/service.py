"""Who may pass: the user whom the path names, shown by a token."""

from __future__ import annotations

import re

from reference_impl.chassis.errors import Forbidden, Unauthenticated
from reference_impl.chassis.sessions import Sessions

_BEARER = re.compile(r"bearer +([A-Za-z0-9_-]{16,64})", re.IGNORECASE)


class Doorkeeper:
    """Recognises users by the tokens that they carry."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def user_at(self, authorization: str, path_user_id: str) -> int:
        """Return the user who holds the token, and whom the path must name."""
        bearer = _BEARER.fullmatch(authorization)
        if bearer is None:
            raise Unauthenticated("send the header Authorization: Bearer <token>")
        user_id = await self._sessions.user_of(bearer[1])
        if user_id is None:
            raise Unauthenticated("the token is unknown, or no longer valid")
        if path_user_id != str(user_id):  # as text: 007 and +7 name nobody
            raise Forbidden("the path names another user")
        return user_id
