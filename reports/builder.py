"""A report: one HTML file that opens by double click and asks no network for anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.rules.targets import Verdict
from reports.figures import Figure

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Cells as the reader sees them; a cell that is a verdict is coloured as one."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One thing that the report says, with what shows it."""

    title: str
    paragraphs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    table: Table | None = None
    figure: Figure | None = None
    listing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The answer first, then what it rests on; `made` says when, where and from what."""

    title: str
    answer: str
    made: str
    sections: tuple[Section, ...]


def html_of(report: Report) -> str:
    """Return the report as one page."""
    import jinja2

    loader = jinja2.FileSystemLoader(TEMPLATES)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined
    )
    verdicts = {verdict.value for verdict in Verdict}
    return environment.get_template("report.html.j2").render(report=report, verdicts=verdicts)


def table_of(rows: Sequence[Mapping[str, object]]) -> Table:
    """Return the table of rows that have the same keys, which become its columns."""
    columns = tuple(rows[0]) if rows else ("nothing",)
    cells = tuple(tuple(_cell(value) for value in row.values()) for row in rows)
    return Table(columns=columns, rows=cells)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
