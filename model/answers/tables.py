"""How a table is printed: for people, or as JSON or CSV for programs; always on stdout."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Iterable, Sequence
from enum import Enum
from numbers import Integral, Real

from model.answers.digits import digits_of

Cell = str | float | None
PIPE_COLUMNS = 100_000
SIGNIFICANT_DIGITS = 4  # for people; programs get every digit
WHOLE_MIN = 1e4  # from here on people see all digits before the point


class Format(Enum):
    """What `--format` may say."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def print_table(
    rows: Iterable[Sequence[object]],
    columns: Sequence[str],
    format: Format,  # noqa: A002 - the name of the option
) -> None:
    """Print rows of one value per column; None and NaN mean that nothing is known."""
    cells = [[_plain(value) for value in row] for row in rows]
    if any(len(row) != len(columns) for row in cells):
        raise ValueError(f"every row must have one value for each of the columns {columns}")
    if format is Format.JSON:
        print(json.dumps([dict(zip(columns, row, strict=True)) for row in cells], indent=1))  # noqa: T201 - data goes to stdout
    elif format is Format.CSV:
        csv.writer(sys.stdout).writerows([columns, *cells])
    else:
        _print_for_people(cells, columns)


def _plain(value: object) -> Cell:
    """Return what JSON can say: numbers of any library as Python's own, everything else as text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return _plain_number(float(value))
    return str(value.value if isinstance(value, Enum) else value)


def _plain_number(number: float) -> Cell:
    """Return what JSON can say of a number: it knows no infinity."""
    if math.isinf(number):
        return str(number)
    return None if math.isnan(number) else number


def _print_for_people(rows: list[list[Cell]], columns: Sequence[str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for number, column in enumerate(columns):
        is_numeric = any(isinstance(row[number], int | float) for row in rows)
        table.add_column(Text(column), justify="right" if is_numeric else "left")
    for row in rows:
        table.add_row(*(Text(_for_people(cell)) for cell in row))
    # A pipe has no width: whoever reads it wants every row on one line.
    width = None if sys.stdout.isatty() else PIPE_COLUMNS
    Console(file=sys.stdout, width=width).print(table)


def _for_people(cell: Cell) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return digits_of(cell, SIGNIFICANT_DIGITS) if abs(cell) < WHOLE_MIN else f"{cell:,.0f}"
    return str(cell)
