"""Who may pass: anybody, any user, or the user whom the path names, shown by a token."""

from __future__ import annotations

from model.rules.rate_limits import SIGNED_IN
from reference_impl.chassis.errors import Forbidden, Unauthenticated
from reference_impl.chassis.sessions import Sessions, token_of
from reference_impl.gateway.routes import Who
from reference_impl.gateway.throttle import Asker, Throttle


class Doorkeeper:
    """Recognises users by the tokens that they carry, and counts all that they ask."""

    def __init__(self, sessions: Sessions, throttle: Throttle) -> None:
        self._sessions = sessions
        self._throttle = throttle

    async def let_in(self, who: Who, authorization: str, path_user_id: str) -> int | None:
        """Return the user who holds the token; None where nobody need be known.

        `path_user_id` is whom the path names as the one who asks: where it must be the
        owner, it must be the same text.
        """
        if who is Who.NOBODY:
            return None
        user_id = await self._sessions.user_of(token_of(authorization))
        if user_id is None:
            raise Unauthenticated("the token is unknown, or no longer valid")
        await self._throttle.admit((SIGNED_IN,), Asker(account=str(user_id)))
        if who is Who.OWNER and path_user_id != str(user_id):
            raise Forbidden("the path names another user")
        return user_id
