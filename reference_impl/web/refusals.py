"""What the API did not grant."""

from __future__ import annotations


class Refused(Exception):
    """An answer of the API that is no success; `detail` is in the API's words."""

    def __init__(self, status: int, detail: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.retry_after_s = retry_after_s


def signed_out() -> Refused:
    """Return the refusal of what only somebody who is signed in may see."""
    return Refused(401, "nobody is signed in")
