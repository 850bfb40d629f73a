"""Measured beside predicted: the error, with its sign, on a load that was not learnt from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from model.answers.accounting import Window
from model.answers.predict import Prediction
from model.answers.statistics import Interval
from model.answers.summaries import in_ms, quantile_interval, summary_of, summary_of_prediction
from model.rules.targets import Verdict

P99 = 0.99
QUANTILES = (0.50, 0.95, P99)

Judged = dict[str, tuple[Verdict, Verdict]]  # endpoint -> (measured, predicted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One quantile of one endpoint, in seconds."""

    endpoint: str
    quantile: float
    requests: int  # answered
    failed: int
    measured_s: Interval
    predicted_s: Interval
    next_run_s: Interval  # where the model expects the quantile of a run of this length

    @property
    def error(self) -> float:
        """The signed error of the prediction, as a share of the measured value."""
        return self.predicted_s.value / self.measured_s.value - 1

    @property
    def is_expected(self) -> bool:
        """Whether the measured value is one that the model expects of such a run."""
        return self.measured_s.value in self.next_run_s


def compared(window: Window, prediction: Prediction) -> list[Row]:
    """Return every quantile of every endpoint that both sides have answers of."""
    requests = window.requests.sort_values("intended_s")
    rows = []
    for endpoint in prediction.endpoints:
        mine = requests[requests.endpoint == endpoint]
        latencies_s = (mine.done_s - mine.intended_s).to_numpy()
        failed = int((window.sent.endpoint == endpoint).sum()) - len(latencies_s)
        rows += [
            Row(
                endpoint=endpoint,
                quantile=q,
                requests=len(latencies_s),
                failed=failed,
                measured_s=quantile_interval(latencies_s, q),
                predicted_s=prediction.quantile(endpoint, q),
                next_run_s=prediction.next_run(endpoint, q),
            )
            for q in QUANTILES
            if len(latencies_s)
        ]
    return rows


def verdicts(window: Window, prediction: Prediction) -> Judged:
    """Return what is (measured, predicted) to be said of each endpoint's p99 target."""
    seen = summary_of(
        window.recording, prediction.scenario, since_s=window.since_s, until_s=window.until_s
    )
    measured = {summary.endpoint: summary.verdict for summary in seen}
    return {
        told.endpoint.value: (measured[told.endpoint], told.verdict)
        for told in summary_of_prediction(prediction)
        if told.endpoint in measured
    }


def cells_of(row: Row, judged: Judged) -> dict[str, object]:
    """Return a row as people read it, in milliseconds; the verdict is that of the p99."""
    measured, predicted = _verdict_of(row, judged)
    return {
        "endpoint": row.endpoint,
        "of": f"p{row.quantile * 100:g}",
        "n": row.requests,
        "failed": row.failed,
        "measured ms": in_ms(row.measured_s),
        "predicted ms": in_ms(row.predicted_s),
        "error": f"{row.error:+.0%}",
        "in range": "yes" if row.is_expected else "no",
        "measured": measured,
        "predicted": predicted,
    }


def numbers_of(row: Row, judged: Judged) -> dict[str, object]:
    """Return a row as plain numbers; None where an interval has no end."""
    measured, predicted = _verdict_of(row, judged)
    intervals = {
        f"{name}{end}_s": number if math.isfinite(number) else None
        for name in ("measured", "predicted", "next_run")
        for end, number in _ends(getattr(row, f"{name}_s"))
    }
    return {
        "endpoint": row.endpoint,
        "quantile": row.quantile,
        "n": row.requests,
        "failed": row.failed,
        **intervals,
        "error": row.error,
        "is_expected": row.is_expected,
        "verdict_measured": measured,
        "verdict_predicted": predicted,
    }


def _ends(interval: Interval) -> tuple[tuple[str, float], ...]:
    return ("", interval.value), ("_low", interval.low), ("_high", interval.high)


def _verdict_of(row: Row, judged: Judged) -> tuple[str, str]:
    if row.quantile != P99 or row.endpoint not in judged:
        return "", ""
    measured, predicted = judged[row.endpoint]
    return measured.value, predicted.value


def stations_compared(window: Window, prediction: Prediction, endpoint: str) -> pd.DataFrame:
    """Return mean seconds per request by station: columns station, measured_s, predicted_s.

    An event loop's time is from call to answer, so the times of stations overlap.
    """
    stages = window.stages()
    mine = stages[stages.endpoint == endpoint]
    requests = max(1, int((window.requests.endpoint == endpoint).sum()))
    measured = mine.groupby("station").wall_s.sum() / requests
    table = pd.DataFrame({"measured_s": measured, "predicted_s": prediction.station_s(endpoint)})
    table = table.fillna(0.0).rename_axis("station").reset_index()
    return table.sort_values("measured_s", ascending=False, ignore_index=True)


def fanout_lags_s(window: Window) -> np.ndarray:
    """Return the measured lags of the posts of the window, in seconds."""
    fanouts = window.recording.fanouts
    inside = (fanouts.created_s >= window.since_s) & (fanouts.created_s < window.until_s)
    return (fanouts.done_s - fanouts.created_s)[inside].to_numpy()
