"""How people read the digits of a number."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.answers.digits import TINY, digits_of


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (1723.4, "1,720"),
        (999.7, "1,000"),
        (54_422_687_425_150, "54,400,000,000,000"),
        (0.0000846, "0.0000846"),
        (-1723.4, "-1,720"),
        (0.25, "0.25"),
        (20.0, "20"),
        (0.0, "0"),
        (math.inf, "inf"),
    ],
)
def test_numbers_have_three_digits_and_thousands_are_parted(value, written):
    assert digits_of(value, 3) == written


@given(st.floats(min_value=TINY, max_value=1e20))
def test_no_number_that_people_can_count_is_a_power_of_ten_and_each_is_right(value):
    written = digits_of(value, 4)
    assert "e" not in written
    assert float(written.replace(",", "")) == pytest.approx(value, rel=5.1e-4)


def test_what_is_next_to_nothing_is_a_power_of_ten():
    assert digits_of(3.507e-78, 3) == "3.51e-78"
