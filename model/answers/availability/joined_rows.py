"""Availability joined to latency as rows and sentences: for the terminal, and for a report."""

from __future__ import annotations

import math

from model.answers.availability.budgets import YEAR_MIN
from model.answers.availability.joined import InState, Joined
from model.answers.availability.rows import written
from model.answers.statistics import Interval

JOINED_COLUMNS = (
    "state", "probability", "on paper", "failed", "late or failed", "from", "to", "lost min/year",
    "how known",
)  # fmt: skip


def joined_rows(answer: Joined) -> list[tuple[object, ...]]:
    """Return which share of requests is lost in each state, and what that costs; last, in all.

    The minutes a year are those of a whole outage that would lose as many.
    """
    on_paper = math.fsum(
        one.state.probability * one.state.failing_share for one in answer.in_states
    )
    lost = answer.late_or_failed
    return [
        *map(_joined_row, answer.in_states),
        ("all", 1.0, on_paper, answer.failed.value, *_with_ends(lost), lost.value * YEAR_MIN, None),
    ]


def joined_sentences(answer: Joined) -> list[str]:
    """Return which share of requests is answered, and in time, and what the target makes of it."""
    return [
        f"{what}: {written(lost.value)} of all requests ({written(lost.high)} to"
        f" {written(lost.low)}); target {written(1 - answer.target)}: {answer.verdict(lost).value}"
        for what, lost in (("answered", answer.failed), ("in time", answer.late_or_failed))
    ]


def _joined_row(one: InState) -> tuple[object, ...]:
    state, lost = one.state, one.shortfall.late_or_failed
    return (
        state.name,
        state.probability,
        state.failing_share,
        one.shortfall.failed.value,
        *_with_ends(lost),
        state.probability * lost.value * YEAR_MIN,
        one.source,
    )


def _with_ends(share: Interval) -> tuple[float, float, float]:
    return share.value, share.low, share.high
