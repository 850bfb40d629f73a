"""W3C Trace Context: the id that everything done for one request shares, and whose child it is.

Nothing is recorded here: the ids are in the logs, and travel on to whoever records.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass

TRACEPARENT = "traceparent"
TRACESTATE = "tracestate"
STATE_CHARS_MAX = 512  # what W3C asks everyone to pass on at least

_PARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})")
_STATE = re.compile(f"[ -~]{{1,{STATE_CHARS_MAX}}}")
_SAMPLED = 0x01  # the one flag of version 00; the others must not be passed on


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Which trace this process works for, and under which span id it does."""

    trace_id: str  # 32 hexadecimal digits
    span_id: str  # 16, this process's own
    is_sampled: bool = False  # whether the caller may have recorded its part
    state: str = ""  # of other systems, passed on as it is

    def headers(self) -> dict[str, str]:
        """Return the headers that make another service's span a child of this one."""
        told = {TRACEPARENT: f"00-{self.trace_id}-{self.span_id}-{int(self.is_sampled):02x}"}
        return {**told, TRACESTATE: self.state} if self.state else told


def trace_of(headers: Mapping[str, str]) -> Trace:
    """Return a child of the caller's span; of a new trace if the headers name none."""
    parent = _PARENT.fullmatch(headers.get(TRACEPARENT, ""))
    span_id = _identifier(64)
    if parent is None:
        return Trace(trace_id=_identifier(128), span_id=span_id)
    state = headers.get(TRACESTATE, "")
    return Trace(
        trace_id=parent[1],
        span_id=span_id,
        is_sampled=bool(int(parent[2], 16) & _SAMPLED),
        state=state if _STATE.fullmatch(state) else "",
    )


def _identifier(bits: int) -> str:
    """Return a random number, never 0, in hexadecimal digits; nothing rests on its secrecy."""
    return f"{random.getrandbits(bits) or 1:0{bits // 4}x}"
