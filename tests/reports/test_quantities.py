"""How numbers are written for people."""

import pytest

from model.answers.statistics import Interval
from reports.quantities import seconds_said, share_said, shown


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.5, "50 %"),
        (0.00012345, "0.0123 %"),
        (1.74e-7, "0.0000174 %"),
        (12.345, "1,230 %"),
        (9e-76, "0 %"),
        (0.0, "0 %"),
        (-0.003, "0 %"),
    ],
)
def test_a_share_is_no_less_than_none_and_what_is_next_to_none_is_none(share, said):
    assert share_said(share) == said


@pytest.mark.parametrize(
    ("time_s", "said"),
    [
        (0.0005, "0.5 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1 s"),
        (12.345, "12.3 s"),
        (1720, "1,720 s"),
    ],
)
def test_a_time_has_three_digits_and_no_power_of_ten(time_s, said):
    assert seconds_said(time_s) == said


def test_a_count_of_thousands_is_no_power_of_ten():
    lost = Interval(value=1722.0, low=0.0000846, high=2_013.0, confidence=0.95, n=3, method="t")
    assert shown("lost_writes.post_db.per_year", lost) == "1,720 (0.0000846 to 2,010)"
