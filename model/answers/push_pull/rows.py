"""Strategies and thresholds as rows, for the terminal and for Markdown, and the answer in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isinf

from model.answers.digits import digits_of
from model.answers.push_pull.comparison import Compared
from model.answers.push_pull.thresholds import CostCurve, ThresholdCost

COMPARED_COLUMNS = (
    "strategy", "cost a day", "times the optimum", "times push active", "edges pushed",
)  # fmt: skip
CURVE_COLUMNS = (
    "influencer from", "influencers", "copies/s", "lists/page", "cores pushing", "cores pulling",
    "cores", "lag s", "fresh",
)  # fmt: skip

Row = tuple[object, ...]


def compared_rows(strategies: Sequence[Compared]) -> list[Row]:
    """Return a row for each strategy."""
    return [
        (
            each.strategy,
            each.cost_per_day,
            each.over_optimum,
            each.over_push_active,
            each.pushed_share,
        )
        for each in strategies
    ]


def curve_rows(curve: CostCurve) -> list[Row]:
    """Return a row for each threshold, the last for none."""
    return [
        (
            _written(cost),
            cost.influencers,
            cost.copies_per_s,
            cost.lists_per_page,
            cost.push_cores,
            cost.pull_cores,
            cost.cores,
            cost.lag_s,
            cost.lag_s <= curve.fresh_s,
        )
        for cost in curve.costs
    ]


def answer(curve: CostCurve) -> str:
    """Say where the threshold belongs, by cost and by time, and how sure that is."""
    cheapest, advised = curve.cheapest, curve.advised
    said = f"Cheapest at the peak: {_in_words(cheapest)}."
    if advised is None:
        said += f" No threshold brings every post to its followers within {curve.fresh_s:g} s."
    elif advised is cheapest:
        said += f" So every post is with its followers within {curve.fresh_s:g} s."
    else:
        said += (
            f" For every post to be with its followers within {curve.fresh_s:g} s:"
            f" {_in_words(advised)}."
        )
    return f"{said} {_break_even(curve.break_even)}"


def markdown_of(curve: CostCurve) -> str:
    """Return the answer and the curve as Markdown."""
    title = f"# From where on {curve.name} has influencers"
    table = "\n".join(_table(CURVE_COLUMNS, curve_rows(curve)))
    return f"{title}\n\n{answer(curve)}\n\n{table}\n"


def _written(cost: ThresholdCost) -> str:
    return "none" if cost.followers_min is None else str(cost.followers_min)


def _in_words(cost: ThresholdCost) -> str:
    if cost.followers_min is None:
        return f"no influencers ({digits_of(cost.cores, 3)} cores)"
    return (
        f"influencers from {cost.followers_min:,} followers on ({digits_of(cost.cores, 3)} cores)"
    )


def _break_even(times: float) -> str:
    if isinf(times):
        return "Merging on read saves no fan-out here."
    if times <= 1:
        return "By cost alone influencers pay."
    return f"By cost alone influencers pay once pulls are {digits_of(times, 3)} times cheaper."


def _table(columns: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    for row in rows:
        yield f"| {' | '.join(_cell(value) for value in row)} |"


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return digits_of(value, 3) if abs(value) < 1_000 else f"{value:,.0f}"
    return str(value)
