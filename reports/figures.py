"""The plots of a report, each an SVG text and the sentence that says what it shows."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure as Canvas

# Okabe & Ito, "Color Universal Design" (2008): told apart by the colour-blind too.
MEASURED, PREDICTED, TARGET = "#0072B2", "#D55E00", "#555555"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One plot: `svg` to look at, `says` for those who cannot see it."""

    svg: str
    says: str


def latency_curves(levels: pd.DataFrame, targets_s: dict[str, float]) -> Figure:
    """Draw p50 and p99 against the offered rate, measured and predicted, one panel an endpoint.

    `levels` has the columns endpoint, source ("measured" or "predicted"), rate_per_s,
    quantile (0.5, 0.99), value_s, low_s, high_s.
    """
    endpoints = list(dict.fromkeys(levels.endpoint))
    canvas, panels = canvas_of(columns=min(3, len(endpoints)), rows=-(-len(endpoints) // 3))
    for panel, endpoint in zip(panels, endpoints, strict=False):
        _curves(panel, levels[levels.endpoint == endpoint])
        panel.axhline(targets_s[endpoint] * 1e3, color=TARGET, linestyle=":", linewidth=1)
        panel.set(title=endpoint, xlabel="requests/s", yscale="log")
        plain_ticks(panel.yaxis)
    for panel in panels[len(endpoints) :]:
        panel.set_visible(False)
    panels[0].set_ylabel("latency, ms")
    panels[0].legend(fontsize=7, frameon=False)
    return Figure(
        svg=svg_of(canvas),
        says="Latency against offered load, measured (points) and predicted (lines), "
        f"with 95 % intervals, for {', '.join(endpoints)}; the dotted line is the p99 target."
        " An interval without an upper end is drawn up to the point.",
    )


def _curves(panel: Axes, levels: pd.DataFrame) -> None:
    """Draw the four curves of one endpoint."""
    for quantile, style in ((0.5, "--"), (0.99, "-")):
        rows = levels[levels["quantile"] == quantile].sort_values("rate_per_s")
        seen, told = rows[rows.source == "measured"], rows[rows.source == "predicted"]
        percentile = f"p{quantile * 100:g}"
        spread = np.abs(np.vstack([seen.value_s - seen.low_s, seen.high_s - seen.value_s]))
        panel.errorbar(
            seen.rate_per_s, seen.value_s * 1e3, yerr=spread * 1e3, fmt="o", color=MEASURED,
            markersize=4, capsize=2, label=f"{percentile} measured",
        )  # fmt: skip
        panel.plot(
            told.rate_per_s, told.value_s * 1e3, style, color=PREDICTED,
            label=f"{percentile} predicted",
        )  # fmt: skip
        panel.fill_between(
            told.rate_per_s, told.low_s * 1e3, told.high_s * 1e3, color=PREDICTED, alpha=0.2
        )


def waterfall(stations: pd.DataFrame, endpoint: str) -> Figure:
    """Draw the mean time that a request spends at each station, measured beside predicted.

    `stations` has the columns station, measured_s, predicted_s, in the order visited.
    """
    canvas, panels = canvas_of(columns=1, rows=1, width=7.5)
    panel, height = panels[0], 0.38
    places = np.arange(len(stations))
    panel.barh(places - height / 2, stations.measured_s * 1e3, height, color=MEASURED)
    panel.barh(places + height / 2, stations.predicted_s * 1e3, height, color=PREDICTED)
    panel.set_yticks(places, stations.station)
    panel.invert_yaxis()
    panel.set_xlabel("mean time per request, waiting included, ms")
    panel.legend(["measured", "predicted"], fontsize=8, frameon=False)
    longest = stations.station.iloc[int(stations.measured_s.argmax())]
    return Figure(
        svg=svg_of(canvas),
        says=f"Mean time of a {endpoint} request by station; {longest} takes longest, measured.",
    )


def fanout_lag(measured_s: NDArray[np.float64], predicted_s: NDArray[np.float64]) -> Figure:
    """Draw the share of posts delivered to all followers within a time."""
    canvas, panels = canvas_of(columns=1, rows=1, width=7.5)
    for lags_s, color, label in (
        (measured_s, MEASURED, "measured"),
        (predicted_s, PREDICTED, "predicted"),
    ):
        ordered_s = np.sort(lags_s)
        share = np.arange(1, len(ordered_s) + 1) / max(1, len(ordered_s))
        panels[0].step(ordered_s * 1e3, share, where="post", color=color, label=label)
    panels[0].set(xlabel="from the post's event to its last delivery, ms", ylabel="share of posts")
    if min(len(measured_s), len(predicted_s)):
        panels[0].set_xscale("log")
        plain_ticks(panels[0].xaxis)
    panels[0].legend(fontsize=8, frameon=False)
    return Figure(
        svg=svg_of(canvas),
        says=f"Fan-out lag of {len(measured_s)} measured and {len(predicted_s)} predicted posts.",
    )


def canvas_of(*, columns: int, rows: int, width: float = 9.5) -> tuple[Canvas, list[Axes]]:
    """Return an empty drawing with its panels, row by row."""
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(width, 2.9 * rows), layout="constrained")
    grid = canvas.subplots(rows, columns, squeeze=False)
    panels = [panel for line in grid for panel in line]
    for panel in panels:
        panel.grid(visible=True, alpha=0.25)
        panel.spines[["top", "right"]].set_visible(False)
    return canvas, panels


def plain_ticks(axis: Axis) -> None:
    """Write the ticks of a logarithmic axis as people write numbers: 10, 20, 50, 100."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())


def svg_of(canvas: Canvas) -> str:
    """Return the drawing as text that can stand inside a page."""
    from matplotlib import rc_context

    text = io.StringIO()
    # The salt makes the ids inside the drawing, and so the file, the same every time.
    with rc_context({"svg.hashsalt": "feedtwin"}):
        canvas.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()[text.getvalue().index("<svg") :]
