"""Whether an answer came as it was expected."""

from math import inf

import pytest

from model.answers.expectations import Outcome, checked, wrong_limits
from model.answers.statistics import Interval
from model.world.scenario import Expectation, ScenarioError


def between(low, high):
    middle = (low + high) / 2 if high < inf else low
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


def judged(share, that="newsfeed.p99.during", numbers=None, **limits):
    """What is made of a quantile of 43 ms to nobody knows what, by the share beyond its limit."""
    expectation, [limit] = Expectation(that=that, **limits), limits.values()
    found = numbers or {that: between(0.043, inf)}
    return checked(expectation, {"base": found}, {"base": {(that, limit): share}})


@pytest.mark.parametrize(
    ("share", "found"),
    [
        (between(0.001, 0.009), Outcome.YES),
        (between(0.011, 0.03), Outcome.NO),
        (between(0.005, 0.02), Outcome.UNCLEAR),
    ],
)
def test_a_p99_without_an_end_is_below_a_limit_if_less_than_one_in_a_hundred_is_beyond(
    share, found
):
    check = judged(share, below="100 ms")
    assert check.outcome is found
    assert check.longer == {"100 ms": share}


def test_a_p95_may_have_five_in_a_hundred_beyond():
    assert judged(between(0.02, 0.04), "lag.fanout.p95", below="1 s").outcome is Outcome.YES
    assert judged(between(0.02, 0.04), "lag.fanout.p95", above="1 s").outcome is Outcome.NO


def test_a_share_beyond_counts_only_where_the_quantile_has_no_end_and_does_not_settle_it():
    for known in (between(0.043, 0.2), between(0.2, inf)):
        check = judged(between(0.001, 0.009), numbers={"newsfeed.p99.during": known}, below="0.1 s")
        assert check.longer == {}
    assert check.outcome is Outcome.NO


def test_another_variants_share_says_nothing():
    expectation = Expectation(that="newsfeed.p99", below="100 ms")
    longer = {"off": {("newsfeed.p99", "100 ms"): between(0.0, 0.001)}}
    found = checked(expectation, {"base": {"newsfeed.p99": between(0.043, inf)}}, longer)
    assert found.outcome is Outcome.UNCLEAR


def test_shares_have_limits_in_percent():
    assert outcome(0.1, 0.2, that="post.failed.during", above="5 %") is Outcome.YES


def test_a_limit_can_be_so_many_times_another_variants_number():
    numbers = {"base": {"all.late": between(0.1, 0.1)}, "off": {"all.late": between(0.3, 0.31)}}
    expectation = Expectation(that="all.late", variant="off", above="2", times="base")
    assert checked(expectation, numbers).outcome is Outcome.YES


def compared(found, other, **limits):
    numbers = {"base": {"all.late": other}, "off": {"all.late": found}}
    expectation = Expectation(that="all.late", variant="off", times="base", **limits)
    return checked(expectation, numbers)


def test_a_limit_that_is_another_number_is_as_uncertain_as_that():
    found, other = between(0.20, 0.24), between(0.16, 0.24)
    assert compared(found, between(0.20, 0.20), above="1").outcome is Outcome.YES
    assert compared(found, other, above="1").outcome is Outcome.UNCLEAR
    assert compared(found, other, above="0.8").outcome is Outcome.YES
    assert compared(found, other, below="1.5").outcome is Outcome.YES
    assert compared(found, other, above="2").outcome is Outcome.NO


def test_nothing_twice_of_which_nobody_knows_how_much_it_is_proves_nothing():
    few = Interval(value=0.0, low=0.0, high=0.02, confidence=0.95, n=9, method="given")
    assert compared(few, few, above="1").outcome is Outcome.UNCLEAR
    assert compared(few, few, below="1").outcome is Outcome.UNCLEAR


def test_the_number_beside_is_told():
    assert compared(between(0.3, 0.3), between(0.1, 0.1), above="2").beside == between(0.1, 0.1)


def during(found, before, **limits):
    """What is made of a number during events, beside the same before them."""
    numbers = {"base": {"newsfeed.p99.during": found, "newsfeed.p99.before": before}}
    expectation = Expectation(that="newsfeed.p99.during", of="newsfeed.p99.before", **limits)
    return checked(expectation, numbers)


def test_a_limit_can_be_so_many_times_another_number_of_the_same_variant():
    found, before = between(0.30, 0.34), between(0.09, 0.10)
    assert during(found, before, above="2.9").outcome is Outcome.YES
    assert during(found, before, above="3.2").outcome is Outcome.UNCLEAR
    assert during(found, before, above="4").outcome is Outcome.NO
    assert during(found, before, above="2", below="2.6").outcome is Outcome.NO
    assert during(found, before, above="3").beside == before


