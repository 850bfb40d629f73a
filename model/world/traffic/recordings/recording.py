"""What was recorded: requests at instants, or rates of requests in steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from model.world.scenario import Endpoint

Floats = NDArray[np.float64]

NAMED_MAX = 5  # kinds of left-out lines that a sentence names


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedInstants:
    """Requests one by one."""

    endpoints: tuple[Endpoint, ...]
    at_s: Floats  # (requests,), rising
    kind: NDArray[np.int64]  # (requests,): index into `endpoints`
    left_out: Mapping[str, int] = field(default_factory=dict)  # how many lines of what

    @property
    def covers_s(self) -> float:
        """Until when requests came."""
        return float(self.at_s[-1])

    @property
    def per_s(self) -> float:
        """Requests per second, on average; one alone is one in the time until it came."""
        return len(self.at_s) / self.covers_s if self.covers_s else 0.0

    @property
    def mix(self) -> dict[Endpoint, float]:
        """The share of each kind."""
        counts = np.bincount(self.kind, minlength=len(self.endpoints))
        return dict(zip(self.endpoints, (counts / counts.sum()).tolist(), strict=True))

    def faster(self, times: float) -> RecordedInstants:
        """Return the same requests, so many times as fast."""
        return RecordedInstants(
            endpoints=self.endpoints,
            at_s=self.at_s / times,
            kind=self.kind,
            left_out=self.left_out,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRates:
    """Rates of requests in steps, the last of which ends at `covers_s`."""

    endpoints: tuple[Endpoint, ...]
    since_s: Floats  # (steps,), rising from 0
    rates_per_s: Floats  # (steps, endpoints)
    covers_s: float
    left_out: Mapping[str, int] = field(default_factory=dict)  # how many series of what

    @property
    def per_s(self) -> float:
        """Requests per second, on average."""
        return float(self._requests().sum() / self.covers_s)

    @property
    def mix(self) -> dict[Endpoint, float]:
        """The share of each kind."""
        requests = self._requests()
        return dict(zip(self.endpoints, (requests / requests.sum()).tolist(), strict=True))

    def faster(self, times: float) -> RecordedRates:
        """Return the same requests, so many times as fast."""
        return RecordedRates(
            endpoints=self.endpoints,
            since_s=self.since_s / times,
            rates_per_s=self.rates_per_s * times,
            covers_s=self.covers_s / times,
            left_out=self.left_out,
        )

    def _requests(self) -> Floats:
        """Return how many of each kind came."""
        lasts_s = np.diff(self.since_s, append=self.covers_s)
        requests: Floats = lasts_s @ self.rates_per_s
        return requests


Recording = RecordedInstants | RecordedRates


def said_of_left_out(recording: Recording) -> str:
    """Return a sentence on what the file has and the recording has not; "" if that is nothing.

    >>> instants = RecordedInstants(endpoints=(), at_s=np.zeros(91), kind=np.zeros(91, np.int64),
    ...                             left_out={"GET /livez": 7, "GET /": 2})
    >>> said_of_left_out(instants)
    '9 of the 100 requests left out, being of other routes: GET /livez (7), GET / (2)'
    """
    if not recording.left_out:
        return ""
    most_first = sorted(recording.left_out.items(), key=lambda named: (-named[1], named[0]))
    named = ", ".join(f"{what} ({count:,})" for what, count in most_first[:NAMED_MAX])
    more = ", ..." if len(most_first) > NAMED_MAX else ""
    return f"{_counted(recording)} left out, being of other routes: {named}{more}"


def _counted(recording: Recording) -> str:
    """Return how many are left out, and of how many where each is one request."""
    total = sum(recording.left_out.values())
    if isinstance(recording, RecordedRates):
        return f"{total:,} series"
    return f"{total:,} of the {total + len(recording.at_s):,} requests"
