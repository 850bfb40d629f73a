"""What is wrong with what a scenario expects, told before anything is simulated."""

from pathlib import Path

import pytest

from model.answers.wrong_expectations import wrong_expectations
from model.world.scenario import Expectation
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
STOP = "events=[{kind='broker-stop', at='20 s', lasts='30 s'}]"
QUIET = "traffic.mix={post=1.0}"  # without newsfeeds


@pytest.fixture(scope="module")
def asked():
    """The laptop with an event, and a variant in which nobody asks for a newsfeed."""
    return {"base": load_scenario(LAPTOP, [STOP]), "quiet": load_scenario(LAPTOP, [STOP, QUIET])}


@pytest.fixture
def wrong(asked):
    """Return what is wrong with one expectation, without which one it is."""

    def told(**said):
        lines = wrong_expectations([Expectation(**{"above": "2"} | said)], asked)
        return [line.removeprefix("expect.0: ") for line in lines]

    return told


PART = {"that": "newsfeed.p99.during", "of": "newsfeed.p99.before"}
NONE_IN_QUIET = "quiet: the answer has no number 'newsfeed.p99'"


def test_a_number_may_be_compared_with_another_of_its_variant_and_of_another(wrong):
    assert wrong(**PART) == []
    assert wrong(that="post.p99", of="post.p50", variant="quiet") == []
    assert wrong(that="post.p99", of="newsfeed.p99", variant="quiet", times="base") == []
    assert wrong(that="newsfeed.p99", of="newsfeed.p50", variant="base", times="base") == []


@pytest.mark.parametrize("name", ["base", "quiet"])
def test_no_variant_is_compared_with_itself(wrong, name):
    [line] = wrong(that="post.p99", variant=name, times=name)
    assert line == f"times: {name} is compared with itself; name another variant"


@pytest.mark.parametrize("times", [None, "base"])
def test_no_number_is_compared_with_itself(wrong, times):
    [line] = wrong(that="post.p99", of="post.p99", times=times)
    assert line.startswith("of: post.p99 is compared with itself")
    assert wrong(that="post.p99", of="post.p99", times="quiet") == []


@pytest.mark.parametrize(("times", "variant"), [("quiet", "base"), ("base", "quiet")])
def test_a_number_is_to_be_in_both_variants_that_are_compared(wrong, times, variant):
    assert wrong(that="newsfeed.p99", times=times, variant=variant) == [NONE_IN_QUIET]


def test_the_other_number_is_to_be_in_the_variant_that_times_names_or_else_in_its_own(wrong):
    assert wrong(that="post.p99", of="newsfeed.p99", times="quiet") == [NONE_IN_QUIET]
    assert wrong(that="post.p99", of="newsfeed.p99", variant="quiet") == [NONE_IN_QUIET]


def test_where_both_numbers_are_misspelt_both_are_told(wrong):
    first, second = wrong(that="newsfeed.p98.during", of="newsfeed.p98.before", below="5 %")
    assert first == (
        "the answer has no number 'newsfeed.p98.during': did you mean newsfeed.p99.during?"
    )
    assert second.startswith("the answer has no number 'newsfeed.p98.before'")


def test_a_misspelt_number_that_both_variants_lack_is_told_once(wrong):
    assert len(wrong(that="newsfeed.p98", times="quiet")) == 1


@pytest.mark.parametrize(
    ("that", "of", "message"),
    [
        (
            "newsfeed.p99", "newsfeed.failed",
            "of: newsfeed.failed is a share; name a time, as newsfeed.p99 is",
        ),
        (
            "busy.gateway.during", "lag.fanout.p50",
            "of: lag.fanout.p50 is a time; name a share, as busy.gateway.during is",
        ),
        (
            "newsfeed.late", "newsfeed.attempts",
            "of: newsfeed.attempts is a count; name a share, as newsfeed.late is",
        ),
    ],
)  # fmt: skip
def test_numbers_of_two_kinds_are_not_compared(wrong, that, of, message):
    assert wrong(that=that, of=of) == [message]


def test_shares_of_two_names_are_of_one_kind(wrong):
    assert wrong(that="newsfeed.refused", of="newsfeed.expired.during") == []


def test_all_is_told_of_every_expectation(asked):
    expected = (
        Expectation(that="newsfeed.p99", below="5 %", above="nothing"),
        Expectation(that="newsfeed.p99", below="1 s"),
        Expectation(that="newsfeed.p99", of="all.late", below="1 s"),
    )
    lines = list(wrong_expectations(expected, asked))
    assert [line.split(":")[:2] for line in lines] == [
        ["expect.0", " above"], ["expect.0", " below"], ["expect.2", " of"], ["expect.2", " below"],
    ]  # fmt: skip