def test_numbers_of_one_run_are_compared_by_the_ends_that_are_furthest_apart():
    found, before = between(0.30, 0.34), between(0.18, 0.22)
    # By independent luck it would be 0.04 more than 1.4 times that, give or take 0.034.
    assert during(found, before, above="1.4").outcome is Outcome.UNCLEAR
    assert during(found, before, above="1.35").outcome is Outcome.YES


def test_of_and_times_name_a_number_of_another_variant():
    numbers = {
        "base": {"newsfeed.p99": between(0.1, 0.1)},
        "off": {"newsfeed.p99": between(0.2, 0.2), "newsfeed.p99.during": between(0.5, 0.5)},
    }
    both = {"that": "newsfeed.p99.during", "variant": "off", "of": "newsfeed.p99"}
    assert checked(Expectation(**both, above="4", times="base"), numbers).outcome is Outcome.YES
    assert checked(Expectation(**both, above="4"), numbers).outcome is Outcome.NO


def test_without_the_number_that_it_is_compared_with_an_expectation_is_unknown():
    expectation = Expectation(that="newsfeed.p99", of="newsfeed.p99.before", above="3")
    found = checked(expectation, {"base": {"newsfeed.p99": between(1.0, 2.0)}})
    assert (found.outcome, found.beside) == (Outcome.UNKNOWN, None)


def test_a_number_that_the_answer_does_not_have_is_unknown():
    expectation = Expectation(that="nobody.p99", below="1 s")
    assert checked(expectation, {"base": {}}).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"below": "5 %"}, "all.late.during below 5 %"),
        (
            {"variant": "off", "above": "2", "below": "3", "times": "base"},
            "all.late.during (off) above 2 and below 3 times that of base",
        ),
        (
            {"above": "3", "of": "all.late.before"},
            "all.late.during above 3 times all.late.before",
        ),
        (
            {"variant": "off", "above": "3", "of": "all.late.before"},
            "all.late.during (off) above 3 times all.late.before (off)",
        ),
        (
            {"above": "3", "of": "all.late.before", "times": "off"},
            "all.late.during above 3 times all.late.before of off",
        ),
    ],
)
def test_what_is_expected_is_said_in_words(said, words):
    expectation = Expectation(that="all.late.during", **said)
    assert checked(expectation, {"base": {}, "off": {}}).expected == words


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"below": "5 %"}, "below: newsfeed.p99: write a number and a unit"),
        (
            {"below": "fast", "times": "base"},
            "below: how many times that of base: write a number, such as 1.2, got 'fast'",
        ),
        (
            {"above": "3 s", "of": "newsfeed.p50"},
            "above: how many times newsfeed.p50: write a number, such as 1.2, got '3 s'",
        ),
        ({"above": "nan", "times": "base"}, "write a number, such as 1.2, got 'nan'"),
        ({"above": "inf", "times": "base"}, "write a number, such as 1.2, got 'inf'"),
        ({"above": "-1", "times": "base"}, "write a number, such as 1.2, got '-1'"),
    ],
)
def test_a_limit_of_another_kind_is_refused_by_name(limits, message):
    with pytest.raises(ScenarioError, match=message):
        outcome(0.1, 0.2, **limits)


def test_of_two_limits_that_are_wrong_both_are_told():
    above, below = wrong_limits(Expectation(that="newsfeed.p99", above="5 %", below="1 parsec"))
    assert above.startswith("above: newsfeed.p99: ")
    assert below.startswith("below: newsfeed.p99: ")


def test_an_expectation_needs_a_limit():
    with pytest.raises(ValueError, match="give below or above"):
        Expectation(that="newsfeed.p99")


@pytest.mark.parametrize(
    ("above", "below"), [("1 s", "900 ms"), ("5 %", "4 %"), ("1.2", "1"), ("1 min", "1 s")]
)
def test_a_range_that_nothing_lies_in_is_refused_with_both_its_ends(above, below):
    with pytest.raises(ValueError, match=f"less than above, got '{below}' and '{above}'"):
        Expectation(that="newsfeed.p99", above=above, below=below)


@pytest.mark.parametrize(("above", "below"), [("900 ms", "1 s"), ("1 s", "1000 ms"), ("2", "10")])
def test_a_range_that_something_lies_in_is_none_of_these(above, below):
    assert Expectation(that="newsfeed.p99", above=above, below=below).below == below


LOST = "lost_writes.post_db.per_crash"


def test_lost_writes_have_limits_that_are_plain_numbers():
    assert outcome(0.2, 0.3, that=LOST, above="0.1", below="0.5") is Outcome.YES
    assert outcome(2.0, 3.0, that=LOST, below="0.5") is Outcome.NO


def test_lost_writes_are_no_times():
    with pytest.raises(ScenarioError, match=f"{LOST}: write a number, such as 1.2"):
        outcome(0.2, 0.3, that=LOST, below="5 s")
