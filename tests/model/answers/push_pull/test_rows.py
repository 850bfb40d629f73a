"""Tables of strategies and thresholds, and the answer in words."""

import pytest

from model.answers.push_pull import CostCurve, Costs, ThresholdCost, compared
from model.answers.push_pull.rows import (
    COMPARED_COLUMNS,
    CURVE_COLUMNS,
    answer,
    compared_rows,
    curve_rows,
    markdown_of,
)
from model.answers.tables import Format, print_table


def cost(followers_min, *, push, pull, lag_s):
    return ThresholdCost(
        followers_min=followers_min,
        influencers=3.0,
        copies_per_s=4_000.0,
        lists_per_page=1.25,
        push_cores=push,
        pull_cores=pull,
        lag_s=lag_s,
    )


LOW = cost(1_000, push=8.0, pull=16.0, lag_s=0.5)
NONE = cost(None, push=10.0, pull=0.0, lag_s=30.0)


def curve(*costs, fresh_s=5.0):
    return CostCurve(name="some", fresh_s=fresh_s, costs=costs)


@pytest.mark.parametrize("form", Format)
def test_both_tables_can_be_printed_for_people_and_programs(drawn, form, capsys):
    print_table(curve_rows(curve(LOW, NONE)), CURVE_COLUMNS, form)
    print_table(compared_rows(compared(drawn(6, edges=60), Costs(), 9)), COMPARED_COLUMNS, form)
    printed = capsys.readouterr().out
    assert "none" in printed
    assert "hybrid 9" in printed


def test_every_threshold_has_a_row_that_says_whether_posts_are_fresh():
    assert curve_rows(curve(LOW, NONE)) == [
        ("1000", 3.0, 4_000.0, 1.25, 8.0, 16.0, 24.0, 0.5, True),
        ("none", 3.0, 4_000.0, 1.25, 10.0, 0.0, 10.0, 30.0, False),
    ]


def test_the_answer_says_what_is_cheapest_what_is_fresh_and_how_sure_that_is():
    assert answer(curve(LOW, NONE)) == (
        "Cheapest at the peak: no influencers (10 cores). For every post to be with its followers"
        " within 5 s: influencers from 1,000 followers on (24 cores). By cost alone influencers"
        " pay once pulls are 8 times cheaper."
    )


def test_the_answer_says_thousands_of_cores_as_such():
    dear = cost(1_000, push=1_000.0, pull=1_512.0, lag_s=0.5)
    assert "influencers from 1,000 followers on (2,510 cores)" in answer(curve(dear))


def test_the_answer_says_if_the_cheapest_is_fresh():
    assert "So every post is with its followers within 60 s." in answer(
        curve(LOW, NONE, fresh_s=60.0)
    )


def test_the_answer_says_if_no_threshold_is_fresh():
    assert "No threshold brings every post to its followers within 0.1 s." in answer(
        curve(LOW, NONE, fresh_s=0.1)
    )


def test_the_answer_says_if_influencers_pay_or_save_nothing():
    assert "By cost alone influencers pay." in answer(
        curve(cost(1_000, push=2.0, pull=4.0, lag_s=1.0), NONE)
    )
    assert "Merging on read saves no fan-out here." in answer(curve(NONE))


def test_the_markdown_holds_the_answer_and_a_row_for_each_threshold():
    text = markdown_of(curve(LOW, NONE))
    assert text.startswith(f"# From where on some has influencers\n\n{answer(curve(LOW, NONE))}\n")
    assert "| 1000 | 3 | 4,000 | 1.25 | 8 | 16 | 24 | 0.5 | yes |" in text
    assert "| none | 3 | 4,000 | 1.25 | 10 | 0 | 10 | 30 | no |" in text
