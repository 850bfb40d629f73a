"""An answer about availability as rows: for the terminal, and for a report."""

from __future__ import annotations

import math

from model.answers.availability.budgets import YEAR_MIN, Availability
from model.answers.availability.states import State
from model.answers.statistics import Interval

SUMMARY_COLUMNS = ("requests", "answered", "from", "to", "lost min/year", "target", "verdict")
REPORT_COLUMNS = ("cause", "min/year", "from", "to", "share of all", "on paper")
STATE_COLUMNS = ("state", "min/year", "failing")
_ROUNDING = 1e-9  # so that 1 - 0.9999 is not below 0.0001


def summary_rows(answer: Availability) -> list[tuple[object, ...]]:
    """Return what is answered of all requests and of each kind, and when all is well.

    The minutes are those in which the rest would be lost, and are as uncertain as that.
    """
    kinds = sorted(answer.lost_by.items(), key=lambda item: -item[1].value)
    target = written(1 - answer.target)
    return [
        ("all", *_answered(answer.lost), target, answer.verdict),
        *((endpoint.value, *_answered(lost), None, None) for endpoint, lost in kinds),
        (_well_name(answer), *_ends(answer.well), (1 - answer.well.value) * YEAR_MIN, None, None),
    ]


def report_rows(answer: Availability) -> list[tuple[object, ...]]:
    """Return what each cause costs in minutes a year of a whole outage, the largest first.

    What is on paper is reckoned from what the scenario says, and has no interval.  The share is
    that of the values, to sort by: it is as uncertain as they are.
    """
    total = answer.lost.value
    return [
        (
            cost.cause,
            cost.minutes_per_year,
            cost.lost.low * YEAR_MIN,
            cost.lost.high * YEAR_MIN,
            cost.lost.value / total if total else 0.0,
            cost.on_paper * YEAR_MIN,
        )
        for cost in answer.costs
    ]


def state_rows(states: list[State]) -> list[tuple[object, ...]]:
    """Return how long a year each state lasts, and which share of requests fails in it.

    Both are reckoned from what the scenario says, and have no interval.
    """
    return [(s.name, s.probability * YEAR_MIN, s.failing_share) for s in states]


def written(lost: float) -> str:
    """Return the share that is not lost in per cent, with as many nines as can be told apart.

    >>> written(0.00013), written(0.25), written(0.0)
    ('99.9870 %', '75.00 %', '100 %')
    """
    if lost <= 0:
        return "100 %"
    decimals = max(2, 2 - math.floor(math.log10(100 * lost) + _ROUNDING))
    return f"{100 * (1 - lost):.{min(decimals, 12)}f} %"


def _answered(lost: Interval) -> tuple[object, ...]:
    ends = (written(lost.value), written(lost.high), written(lost.low))
    return (*ends, lost.value * YEAR_MIN)


def _ends(well: Interval) -> tuple[str, str, str]:
    value, low, high = (written(1 - share) for share in (well.value, well.low, well.high))
    return value, low, high


def _well_name(answer: Availability) -> str:
    return f"time in which nothing alone fails more than {answer.felt_min:.3g} of all"
