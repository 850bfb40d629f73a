"""The `Server-Timing` header of an answer: one entry per station that the request visited.

`gateway;dur=4.1;cpu=0.9;n=1, timeline_store;dur=0.6;n=3` (W3C Server Timing; milliseconds).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

ENTRIES_MAX = 64  # a header of more is not one of ours


class Stage(NamedTuple):
    """What one request did at one station, all its visits together."""

    station: str
    visits: int
    wall_s: float
    cpu_s: float  # NaN where nobody can say


class MalformedTiming(ValueError):
    """A header that does not say what it must; the message quotes it."""


def stages_of(header: str) -> list[Stage]:
    """Read a header; an empty one has no stages.  Raises MalformedTiming.

    >>> stages_of("post_db;dur=2.5;n=2")
    [Stage(station='post_db', visits=2, wall_s=0.0025, cpu_s=nan)]
    """
    if not header:
        return []
    try:
        return list(_stages(header))
    except ValueError:
        raise MalformedTiming(f"Server-Timing: cannot be read: {header[:200]!r}") from None


def _stages(header: str) -> Iterator[Stage]:
    for entry in header.split(",", ENTRIES_MAX):
        station, *parameters = (part.strip() for part in entry.split(";"))
        said = dict(_pair(parameter) for parameter in parameters)
        yield Stage(
            station=station,
            visits=int(said.get("n", 1)),
            wall_s=said["dur"] / 1e3 if "dur" in said else math.nan,
            cpu_s=said["cpu"] / 1e3 if "cpu" in said else math.nan,
        )


def _pair(parameter: str) -> tuple[str, float]:
    name, _, value = parameter.partition("=")
    return name.strip(), float(value)
