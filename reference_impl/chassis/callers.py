"""Who asks, under which request id, and until when: what every call inward passes on."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace

from reference_impl.chassis.traces import Trace, trace_of

REQUEST_ID = "X-Request-Id"
USER_ID = "X-User-Id"
DEADLINE = "X-Deadline"
CLIENT_ADDRESS = "X-Client-Address"  # on the way in only; see requests.address_of
PATIENCE_S = 5.0  # what a request gets that names no deadline; the load test waits 10 s

REQUEST_ID_PATTERN = "[A-Za-z0-9_-]{8,64}"
_UNIX_TIME = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The request being answered, as far as the services that help with it must know."""

    request_id: str
    user_id: str = ""  # decimal; empty while nobody has been recognised
    deadline_s: float  # Unix time
    trace: Trace | None = None

    def headers(self) -> dict[str, str]:
        """Return the headers that tell another service."""
        told = {REQUEST_ID: self.request_id, DEADLINE: _written(self.deadline_s)}
        if self.user_id:
            told[USER_ID] = self.user_id
        if self.trace:
            told.update(self.trace.headers())
        return told


def deadline_in(seconds: float) -> str:
    """Return what a header says of a deadline so far from now."""
    return _written(time.time() + seconds)


CALLER: ContextVar[Caller | None] = ContextVar("caller", default=None)


def caller_of(headers: Mapping[str, str], *, is_at_edge: bool) -> Caller:
    """Read the caller; at the edge only ids are taken, for anyone can send headers."""
    request_id = headers.get(REQUEST_ID, "")
    if not re.fullmatch(REQUEST_ID_PATTERN, request_id):
        request_id = secrets.token_hex(8)
    told = "" if is_at_edge else headers.get(DEADLINE, "")
    return Caller(
        request_id=request_id,
        user_id="" if is_at_edge else headers.get(USER_ID, ""),
        deadline_s=float(told) if _UNIX_TIME.fullmatch(told) else time.time() + PATIENCE_S,
        trace=trace_of(headers),
    )


def allow(more_s: float) -> None:
    """Give what is left to do after a request this long, whether or not its deadline has passed."""
    if caller := CALLER.get():
        CALLER.set(replace(caller, deadline_s=time.time() + more_s))


def _written(unix_s: float) -> str:
    return f"{unix_s:.3f}"


def recognise(user_id: int) -> None:
    """Say that the request being answered comes from this user."""
    caller = CALLER.get()
    assert caller is not None, "only a request can be recognised"
    CALLER.set(replace(caller, user_id=str(user_id)))
