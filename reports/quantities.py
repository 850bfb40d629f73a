"""Numbers with their intervals as people read them, and tables of them in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from model.answers.numbers import is_count, is_share
from model.answers.statistics import Interval

ALL_DIGITS_S, ROUNDS_TO_1_S = 999.5, 0.9995  # where three digits would become a power of ten

Row = Sequence[str]


def table(columns: Row, rows: Sequence[Row]) -> str:
    """Return a Markdown table; a bar inside a cell is escaped."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(
        "| " + " | ".join(c.replace("|", "\\|") for c in line) + " |" for line in lines
    )


def shown(name: str, interval: Interval | None) -> str:
    """Return a number with its interval, as people read it: shares in %, times in ms or s."""
    if interval is None:
        return "-"
    return f"{_quantity(name, interval.value)} ({_ends(name, interval)})"


def _ends(name: str, interval: Interval) -> str:
    return f"{_quantity(name, interval.low)} to {_quantity(name, interval.high)}"


def _quantity(name: str, value: float) -> str:
    if abs(value) == float("inf"):
        return "?"
    if is_count(name):
        return f"{value:.3g}"
    return f"{100 * value:.3g} %" if is_share(name) else seconds_said(value)


def seconds_said(value: float) -> str:
    """Return three digits, and all that stand before the point."""
    if value >= ALL_DIGITS_S:
        return f"{value:,.0f} s"
    return f"{value * 1e3:.3g} ms" if value < ROUNDS_TO_1_S else f"{value:.3g} s"
