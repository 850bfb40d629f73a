"""Recorded requests as a table: columns `at_s` and `endpoint`, in the order they came."""

from __future__ import annotations

import csv
from math import inf
from pathlib import Path

from model.world.scenario import Endpoint
from model.world.traffic.recordings.files import lines_of, wrong
from model.world.traffic.recordings.gathering import Gathering
from model.world.traffic.recordings.recording import RecordedInstants

COLUMNS = ("at_s", "endpoint")
_ENDPOINTS = {endpoint.value: endpoint for endpoint in Endpoint}


def read_table(path: Path) -> RecordedInstants:
    """Read a CSV file: seconds from the beginning of the run, and names of endpoints.

    Other columns are passed over.  Raises ScenarioError with the line of what is wrong.
    """
    lines = lines_of(path)
    columns = _header(path, *next(lines, (1, "")))
    of_time, of_kind = (columns.index(name) for name in COLUMNS)
    gathering = Gathering(path)
    for number, line in lines:
        row = next(csv.reader([line]))
        if len(row) != len(columns):
            raise wrong(path, number, f"{len(row)} values for {len(columns)} columns")
        at_s = _instant(path, number, row[of_time], gathering.last_s)
        gathering.add(number, at_s, _endpoint(path, number, row[of_kind].strip()))
    endpoints, instants_s, kind = gathering.columns()
    return RecordedInstants(endpoints=endpoints, at_s=instants_s, kind=kind)


def _header(path: Path, number: int, line: str) -> list[str]:
    columns = [name.strip() for name in line.split(",")]
    for name in COLUMNS:
        if name not in columns:
            raise wrong(path, number, f"there is no column {name!r}, got {line[:80]!r}")
    return columns


def _endpoint(path: Path, line: int, name: str) -> Endpoint:
    if name not in _ENDPOINTS:
        known = ", ".join(_ENDPOINTS)
        raise wrong(path, line, f"endpoint must be one of {known}, got {name[:80]!r}")
    return _ENDPOINTS[name]


def _instant(path: Path, line: int, text: str, before_s: float) -> float:
    try:
        at_s = float(text)
    except ValueError:
        raise wrong(path, line, f"at_s must be a number of seconds, got {text[:80]!r}") from None
    if not before_s <= at_s < inf:
        raise wrong(path, line, f"at_s must rise from 0, got {text} after {before_s:g}")
    return at_s
