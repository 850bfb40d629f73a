"""Figures: what a formula says is what was reckoned, and what is not known says so."""

import math

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from model.answers.sizing.figures import (
    conversion,
    difference,
    given,
    largest,
    least,
    product,
    rounded_up,
    said,
    total,
    total_spelled,
    unknown,
)

POSTS = given(4_400, "posts/s", "traffic.mix.post")
SIZE = given(2.5e6, "B an image", "people.image_size", source="scenario; assumption: phones")
DAY = conversion(86_400, "s a day")
LOST = unknown("pages", "pages/s", "nobody counted them")


def test_a_product_says_its_factors_and_is_their_product():
    stored = product("originals", "B/day", POSTS, SIZE, DAY)
    assert stored.value == 4_400 * 2.5e6 * 86_400
    assert stored.formula == "4,400 posts/s × 2.5 MB an image × 86,400 s a day"  # noqa: RUF001
    assert stored.said == "950.4 TB/day"


def test_a_figure_rests_on_all_that_its_parts_rest_on_once_each():
    stored = product("originals", "B/day", POSTS, SIZE, DAY)
    assert stored.sources == ("scenario", "assumption: phones")


def test_a_quotient_says_what_it_is_divided_by():
    each = product("posts", "posts/s", POSTS, over=(given(4, "shards", "fleet"),))
    assert (each.value, each.formula) == (1_100, "4,400 posts/s ÷ 4 shards")


def test_nothing_is_divided_by_nothing():
    with pytest.raises(ValueError, match="posts: cannot be divided by 0"):
        product("posts", "posts/s", POSTS, over=(given(0, "shards", "fleet"),))


def test_a_sum_says_its_parts_or_their_formulas():
    one = product("", "B", POSTS, SIZE)
    assert total("", "B", one, one).formula == "11 GB + 11 GB"
    spelled = total_spelled("", "B", one, one)
    assert spelled.formula == f"{one.formula} + {one.formula}"
    assert spelled.value == 2 * one.value


def test_a_sum_of_nothing_is_nothing():
    assert (total("", "B").value, total("", "B").formula) == (0, "nothing")
    assert (total_spelled("", "B").value, total_spelled("", "B").formula) == (0, "nothing")


def test_least_largest_and_difference_choose_as_they_say():
    one, two = given(1, "members", "a"), given(2, "members", "b")
    assert least("", "members", one, two).value == 1
    assert largest("", "members", one, two).value == 2
    assert largest("", "members", one, two).formula == "the largest of 1 members (a), 2 members (b)"
    assert difference("", "members", one, two).value == -1


@pytest.mark.parametrize(
    "made",
    [
        product("x", "B", POSTS, LOST),
        product("x", "B", POSTS, over=(LOST,)),
        total("x", "B", POSTS, LOST),
        total_spelled("x", "B", POSTS, LOST),
        largest("x", "B", POSTS, LOST),
        least("x", "B", POSTS, LOST),
        difference("x", "B", POSTS, LOST),
        rounded_up(LOST),
    ],
)
def test_what_is_made_of_something_unknown_is_not_known_for_the_same_reason(made):
    assert not made.is_known
    assert made.said == "not known"
    assert made.formula == "not known: nobody counted them"


def test_rounding_up_does_not_count_rounding_errors():
    almost = product("", "members", given(0.1, "", "a"), given(3, "", "b"), given(10, "", "c"))
    assert almost.value > 3
    assert rounded_up(almost).value == 3
    assert rounded_up(given(3.01, "members", "a")).value == 4


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (1e9, "users", "1 billion users"),
        (86_400, "s a day", "86,400 s a day"),
        (0.0015, "s", "1.5 ms"),
        (0, "B", "0 B"),
        (999.96, "B/s", "1,000 B/s"),
        (2e18, "B", "2 EB"),
        (-3e6, "B", "-3 MB"),
        (1.5e12, "copies", "1.5 trillion copies"),
        (54_422_687_425_150, "B", "54.42 TB"),
        (0.00004213, "of all", "0.00004213 of all"),
    ],
)
def test_values_are_written_as_people_write_them(value, unit, written):
    assert said(value, unit) == written


@drawn(st.floats(min_value=1e-6, max_value=1e20))
def test_what_is_written_is_right_to_four_digits(value):
    number, _, prefix = said(value, "B").rpartition(" ")
    scale = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}[prefix[:-1]]
    assert math.isclose(float(number.replace(",", "")) * scale, value, rel_tol=6e-4)
