"""What a comparison shows: quantiles side by side, curves, stations, lags, and what was learnt."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from loadtest.protocols.held_out import Comparison
from model.answers.accounting import window_of
from model.answers.calibrate import visits_compared
from model.answers.compare import P99, cells_of, fanout_lags_s, stations_compared, verdicts
from model.answers.summaries import in_ms, quantile_interval
from model.world.scenario import Endpoint
from reports.builder import Section, Table, table_of
from reports.figures import Figure, fanout_lag, latency_curves, waterfall

NEWSFEED = Endpoint.NEWSFEED.value
VISITS_SHOWN_MIN = 0.005  # per request


def comparison_table(comparison: Comparison) -> Table:
    """Return measured and predicted quantiles, side by side."""
    judged = verdicts(window_of(comparison.held_out), comparison.predictions[-1])
    return table_of([cells_of(row, judged) for row in comparison.rows])


def comparison_sections(comparison: Comparison) -> list[Section]:
    """Return how the held-out load came out on both sides."""
    window = window_of(comparison.held_out)
    prediction = comparison.predictions[-1]
    stations = stations_compared(window, prediction, NEWSFEED)
    lags_s = fanout_lags_s(window)
    predicted_s = prediction.fanout_lags_s()
    return [
        Section(
            title="Measured beside predicted",
            paragraphs=(
                (
                    f"The highest valid load, {comparison.held_out.scenario.requests_per_s:g}"
                    " requests/s, was kept out of the fit. The model was given the same requests at"
                    " the same instants, and knew nothing of their answers. Intervals are of 95 %;"
                    " `?` stands for an end that the evidence cannot place. `In range` says whether"
                    " the model expects such a value of one run of this length. The verdicts are on"
                    " the p99, the predicted one for these very requests: a pass or a miss only if"
                    " the evidence places the share of slow requests on one side of 1 %."
                ),
            ),
            table=comparison_table(comparison),
        ),
        Section(title="Latency against load", figure=_curves(comparison)),
        Section(
            title="Where the milliseconds go",
            paragraphs=(
                (
                    "A service's time runs from call to answer and contains what it asked others"
                    " for. A store's visits are timed, when measured, by the service that asks:"
                    " they contain its wait for its own turn to read the answer, which the"
                    " model counts with the service."
                ),
            ),
            figure=waterfall(stations, NEWSFEED),
        ),
        Section(
            title="How late followers see a post",
            paragraphs=(f"Measured: {_lags(lags_s)}. Predicted: {_lags(predicted_s)}.",),
            figure=fanout_lag(lags_s, predicted_s),
        ),
    ]


def _lags(lags_s: NDArray[np.float64]) -> str:
    if not len(lags_s):
        return "no posts"
    q50, q99 = (quantile_interval(lags_s, q) for q in (0.5, 0.99))
    return f"p50 {in_ms(q50)} ms, p99 {in_ms(q99)} ms, of {len(lags_s)} posts"


def _curves(comparison: Comparison) -> Figure:
    levels = pd.DataFrame(list(_points(comparison)))
    targets_s = {
        endpoint: comparison.held_out.scenario.targets.p99_of(Endpoint(endpoint))
        for endpoint in levels.endpoint.unique()
    }
    return latency_curves(levels, targets_s)


def _points(comparison: Comparison) -> Iterator[dict[str, object]]:
    """Yield every point of the curves: a quantile of an endpoint at a load, from one side."""
    for run, prediction in zip(comparison.runs, comparison.predictions, strict=True):
        requests = window_of(run).requests.sort_values("intended_s")
        for endpoint in prediction.endpoints:
            rows = requests[requests.endpoint == endpoint]
            latencies_s = (rows.done_s - rows.intended_s).to_numpy()
            for q in (0.5, P99):
                sides = {
                    "measured": quantile_interval(latencies_s, q),
                    "predicted": prediction.quantile(endpoint, q),
                }
                for source, interval in sides.items():
                    yield {
                        "endpoint": endpoint,
                        "source": source,
                        "rate_per_s": run.scenario.requests_per_s,
                        "quantile": q,
                        "value_s": interval.value,
                        "low_s": _drawn(interval.low, interval.value),
                        "high_s": _drawn(interval.high, interval.value),
                    }


def _drawn(end: float, value: float) -> float:
    """Return an end that can be drawn: one that is not known is drawn at the value."""
    return end if math.isfinite(end) else value


def lesson_sections(comparison: Comparison) -> list[Section]:
    """Return what was learnt, and whether the journeys go where requests went."""
    calibration = comparison.calibration
    works = [
        {
            "journey": journey,
            "station": station,
            "work ms": f"{law.mean * 1e3:.3f}",
            "scv": f"{law.scv:.2f}",
            "spread between runs": _share(calibration.spread.get(station)),
        }
        for (journey, station), law in sorted(calibration.works.items())
    ]
    outside = ", ".join(f"{e} {s * 1e3:.1f} ms" for e, s in calibration.outside_s.items())
    visits = visits_compared(comparison.runs[0].scenario, comparison.lessons)
    seen = visits[(visits.measured >= VISITS_SHOWN_MIN) | (visits.modelled >= VISITS_SHOWN_MIN)]
    columns = ("endpoint", "station", "visits measured", "in the model")
    rows = [dict(zip(columns, row, strict=True)) for row in seen.itertuples(index=False)]
    return [
        Section(
            title="What was learnt",
            paragraphs=(
                (
                    f"From {', '.join(calibration.runs)}. Work is time of one core at full speed,"
                    " found from the CPU clocks of the processes."
                ),
                f"Latency that no station explains, added as a constant: {outside}.",
            ),
            table=table_of(works),
        ),
        Section(
            title="Do the journeys go where requests went?",
            paragraphs=("Visits per request: those of `Server-Timing` beside those of the model.",),
            table=table_of(rows),
        ),
    ]


def _share(share: float | None) -> str:
    return "" if share is None else f"±{share:.0%}"
