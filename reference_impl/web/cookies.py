"""The cookies of the pages: one for the session, one to recognise a stranger's forms by.

With TLS their names begin with `__Host-`: browsers then take them over TLS only, and from no
neighbouring host (RFC 6265bis, 4.1.3.2).
"""

from __future__ import annotations

import re

from aiohttp import web

from reference_impl.chassis.requests import address_of
from reference_impl.chassis.sessions import SESSION_S
from reference_impl.web.visitors import Visitor

_SESSION = re.compile(r"([1-9][0-9]{0,18})\.([A-Za-z0-9_-]{16,64})")  # user id and token
_GUEST = re.compile(r"[A-Za-z0-9_-]{16,64}")


class Cookies:
    """Reads and writes the cookies."""

    def __init__(self, *, https: bool) -> None:
        self._https = https
        prefix = "__Host-" if https else ""
        self.session = f"{prefix}session"
        self.guest = f"{prefix}guest"

    def visitor_of(self, request: web.Request) -> Visitor:
        """Return who looks; a cookie that cannot be ours is none."""
        address = address_of(request)
        found = _SESSION.fullmatch(request.cookies.get(self.session, ""))
        if found is None:
            return Visitor(address=address)
        return Visitor(user_id=found[1], token=found[2], address=address)

    def guest_of(self, request: web.Request) -> str:
        """Return what a stranger's forms are bound to; empty if this one has none yet."""
        text = request.cookies.get(self.guest, "")
        return text if _GUEST.fullmatch(text) else ""

    def begin_session(self, answer: web.StreamResponse, user_id: str, token: str) -> None:
        """Have the browser remember the session for as long as it can last."""
        self._set(answer, self.session, f"{user_id}.{token}", max_age=SESSION_S)

    def end_session(self, answer: web.StreamResponse) -> None:
        """Have the browser forget the session."""
        self._set(answer, self.session, "", max_age=0)

    def set_guest(self, answer: web.StreamResponse, value: str) -> None:
        """Have the browser remember what its forms are bound to, until it is closed."""
        self._set(answer, self.guest, value, max_age=None)

    def _set(
        self, answer: web.StreamResponse, name: str, value: str, *, max_age: int | None
    ) -> None:
        answer.set_cookie(
            name,
            value,
            max_age=max_age,
            path="/",
            secure=self._https,
            httponly=True,
            samesite="Lax",
        )
