from typing import Any

import pytest

from model.answers.availability import (
    REPORT_COLUMNS,
    STATE_COLUMNS,
    SUMMARY_COLUMNS,
    availability_of,
    report_rows,
    state_rows,
    states_of,
    summary_rows,
    system_of,
)
from model.answers.availability.rows import written
from model.rules.targets import Verdict


@pytest.fixture
def scenario(quiet):
    incidents = {"per_year": 20, "lasting": "5 min"}
    mix = {"newsfeed": 0.5, "follow": 0.5}
    return quiet(
        years=1_000, mix=mix, incidents=incidents, server={"every": "365 d", "repair": "2 h"}
    )


def test_a_summary_has_all_requests_each_kind_and_time(scenario):
    rows: Any = summary_rows(availability_of(scenario))
    assert [row[0] for row in rows[:3]] == ["all", "newsfeed", "follow"]
    assert "nothing alone fails more than 0.01" in str(rows[3][0])
    assert all(len(row) == len(SUMMARY_COLUMNS) for row in rows)
    assert rows[0][-1] is Verdict.MISS
    assert rows[0][-2] == "99.9900 %"


def test_ends_are_written_the_lower_first(scenario):
    first: Any = summary_rows(availability_of(scenario))[0]
    _, answered, low, high, *_ = first
    assert low < answered < high


def test_a_report_has_minutes_of_each_cause_that_add_up(scenario):
    answer = availability_of(scenario)
    rows: Any = report_rows(answer)
    assert all(len(row) == len(REPORT_COLUMNS) for row in rows)
    assert sum(row[1] for row in rows) == pytest.approx(answer.outage_minutes_per_year)
    assert sum(row[4] for row in rows) == pytest.approx(1)
    incidents = next(row for row in rows if row[0] == "incidents")
    assert incidents[1] == pytest.approx(100, rel=0.05)
    assert incidents[2] < incidents[1] < incidents[3]


def test_states_last_a_year_together(scenario):
    rows: Any = state_rows(states_of(system_of(scenario)))
    assert all(len(row) == len(STATE_COLUMNS) for row in rows)
    assert sum(row[1] for row in rows) == pytest.approx(525_960)


@pytest.mark.parametrize(
    ("lost", "text"),
    [(0.0, "100 %"), (0.25, "75.00 %"), (0.00013, "99.9870 %"), (1.0, "0.00 %"), (-0.0, "100 %")],
)
def test_availability_is_written_with_the_nines_that_matter(lost, text):
    assert written(lost) == text
