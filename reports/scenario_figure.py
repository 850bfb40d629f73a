"""The plot of a scenario's report: how it went while things happened, or else how slow all was."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from pathlib import Path

from matplotlib.axes import Axes

from model.answers.questions import Answer, Variant
from model.answers.statistics import Interval
from model.world.scenario import Endpoint, Event
from reports.figures import TARGET, Figure, canvas_of, plain_ticks, svg_of
from reports.folders import put

FIGURES = "figures"  # the folder of plots, beside the reports

# Okabe & Ito, "Color Universal Design" (2008): told apart by the colour-blind too.
COLOURS = ("#000000", "#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES = ("-", "--", ":")  # once colours begin anew
ENDPOINTS_MAX = 3  # those that are asked most


def plotted(answer: Answer, report: Path) -> str:
    """Draw an answer into the folder of figures beside its report; return the report's section."""
    figure = scenario_figure(answer)
    if figure is None:
        return ""
    plot = report.parent / FIGURES / f"{report.stem}.svg"
    put(plot, figure.svg)
    return f"![{figure.says}]({FIGURES}/{plot.name})\n\n{figure.says}"


def scenario_figure(answer: Answer) -> Figure | None:
    """Return what an answer looks like; None if nobody was answered."""
    courses = [variant for variant in answer.variants if variant.simulated.course]
    return _over_time(courses) if courses else _p99s(answer.variants)


def _over_time(variants: Sequence[Variant]) -> Figure:
    """Draw which share of those who came at each instant was late or had no answer."""
    canvas, [panel] = canvas_of(columns=1, rows=1)
    for number, variant in enumerate(variants):
        course, (colour, dash) = variant.simulated.course, _style(number)
        middles_s = [(stretch.since_s + stretch.until_s) / 2 for stretch in course]
        shares = [100 * stretch.late.value for stretch in course]
        panel.plot(middles_s, shares, dash, color=colour, label=variant.name, linewidth=1.3)
        low, high = zip(*((100 * s.late.low, 100 * s.late.high) for s in course), strict=True)
        panel.fill_between(middles_s, low, high, color=colour, alpha=0.12, linewidth=0)
    for since_s, until_s in _spans(variants[0]):
        panel.axvspan(since_s, until_s, color=TARGET, alpha=0.12, linewidth=0)
    panel.set(xlabel="seconds after the warm-up", ylabel="late or failed, %")
    panel.legend(fontsize=7, frameon=False)
    return Figure(
        svg=svg_of(canvas),
        says="Share of requests that were late or failed, by when they came, with 95 % intervals;"
        f" shaded: what happens in {variants[0].name}.",
    )


def _spans(variant: Variant) -> list[tuple[float, float]]:
    """Return when each event begins and ends, in seconds after the warm-up."""
    end_s = variant.scenario.simulation.duration
    return [(event.at, min(end_s, _until_s(event, end_s))) for event in variant.scenario.events]


def _until_s(event: Event, end_s: float) -> float:
    lasts = getattr(event, "lasts", end_s / 100)  # an instant, wide enough to be seen
    return end_s if lasts is None else event.at + float(lasts)


def _p99s(variants: Sequence[Variant]) -> Figure | None:
    """Draw the p99 of what is asked most, a line for each variant, beside its target."""
    mix = variants[0].scenario.traffic.mix
    known = [e for e in Endpoint if any(f"{e.value}.p99" in v.numbers for v in variants)]
    endpoints = sorted(known, key=lambda endpoint: -mix.get(endpoint, 0.0))[:ENDPOINTS_MAX]
    if not endpoints:
        return None
    canvas, panels = canvas_of(columns=len(endpoints), rows=1)
    for panel, endpoint in zip(panels, endpoints, strict=True):
        _p99s_of(panel, endpoint, variants)
    for panel in panels[1:]:
        panel.set_yticklabels([])
    return Figure(
        svg=svg_of(canvas),
        says="p99 of each variant with its 95 % interval; the dotted line is the target. An"
        " interval without an upper end is drawn up to the point.",
    )


def _p99s_of(panel: Axes, endpoint: Endpoint, variants: Sequence[Variant]) -> None:
    for number, variant in enumerate(variants):
        p99 = variant.numbers.get(f"{endpoint.value}.p99")
        if p99 is not None and isfinite(p99.value):
            spread = [[1e3 * (p99.value - p99.low)], [1e3 * (_high(p99) - p99.value)]]
            panel.errorbar(
                1e3 * p99.value, number, xerr=spread, fmt="o", color=_style(number)[0], capsize=3
            )
    target_s = variants[0].scenario.targets.p99_of(endpoint)
    panel.axvline(1e3 * target_s, color=TARGET, linestyle=":", linewidth=1)
    panel.set(title=endpoint.value, xlabel="p99, ms", xscale="log")
    panel.set_yticks(range(len(variants)), [variant.name for variant in variants])
    panel.set_ylim(len(variants) - 0.5, -0.5)
    plain_ticks(panel.xaxis)


def _high(interval: Interval) -> float:
    return interval.high if isfinite(interval.high) else interval.value


def _style(number: int) -> tuple[str, str]:
    turns, place = divmod(number, len(COLOURS))
    return COLOURS[place], DASHES[turns % len(DASHES)]
