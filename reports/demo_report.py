"""The report of the demo: what was measured, what was predicted, and how far apart they are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from loadtest.protocols.demo import Demo
from loadtest.protocols.held_out import Comparison
from model.answers.accounting import Window, window_of
from model.answers.calibrate import visits_compared
from model.answers.compare import P99, cells_of, fanout_lags_s, stations_compared, verdicts
from model.answers.predict import Prediction
from model.answers.statistics import Interval
from model.answers.summaries import cells_of as summary_cells_of
from model.answers.summaries import quantile_interval, summary_of_prediction
from model.world.scenario import Endpoint
from model.world.scenario_files import resolved_toml
from reports.builder import Report, Section, Table
from reports.figures import Figure, fanout_lag, latency_curves, waterfall

NEWSFEED = Endpoint.NEWSFEED.value
VISITS_SHOWN_MIN = 0.005  # per request


def report_of(demo: Demo) -> Report:
    """Return the report of a demo, however far it came."""
    sections = [_measurements(demo)]
    if demo.comparison is not None:
        sections = [*_compared(demo.comparison), *sections, *_learnt(demo.comparison)]
    if demo.planet is not None:
        sections.insert(1, _planet(demo, demo.planet))
    return Report(
        title="One scenario, executed twice",
        answer=answer_of(demo),
        made=_made(demo),
        sections=(*sections, _scenarios(demo)),
    )


def answer_of(demo: Demo) -> str:
    """Return what the demo found, in a sentence or two."""
    comparison = demo.comparison
    if comparison is None:
        return f"Inconclusive: {demo.why}"
    rows = [r for r in comparison.rows if r.endpoint == NEWSFEED and r.quantile == P99]
    rate = f"{comparison.held_out.scenario.requests_per_s:g} requests/s"
    if not rows:
        return f"Inconclusive: too few newsfeeds were read at {rate}."
    row = rows[0]
    learnt = f"up to {comparison.calibration.rate_max_per_s:g}/s"
    within = "inside" if row.is_expected else "outside"
    return (
        f"At {rate}, a load that the model had not seen (it learnt from loads {learnt}), the"
        f" newsfeed's p99 was measured as {_ms(row.measured_s)} and predicted as"
        f" {_ms(row.predicted_s)}: an error of {row.error:+.0%}. The measured value lies {within}"
        " the range that the model expects of one such run,"
        f" {row.next_run_s.low * 1e3:.0f} to {row.next_run_s.high * 1e3:.0f} ms."
    )


def comparison_table(comparison: Comparison) -> Table:
    """Return measured and predicted quantiles, side by side."""
    judged = verdicts(window_of(comparison.held_out), comparison.predictions[-1])
    return _table([cells_of(row, judged) for row in comparison.rows])


def _compared(comparison: Comparison) -> list[Section]:
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
                    " requests/s, was kept out of the fit. Intervals are of 95 %; `?` stands for an"
                    " end that the evidence cannot place. A verdict is a pass or a miss only if the"
                    " whole interval is on one side of the target."
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
                    " for; a store's is that of its visits, added up."
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


def _lags(lags_s: Any) -> str:
    if not len(lags_s):
        return "no posts"
    q50, q99 = (quantile_interval(lags_s, q) for q in (0.5, 0.99))
    return f"p50 {_ms(q50)}, p99 {_ms(q99)}, {len(lags_s)} posts"


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


def _measurements(demo: Demo) -> Section:
    rows = []
    for measurement in demo.measurements:
        requests = measurement.recording.requests
        counted = requests[requests.intended_s >= measurement.window.since_s]
        verdict = "valid" if measurement.validity.valid else "; ".join(measurement.validity.reasons)
        rows.append(
            {
                "offered": f"{measurement.scenario.requests_per_s:g}/s",
                "requests": len(counted),
                "failed": int((~counted.status.between(200, 299)).sum()),
                "cores used by the services": f"{_cores(measurement_window(measurement)):.2f}",
                "counts": verdict,
            }
        )
    seeded = demo.seeded
    return Section(
        title="What was measured",
        paragraphs=(
            (
                f"{seeded.users:,} people, {seeded.follows:,} follows and {seeded.posts:,} posts"
                f" were seeded ({seeded.rows:,} rows in {seeded.seconds:.1f} s). Load is open:"
                " requests are sent when they are due, and latency runs from that instant. A"
                " measurement whose generator was late, or whose cores were used by others, does"
                " not count, and is repeated once."
            ),
        ),
        table=_table(rows),
    )


def measurement_window(measurement: Any) -> Window:
    """Return the part of a measurement that counts, valid or not."""
    return Window(
        recording=measurement.recording,
        since_s=measurement.window.since_s,
        until_s=measurement.window.until_s,
        idle_share=measurement.background_cpu,
    )


def _cores(window: Window) -> float:
    busy_s = sum(s for station, s in window.busy_s().items() if station != "generator")
    return busy_s / (window.until_s - window.since_s)


def _learnt(comparison: Comparison) -> list[Section]:
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
            table=_table(works),
        ),
        Section(
            title="Do the journeys go where requests went?",
            paragraphs=("Visits per request: those of `Server-Timing` beside those of the model.",),
            table=_table(rows),
        ),
    ]


def _planet(demo: Demo, planet: Prediction) -> Section:
    scenario = planet.scenario
    busy = sorted(planet.busy().items(), key=lambda pair: -pair[1])[:4]
    busiest = ", ".join(f"{station} {share:.0%}" for station, share in busy)
    return Section(
        title=f"{scenario.people.users:,} users, simulated with what was learnt",
        paragraphs=(
            (
                f"{scenario.requests_per_s:,.0f} requests/s at the peak, of which 1/"
                f"{scenario.simulation.slice} of the shards was simulated at full width, with the"
                f" works learnt on this machine. Busiest stations, per member: {busiest}."
            ),
            "This is an extrapolation, in: " + "; ".join(demo.extrapolated) + ". It assumes that a"
            " visit costs there what it cost here, that machines are not shared, and that links"
            " between them take no time.",
        ),
        table=_table([summary_cells_of(row) for row in summary_of_prediction(planet)]),
    )


def _scenarios(demo: Demo) -> Section:
    return Section(
        title="The scenario, resolved",
        paragraphs=("Everything above follows from this file and the seed in it.",),
        listing=resolved_toml(demo.scenario),
    )


def _made(demo: Demo) -> str:
    from model.answers.circumstances import circumstances

    said = circumstances()
    machine = ", ".join(f"{name} {value}" for name, value in said["machine"].items())
    return (
        f"Scenario {demo.scenario.name}, seed {demo.scenario.seed}; revision {said['revision']};"
        f" Python {said['python']}; {machine}."
    )


def _table(rows: Sequence[Mapping[str, object]]) -> Table:
    columns = tuple(rows[0]) if rows else ("nothing",)
    return Table(
        columns=columns, rows=tuple(tuple(_cell(value) for value in row.values()) for row in rows)
    )


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _ms(interval: Interval) -> str:
    return f"{interval.value * 1e3:.0f} ms"


def _share(share: float | None) -> str:
    return "" if share is None else f"±{share:.0%}"
