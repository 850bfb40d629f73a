"""Who asks, under which request id, and until when: what every call inward passes on."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace

REQUEST_ID = "X-Request-Id"
USER_ID = "X-User-Id"
DEADLINE = "X-Deadline"
PATIENCE_S = 5.0  # what a request gets that names no deadline; the load test waits 10 s

_REQUEST_ID = re.compile(r"[\w-]{8,64}", re.ASCII)
_UNIX_TIME = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The request being answered, as far as the services that help with it must know."""

    request_id: str
    user_id: str = ""  # decimal; empty while nobody has been recognised
    deadline_s: float  # Unix time

    def headers(self) -> dict[str, str]:
        """Return the headers that tell another service."""
        told = {REQUEST_ID: self.request_id, DEADLINE: f"{self.deadline_s:.3f}"}
        return {**told, USER_ID: self.user_id} if self.user_id else told


CALLER: ContextVar[Caller | None] = ContextVar("caller", default=None)


def caller_of(headers: Mapping[str, str], *, is_at_edge: bool) -> Caller:
    """Read the caller; at the edge only the request id is taken, for anyone can send headers."""
    request_id = headers.get(REQUEST_ID, "")
    if not _REQUEST_ID.fullmatch(request_id):
        request_id = secrets.token_hex(8)
    if is_at_edge:
        return Caller(request_id=request_id, deadline_s=time.time() + PATIENCE_S)
    told = headers.get(DEADLINE, "")
    deadline_s = float(told) if _UNIX_TIME.fullmatch(told) else time.time() + PATIENCE_S
    return Caller(request_id=request_id, user_id=headers.get(USER_ID, ""), deadline_s=deadline_s)


def recognise(user_id: int) -> None:
    """Say that the request being answered comes from this user."""
    caller = CALLER.get()
    assert caller is not None, "only a request can be recognised"
    CALLER.set(replace(caller, user_id=str(user_id)))
