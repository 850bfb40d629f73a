"""Numbers with their intervals as people read them, and tables of them in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from model.answers.digits import digits_of
from model.answers.numbers import is_count, is_share
from model.answers.statistics import Interval

SHARE_MIN = 1e-8  # of all requests, one in a hundred million
DIGITS = 3
ALL_DIGITS_S, ROUNDS_TO_1_S = 999.5, 0.9995  # from here on all digits before the point, and s

TIMES = (".before", ".during", ".after")  # of numbers.windows_of

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


def over_time(numbers: Mapping[str, Interval], name: str) -> Iterator[str]:
    """Yield a number of all of a run, and of what was before, during and after what happened."""
    for time in ("", *TIMES):
        yield shown(name, numbers.get(name + time))


def _ends(name: str, interval: Interval) -> str:
    return f"{_quantity(name, interval.low)} to {_quantity(name, interval.high)}"


def _quantity(name: str, value: float) -> str:
    if abs(value) == float("inf"):
        return "?"
    if is_count(name):
        return digits_of(value, DIGITS)
    return share_said(value) if is_share(name) else seconds_said(value)


def share_said(share: float) -> str:
    """Return three digits of a share in %; no share is less than none, nor told from it if tiny."""
    return f"{digits_of(100 * share, DIGITS)} %" if share >= SHARE_MIN else "0 %"


def seconds_said(value: float) -> str:
    """Return three digits, and all that stand before the point."""
    if value >= ALL_DIGITS_S:
        return f"{value:,.0f} s"
    if value < ROUNDS_TO_1_S:
        return f"{digits_of(value * 1e3, DIGITS)} ms"
    return f"{digits_of(value, DIGITS)} s"
