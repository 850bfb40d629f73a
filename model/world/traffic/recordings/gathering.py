"""Gathers recorded requests one by one, as the lines of a file tell of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.world.scenario import Endpoint, ScenarioError
from model.world.traffic.recordings.files import REQUESTS_MAX, wrong

_Columns = tuple[tuple[Endpoint, ...], NDArray[np.float64], NDArray[np.int64]]


class Gathering:
    """Requests of one file, in the order of its lines; at most `REQUESTS_MAX`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._endpoints: dict[Endpoint, int] = {}
        self._at_s: list[float] = []
        self._kind: list[int] = []

    @property
    def last_s(self) -> float:
        """When the last one came; 0 before the first."""
        return self._at_s[-1] if self._at_s else 0.0

    def add(self, line: int, at_s: float, endpoint: Endpoint) -> None:
        """Add the request that a line tells of; raise ScenarioError if it is one too many."""
        if len(self._at_s) >= REQUESTS_MAX:
            raise wrong(self._path, line, f"more than {REQUESTS_MAX:,} requests")
        self._at_s.append(at_s)
        self._kind.append(self._endpoints.setdefault(endpoint, len(self._endpoints)))

    def columns(self) -> _Columns:
        """Return the endpoints that occur, instants, and the index of each request's endpoint.

        Raises ScenarioError if there are no requests.
        """
        if not self._at_s:
            raise ScenarioError(f"traffic.recorded: {self._path} has no request of a known kind")
        return tuple(self._endpoints), np.array(self._at_s), np.array(self._kind, np.int64)
