"""How available a fleet is over the years: what fails, what that costs, and what it needs.

`components` says what there is, `needs` what requests need, `outages` and `counts` what happens
to it, `unanswered` and `parts` which requests then fail, `losses` and `years` how many of all
years; `budgets` has the answer, `closed_forms` the rulers.  `states` are what a run can be in,
`state_runs` are such runs, and `joined` is how many requests are answered in time
(`joined_rows`): these simulate, and are imported by themselves.
"""

from __future__ import annotations

from model.answers.availability.budgets import Availability, Cost, availability_of, on_paper
from model.answers.availability.components import System, system_of
from model.answers.availability.rows import (
    REPORT_COLUMNS,
    STATE_COLUMNS,
    SUMMARY_COLUMNS,
    report_rows,
    state_rows,
    summary_rows,
)
from model.answers.availability.states import State, answered_well, states_of

__all__ = [
    "REPORT_COLUMNS",
    "STATE_COLUMNS",
    "SUMMARY_COLUMNS",
    "Availability",
    "Cost",
    "State",
    "System",
    "answered_well",
    "availability_of",
    "on_paper",
    "report_rows",
    "state_rows",
    "states_of",
    "summary_rows",
    "system_of",
]
