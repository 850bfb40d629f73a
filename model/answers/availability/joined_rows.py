"""Availability joined to latency as rows and sentences: for the terminal, and for a report."""

from __future__ import annotations

import math
from collections.abc import Iterator

from model.answers.availability.budgets import YEAR_MIN
from model.answers.availability.joined import InState, Joined
from model.answers.availability.rows import written
from model.answers.statistics import Interval

JOINED_COLUMNS = (
    "state", "probability", "on paper", "failed", "failed from", "failed to",
    "late or failed", "late from", "late to", "lost min/year", "lost from", "lost to", "how known",
)  # fmt: skip


def joined_rows(answer: Joined) -> list[tuple[object, ...]]:
    """Return which share of requests is lost in each state, and what that costs; last, in all.

    The minutes a year are those of a whole outage that would lose as many.  How likely a state is,
    and what fails on paper, is reckoned from what the scenario says and has no interval; but for
    the load that instances have, which the run with all well was found to give them.
    """
    on_paper = math.fsum(
        one.state.probability * one.state.failing_share for one in answer.in_states
    )
    shares = _told(answer.failed, answer.late_or_failed, probability=1.0)
    return [*map(_joined_row, answer.in_states), ("all", 1.0, on_paper, *shares, None)]


def joined_sentences(answer: Joined) -> list[str]:
    """Return which share of requests is answered, and in time, and what the target makes of it."""
    return [
        f"{what}: {written(lost.value)} of all requests ({written(lost.high)} to"
        f" {written(lost.low)}); target {written(1 - answer.target)}: {answer.verdict(lost).value}"
        for what, lost in (("answered", answer.failed), ("in time", answer.late_or_failed))
    ]


def _joined_row(one: InState) -> tuple[object, ...]:
    state, lost = one.state, one.shortfall
    shares = _told(lost.failed, lost.late_or_failed, probability=state.probability)
    return (state.name, state.probability, state.failing_share, *shares, one.source)


def _told(failed: Interval, late: Interval, *, probability: float) -> Iterator[float]:
    """Yield both shares, and what is late as minutes a year, each with its ends."""
    year_min = probability * YEAR_MIN
    for share, unit in ((failed, 1.0), (late, 1.0), (late, year_min)):
        yield from (share.value * unit, share.low * unit, share.high * unit)
