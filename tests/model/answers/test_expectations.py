"""Whether an answer came as it was expected."""

from math import inf

import pytest

from model.answers.expectations import Outcome, checked
from model.answers.statistics import Interval
from model.world.scenario import Expectation, ScenarioError


def between(low, high):
    middle = (low + high) / 2
    return Interval(value=middle, low=low, high=high, confidence=0.95, n=9, method="given")


def outcome(low, high, that="newsfeed.p99", **limits):
    return checked(Expectation(that=that, **limits), {"base": {that: between(low, high)}}).outcome


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [(0.1, 0.9, Outcome.YES), (1.1, 2.0, Outcome.NO), (0.9, 1.1, Outcome.UNCLEAR)],
)
def test_a_number_is_below_its_limit_if_all_of_its_interval_is(low, high, found):
    assert outcome(low, high, below="1 s") is found


def test_between_two_limits_both_must_hold():
    assert outcome(0.2, 0.3, above="100 ms", below="1 s") is Outcome.YES
    assert outcome(0.02, 0.03, above="100 ms", below="1 s") is Outcome.NO


def test_an_interval_without_an_end_is_never_below_anything():
    assert outcome(0.1, inf, below="1 s") is Outcome.UNCLEAR


def test_shares_have_limits_in_percent():
    assert outcome(0.1, 0.2, that="post.failed.during", above="5 %") is Outcome.YES


def test_a_limit_can_be_so_many_times_another_variants_number():
    numbers = {"base": {"all.late": between(0.1, 0.1)}, "off": {"all.late": between(0.3, 0.31)}}
    expectation = Expectation(that="all.late", variant="off", above="2", times="base")
    assert checked(expectation, numbers).outcome is Outcome.YES


def test_a_number_that_the_answer_does_not_have_is_unknown():
    expectation = Expectation(that="nobody.p99", below="1 s")
    assert checked(expectation, {"base": {}}).outcome is Outcome.UNKNOWN


def test_what_is_expected_is_said_in_words():
    numbers = {"base": {"all.late": between(0.1, 0.1)}, "off": {}}
    expectation = Expectation(that="all.late", variant="off", above="2", times="base")
    assert checked(expectation, numbers).expected == "all.late (off) above 2 times that of base"


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"below": "5 %"}, "expect: newsfeed.p99: write a number and a unit"),
        ({"below": "fast", "times": "base"}, "expect: newsfeed.p99: write a number, such as 1.2"),
    ],
)
def test_a_limit_of_another_kind_is_refused_by_name(limits, message):
    with pytest.raises(ScenarioError, match=message):
        outcome(0.1, 0.2, **limits)


def test_an_expectation_needs_a_limit():
    with pytest.raises(ValueError, match="give below or above"):
        Expectation(that="newsfeed.p99")


LOST = "lost_writes.post_db.per_crash"


def test_lost_writes_have_limits_that_are_plain_numbers():
    assert outcome(0.2, 0.3, that=LOST, above="0.1", below="0.5") is Outcome.YES
    assert outcome(2.0, 3.0, that=LOST, below="0.5") is Outcome.NO


def test_lost_writes_are_no_times():
    with pytest.raises(ScenarioError, match=f"expect: {LOST}: write a number, such as 1.2"):
        outcome(0.2, 0.3, that=LOST, below="5 s")
