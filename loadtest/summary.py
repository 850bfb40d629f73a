"""A measured run in a few numbers per endpoint, each with its interval, and the verdict."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from loadtest.evidence import Window
from model.answers.recordings import Recording
from model.answers.statistics import (
    Interval,
    TooShort,
    quantile_of_independent,
    quantile_of_one_run,
)
from model.rules.targets import Verdict, verdict_of
from model.world.scenario import Endpoint, Scenario

QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
_NEVER_S = 1e9  # the latency of a request that got no good answer: beyond any target


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSummary:
    """What was measured of one endpoint; latencies are those of answers with a 2xx status."""

    endpoint: Endpoint
    n: int
    failed: int
    rate_per_s: float  # of good answers
    p50_s: Interval
    p95_s: Interval
    p99_s: Interval
    target_p99_s: float
    verdict: Verdict  # failed requests count as slower than the target


def summary_of(recording: Recording, window: Window, scenario: Scenario) -> list[EndpointSummary]:
    """Return one summary per endpoint that was asked for within the window."""
    rows = recording.requests
    rows = rows[rows.intended_s >= window.since_s].sort_values("intended_s")
    return [
        _summary(endpoint, rows[rows.endpoint == endpoint.value], window, scenario)
        for endpoint in scenario.traffic.mix
        if (rows.endpoint == endpoint.value).any()
    ]


def _summary(
    endpoint: Endpoint, rows: pd.DataFrame, window: Window, scenario: Scenario
) -> EndpointSummary:
    good = rows.status.between(200, 299).to_numpy()
    latencies_s = (rows.done_s - rows.intended_s).to_numpy()
    answered_s = latencies_s[good]
    target_s = scenario.targets.p99_of(endpoint)
    judged = quantile_interval(np.where(good, latencies_s, _NEVER_S), QUANTILES["p99"])
    return EndpointSummary(
        endpoint=endpoint,
        n=int(good.sum()),
        failed=int((~good).sum()),
        rate_per_s=float(good.sum() / (window.until_s - window.since_s)),
        **{f"{name}_s": quantile_interval(answered_s, q) for name, q in QUANTILES.items()},
        target_p99_s=target_s,
        verdict=verdict_of(judged.low, judged.high, target_s),
    )


def quantile_interval(latencies_s: NDArray[np.float64], q: float) -> Interval:
    """Return a quantile of one run's latencies, in order of time, and how well it is known.

    Too few to show how they depend on one another are taken as independent; of none at all
    nothing is known, and the interval has no ends.
    """
    try:
        return quantile_of_one_run(latencies_s, q)
    except TooShort:
        pass
    try:
        return quantile_of_independent(latencies_s, q)
    except TooShort:
        nothing = {"value": math.nan, "low": -math.inf, "high": math.inf}
        return Interval(**nothing, confidence=0.95, n=0, method="nothing was seen")


def numbers_of(summary: EndpointSummary) -> dict[str, object]:
    """Return a summary as plain numbers; None where an interval has no end, or nothing is known."""
    intervals = dict(_ends(summary))
    return {
        "endpoint": summary.endpoint.value,
        "n": summary.n,
        "failed": summary.failed,
        "rate_per_s": summary.rate_per_s,
        **intervals,
        "target_p99_s": summary.target_p99_s,
        "verdict": summary.verdict.value,
    }


def _ends(summary: EndpointSummary) -> Iterator[tuple[str, float | None]]:
    for name in QUANTILES:
        interval: Interval = getattr(summary, f"{name}_s")
        for end, value in (("", interval.value), ("_low", interval.low), ("_high", interval.high)):
            yield f"{name}{end}_s", value if math.isfinite(value) else None
