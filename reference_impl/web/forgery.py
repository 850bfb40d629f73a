"""Forms that other sites send in a visitor's name, and how they are told from ours.

OWASP, "Cross-Site Request Forgery Prevention Cheat Sheet" (2025): a token in each form that
only we can have made for this browser, and what browsers say of where a request comes from.
"""

from __future__ import annotations

import hmac
import secrets

from aiohttp import hdrs, web

from reference_impl.chassis.errors import Forbidden

FIELD = "form_token"
FETCH_SITE = "Sec-Fetch-Site"
_NOT_OURS = "the form is not one that this browser got from here"
_FROM_US = ("same-origin", "none")  # none: the person themselves, such as by sending it again


class FormTokens:
    """Makes and checks the tokens of forms, each bound to a cookie that other sites cannot read."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), b"form tokens of the pages", "sha256")

    def token_for(self, binding: str) -> str:
        """Return the token of forms shown to who has the cookie."""
        return hmac.digest(self._key, binding.encode(), "sha256").hex()

    def refuse_forged(self, token: str, binding: str) -> None:
        """Raise Forbidden unless the form is one that this browser got from us."""
        given, expected = token.encode(errors="replace"), self.token_for(binding).encode()
        if not binding or not hmac.compare_digest(given, expected):
            raise Forbidden(_NOT_OURS)


def refuse_foreign(request: web.Request, binding: str) -> None:
    """Raise Forbidden for what cannot be a form of ours, whatever its body says."""
    if not binding or not _comes_from_here(request):
        raise Forbidden(_NOT_OURS)


def new_binding() -> str:
    """Return what a stranger's forms are bound to from now on."""
    return secrets.token_urlsafe(16)


def _comes_from_here(request: web.Request) -> bool:
    """Say whether the browser says so; it says nothing only if it is an old one."""
    site = request.headers.get(FETCH_SITE)
    if site is not None:
        return site in _FROM_US
    origin = request.headers.get(hdrs.ORIGIN)
    return origin is None or origin.partition("://")[2].lower() == request.host.lower()
