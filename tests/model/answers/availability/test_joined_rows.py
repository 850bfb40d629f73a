from typing import Any

import pytest

from model.answers.availability.joined import InState, Joined, Source
from model.answers.availability.joined_rows import JOINED_COLUMNS, joined_rows, joined_sentences
from model.answers.availability.state_runs import Shortfall
from model.answers.availability.states import State
from model.answers.statistics import Interval


@pytest.fixture
def joined():
    def share(value):
        return Interval(
            value=value, low=value / 2, high=2 * value, confidence=0.95, n=1, method="given"
        )

    def one(name, probability, failing, failed, late):
        return InState(
            state=State(name=name, probability=probability, failing_share=failing),
            source=Source.RUN,
            shortfall=Shortfall(failed=share(failed), late_or_failed=share(late)),
        )

    return Joined(
        in_states=(one("all well", 0.99, 0.0, 0.0, 1e-5), one("gone", 0.01, 0.2, 0.3, 0.4)),
        failed=share(0.003),
        late_or_failed=share(0.00401),
        target=0.99,
    )


def test_states_are_told_with_what_each_loses_and_last_with_all_of_it(joined):
    rows: Any = joined_rows(joined)
    assert all(len(row) == len(JOINED_COLUMNS) for row in rows)
    assert rows[1][:9] == ("gone", 0.01, 0.2, 0.3, 0.15, 0.6, 0.4, 0.2, 0.8)
    assert rows[-1][:4] == ("all", 1.0, pytest.approx(0.002), 0.003)
    assert rows[0][9] + rows[1][9] == pytest.approx(0.0040099 * 525_960)
    assert rows[-1][9] == pytest.approx(0.00401 * 525_960)


def test_minutes_a_year_are_as_uncertain_as_the_share_that_is_late(joined):
    rows: Any = joined_rows(joined)
    for row in rows:
        probability, late, minutes = row[1], row[6:9], row[9:12]
        assert minutes == pytest.approx([probability * share * 525_960 for share in late])


def test_a_program_can_tell_all_columns_apart():
    assert len(set(JOINED_COLUMNS)) == len(JOINED_COLUMNS)


def test_answered_and_in_time_are_told_apart_with_their_verdicts(joined):
    answered, in_time = joined_sentences(joined)
    assert answered == (
        "answered: 99.700 % of all requests (99.400 % to 99.850 %); target 99.00 %: pass"
    )
    assert in_time.startswith("in time: 99.599 %")
