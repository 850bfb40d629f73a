"""`reports/bench.md`: what was measured, side by side in one run, with its spread."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from timing import Ratio, ratios

PATH = Path(__file__).parents[2] / "reports" / "bench.md"
OURS = "compiled engine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """One model that several peers ran, round by round."""

    title: str
    about: str
    request_s: Mapping[str, list[float]]  # seconds per request, of each peer in each round

    def faster(self, than: str, one: str = OURS) -> Ratio:
        """Return how many times as long another peer takes for a request."""
        return ratios(self.request_s, of=than, to=one)

    def table(self) -> list[str]:
        """Return the lines of its section."""
        rows = [
            f"| {name} | {_micro(times)} | {self.faster(name)} |"
            for name, times in sorted(self.request_s.items(), key=lambda item: median(item[1]))
        ]
        head = ["| | µs per request | times the compiled engine |", "|---|---|---|"]
        return [f"## {self.title}", "", self.about, "", *head, *rows, ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Something that must be so, and what was measured of it."""

    text: str
    ratio: Ratio
    at_least: float | None = None
    at_most: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the median is where it must be."""
        low = self.at_least is None or self.ratio.median >= self.at_least
        return low and (self.at_most is None or self.ratio.median <= self.at_most)

    def row(self) -> str:
        """Return its line of the table."""
        bound = f"≥ {self.at_least:g}" if self.at_least is not None else f"≤ {self.at_most:g}"
        return f"| {self.text} | {bound} | {self.ratio} | {'yes' if self.holds else '**no**'} |"


def write(contests: Sequence[Contest], claims: Sequence[Claim]) -> None:
    """Write the report."""
    lines = [
        "# How fast the engines are",
        "",
        "Written by `make bench`: medians of five rounds (least to most), all peers alternated in",
        "each round in a changing order.  Set-up, imports and compiling are not counted.",
        f"{_where()}.",
        "",
        "| | asked | measured | holds |",
        "|---|---|---|---|",
        *(claim.row() for claim in claims),
        "",
        *(line for contest in contests for line in contest.table()),
    ]
    PATH.write_text("\n".join(lines).rstrip() + "\n")


def _micro(times_s: Sequence[float]) -> str:
    low, middle, high = min(times_s) * 1e6, median(times_s) * 1e6, max(times_s) * 1e6
    return f"{middle:.3g} ({low:.3g} to {high:.3g})"


def _where() -> str:
    peers = ", ".join(f"{name} {version(name)}" for name in ("simpy", "numba", "ciw", "cimba"))
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()} {platform.system()},"
        f" Python {platform.python_version()}, {peers}"
    )
