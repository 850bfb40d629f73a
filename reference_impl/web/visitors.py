"""Who looks at a page, as far as the API must know."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody with a browser: signed in, as far as their cookie says, or a stranger."""

    user_id: str = ""
    token: str = ""
    address: str = ""  # of the client, as the front door has seen it; empty if unknown

    @property
    def is_signed_in(self) -> bool:
        """Whether there is a token; only the API knows whether it is still good."""
        return bool(self.token)
