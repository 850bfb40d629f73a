"""A run in a few numbers per endpoint, each with its interval, and the verdict.

One summary serves the table, the JSON and the report, whether the run was measured or simulated.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model.answers.predict import Prediction
from model.answers.recordings import Recording
from model.answers.shares import batches_of, p99_verdict
from model.answers.statistics import (
    Interval,
    TooShort,
    quantile_of_independent,
    quantile_of_one_run,
)
from model.rules.targets import Verdict
from model.world.scenario import Endpoint, Scenario

NOTHING = Interval(
    value=math.nan, low=-math.inf, high=math.inf, confidence=0.95, n=0, method="nothing was seen"
)
QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSummary:
    """What is known of one endpoint; latencies are those of answers with a 2xx status.

    `failed` counts bad answers and none; of a simulation, also those left beyond their target.
    """

    endpoint: Endpoint
    n: int
    failed: int
    rate_per_s: float  # of good answers
    p50_s: Interval
    p95_s: Interval
    p99_s: Interval
    target_p99_s: float
    verdict: Verdict  # failed requests count as slower than the target


def summary_of(
    recording: Recording, scenario: Scenario, *, since_s: float, until_s: float
) -> list[EndpointSummary]:
    """Return one summary per endpoint that was asked for between the two instants."""
    rows = recording.requests
    rows = rows[rows.intended_s.between(since_s, until_s)].sort_values("intended_s")
    return [
        _measured(endpoint, rows[rows.endpoint == endpoint.value], scenario, until_s - since_s)
        for endpoint in scenario.traffic.mix
        if (rows.endpoint == endpoint.value).any()
    ]


def summary_of_prediction(prediction: Prediction) -> list[EndpointSummary]:
    """Return one summary per endpoint, over all replications together."""
    scenario = prediction.scenario
    simulated_s = len(prediction.observations) * scenario.simulation.duration
    return [
        _predicted(endpoint, prediction, scenario, simulated_s) for endpoint in scenario.traffic.mix
    ]


def _measured(
    endpoint: Endpoint, rows: pd.DataFrame, scenario: Scenario, seconds: float
) -> EndpointSummary:
    good = rows.status.between(200, 299).to_numpy()
    latencies_s = (rows.done_s - rows.intended_s).to_numpy()
    target_s = scenario.targets.p99_of(endpoint)
    batches = batches_of(np.where(good, latencies_s, np.inf))
    quantiles = {
        f"{name}_s": quantile_interval(latencies_s[good], q) for name, q in QUANTILES.items()
    }
    return EndpointSummary(
        endpoint=endpoint,
        n=int(good.sum()),
        failed=int((~good).sum()),
        rate_per_s=float(good.sum() / seconds),
        **quantiles,
        target_p99_s=target_s,
        verdict=p99_verdict(batches, target_s),
    )


def _predicted(
    endpoint: Endpoint, prediction: Prediction, scenario: Scenario, seconds: float
) -> EndpointSummary:
    n = sum(len(o.latencies_s[endpoint.value]) for o in prediction.observations)
    quantiles = {
        f"{name}_s": _predicted_quantile(prediction, endpoint, q) for name, q in QUANTILES.items()
    }
    target_s = scenario.targets.p99_of(endpoint)
    replications = prediction.at_least_s(endpoint.value)
    return EndpointSummary(
        endpoint=endpoint,
        n=n,
        failed=sum(o.late[endpoint.value] for o in prediction.observations),
        rate_per_s=n * scenario.simulation.slice / seconds,
        **quantiles,
        target_p99_s=target_s,
        verdict=p99_verdict(replications, target_s),
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
        return NOTHING


def _predicted_quantile(prediction: Prediction, endpoint: Endpoint, q: float) -> Interval:
    try:
        return prediction.quantile(endpoint.value, q)
    except TooShort:
        return NOTHING


def numbers_of(summary: EndpointSummary) -> dict[str, object]:
    """Return a summary as plain numbers; None where an interval has no end, or nothing is known."""
    return {
        "endpoint": summary.endpoint.value,
        "n": summary.n,
        "failed": summary.failed,
        "rate_per_s": summary.rate_per_s,
        **dict(_ends(summary)),
        "target_p99_s": summary.target_p99_s,
        "verdict": summary.verdict.value,
    }


def cells_of(summary: EndpointSummary) -> dict[str, object]:
    """Return a summary as people read it, in milliseconds."""
    return {
        "endpoint": summary.endpoint.value,
        "n": summary.n,
        "failed": summary.failed,
        "per s": summary.rate_per_s,
        "p50 ms": in_ms(summary.p50_s),
        "p95 ms": in_ms(summary.p95_s),
        "p99 ms": in_ms(summary.p99_s),
        "p99 target ms": summary.target_p99_s * 1e3,
        "verdict": summary.verdict.value,
    }


def in_ms(interval: Interval) -> str:
    """Return "12.3 (11.8 to 13.1)"; "?" stands for what the evidence cannot say."""
    ends: Iterable[float] = (interval.value, interval.low, interval.high)
    value, low, high = (f"{end * 1e3:.1f}" if math.isfinite(end) else "?" for end in ends)
    return f"{value} ({low} to {high})"


def _ends(summary: EndpointSummary) -> Iterator[tuple[str, float | None]]:
    for name in QUANTILES:
        interval: Interval = getattr(summary, f"{name}_s")
        for end, value in (("", interval.value), ("_low", interval.low), ("_high", interval.high)):
            yield f"{name}{end}_s", value if math.isfinite(value) else None
