"""A run in words: the report that lies in its folder, made from its result.json alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

COLUMNS = ("endpoint", "n", "failed", "per s", "p50 ms", "p95 ms", "p99 ms", "target ms", "verdict")
READING = (
    "Latency runs from the instant at which a request was due. Intervals are of 95 %; `?` stands"
    " for an end that the evidence cannot place."
)


def markdown_of(result: Mapping[str, Any]) -> str:
    """Return the report of a run: what was found, whether it counts, what it was done with."""
    machine = ", ".join(f"{name} {value}" for name, value in result["machine"].items())
    made = (
        f"{result['started']} to {result['ended']}; seed {result['seed']};"
        f" revision {result['revision']}; Python {result['python']}; {machine}."
    )
    heading = [f"# {result['scenario']}, {result['kind']}", "", made, ""]
    table = _table(result.get("summary", ()))
    return "\n".join([*heading, *_caveats(result), *table, "", READING]) + "\n"


def _caveats(result: Mapping[str, Any]) -> list[str]:
    """Return what must be read before the numbers."""
    invalid = [f"**Invalid:** {r}." for r in result.get("validity", {}).get("reasons", ())]
    outside = [f"**Extrapolated:** {sentence}." for sentence in result.get("extrapolated", ())]
    notes = [f"Note: {note}." for note in result.get("notes", ())]
    said = [*invalid, *outside, *notes]
    return [line for sentence in said for line in (sentence, "")]


def _table(summary: Sequence[Mapping[str, Any]]) -> list[str]:
    if not summary:
        return ["No request was answered."]
    head = [f"| {' | '.join(COLUMNS)} |", "|" + "---|" * len(COLUMNS)]
    return [*head, *(f"| {' | '.join(_cells(row))} |" for row in summary)]


def _cells(row: Mapping[str, Any]) -> list[str]:
    quantiles = [
        f"{_ms(row[f'{name}_s'])} ({_ms(row[f'{name}_low_s'])} to {_ms(row[f'{name}_high_s'])})"
        for name in ("p50", "p95", "p99")
    ]
    counts = [str(row["n"]), str(row["failed"]), f"{row['rate_per_s']:.4g}"]
    return [row["endpoint"], *counts, *quantiles, _ms(row["target_p99_s"]), row["verdict"]]


def _ms(seconds: float | None) -> str:
    return "?" if seconds is None else f"{seconds * 1e3:.1f}"
