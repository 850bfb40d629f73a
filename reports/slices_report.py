"""The report on slices: answers to some questions in a slice of the fleet, and in finer ones."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from model.answers.asked import Question
from model.answers.expectations import BASE
from model.answers.numbers import ALL, ENDPOINTS, is_share
from model.answers.trends import (
    BY_CHANCE,
    Trend,
    agreement_of,
    by_chance_max,
    differing,
    unjudged,
)
from model.world.scenario import Scenario
from reports.quantities import shown, table
from reports.scenario_report import fingerprint_of

TOLD = ("p50", "p95", "p99", "failed")  # of each request, and of what a post begins
LAGS = ("lag.fanout", "lag.celebrity")
BUSY_MIN = 0.05  # stations that are less busy are not shown
PLAIN_COLUMNS = ("number", "slice", "value", "low", "high", "chance", "agree")

HEAD = f"""# Slices

A large fleet is simulated as one of k parts (decision 0028).  Here the same question is put to a
part, to one twice and to one four times as large: k, k/2 and k/4.  If slices are right, the answer
is the same within its intervals.

Every number of the answer is compared, with the finest slice and by Welch's test.  There are many,
so some differ by chance: slices disagree where one differs so much that it would by chance in one
question of {1 / BY_CHANCE:.0f} (Bonferroni).  How busy the busiest member is, is left out: it is
that of fewer members.  The tables show requests, fan-out, busy stations and what the scenario
expects; all else is counted.  What cannot be judged is named below them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A question, and what each slice says to it."""

    file: Path
    question: Question
    scenario: Scenario
    trends: Sequence[Trend]

    @property
    def expected(self) -> list[str]:
        """The numbers that are expected of the scenario itself, or that these are compared with."""
        own = [each for each in self.scenario.expect if each.variant in ("", BASE)]
        return list(dict.fromkeys(name for each in own for name in (each.that, each.of) if name))


def slices_report(compared: Sequence[Compared]) -> str:
    """Return the report as Markdown, bound to the content of the scenarios' files."""
    made = "\n".join(f"`{each.file.name}`, {fingerprint_of(each.file)}" for each in compared)
    sections = (HEAD, _outcomes(compared), *map(_section, compared), f"## Scenarios\n\n{made}")
    return "\n\n".join(sections) + "\n"


def rows_of(trends: Sequence[Trend], expected: Collection[str] = ()) -> list[list[str]]:
    """Return the numbers to be told that can be judged, and all that disagree, a row each.

    To be told are requests, fan-out, busy stations, and what is `expected`.
    """
    agreement = agreement_of(trends)
    wrong = {trend.number for trend in differing(trends)}
    return [
        [
            trend.number,
            *(shown(trend.number, interval) for interval in trend.found),
            _difference(trend),
            f"{trend.chance:.2g}",
            agreement[trend.number],
        ]
        for trend in trends
        if isfinite(trend.chance)
        and (_is_told(trend) or trend.number in wrong or trend.number in expected)
    ]


def not_judged(each: Compared) -> list[str]:
    """Return a sentence for each reason for which numbers are not judged, with their names."""
    left = unjudged(each.trends, each.expected)
    return [f"Not judged: {', '.join(names)}: {why}." for why, names in left.items()]


def columns_of(trends: Sequence[Trend]) -> list[str]:
    """Return what the rows show."""
    return ["number", *(f"1/{n}" for n in trends[0].slices), "differs", "chance", "agree"]


def plain_rows(trends: Sequence[Trend]) -> list[list[object]]:
    """Return every number of every slice, a row each (PLAIN_COLUMNS), for programs."""
    agreement = agreement_of(trends)
    return [
        [t.number, n, found.value, found.low, found.high, t.chance, agreement[t.number]]
        for t in trends
        for n, found in zip(t.slices, t.found, strict=True)
    ]


def _outcomes(compared: Sequence[Compared]) -> str:
    columns = ("question", "slices", "numbers", "judged", "chance below 5 %", "disagree")
    return table(columns, [_outcome(each) for each in compared])


def _outcome(each: Compared) -> list[str]:
    judged = [trend for trend in each.trends if isfinite(trend.chance)]
    rare = sum(trend.chance < BY_CHANCE for trend in judged)
    return [
        each.file.stem,
        ", ".join(str(n) for n in each.trends[0].slices),
        str(len(each.trends)),
        str(len(judged)),
        f"{rare} (up to {by_chance_max(judged)} by chance)",
        ", ".join(trend.number for trend in differing(judged)) or "none",
    ]


def _section(each: Compared) -> str:
    runs, said = each.scenario.simulation, each.question
    made = (
        f"{runs.replications} replications of {runs.duration:g} s after {runs.warmup:g} s of"
        f" warm-up; the people of seed {each.scenario.seed}, and luck of its own for each slice."
    )
    lines = [
        f"## {each.file.stem}",
        f"**Question.** {said.question}",
        f"**Expected.** {said.expected}",
        *([f"**Found.** {said.found}"] if said.found else []),
        made,
        table(columns_of(each.trends), rows_of(each.trends, each.expected)),
        *not_judged(each),
    ]
    return "\n\n".join(lines)


def _difference(trend: Trend) -> str:
    """Return by how much the coarsest slice differs: of shares in points, of the rest in %."""
    if is_share(trend.number):
        return f"{100 * trend.differs:+.2g} points"
    finest = trend.found[-1].value
    return f"{100 * trend.differs / finest:+.2g} %" if finest else "-"


def _is_told(trend: Trend) -> bool:
    number = trend.number
    if number.startswith("busy."):
        return trend.found[-1].value >= BUSY_MIN
    return any(number.startswith(f"{name}.{what}") for name in _names(number) for what in TOLD)


def _names(number: str) -> Iterator[str]:
    """Yield the names of requests, and of what they begin, that the report tells of."""
    yield from ENDPOINTS
    yield ALL
    if number.startswith(LAGS):
        yield ".".join(number.split(".")[:2])
