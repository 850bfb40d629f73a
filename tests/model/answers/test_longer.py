"""How many take longer than what is expected of a quantile, held to values that are known."""

from pathlib import Path

import numpy as np
import pytest

from model.answers.expectations import Outcome, checked
from model.answers.longer import longer_than_expected
from model.answers.numbers import numbers_of
from model.answers.readings import Reading, Timed
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
STOP = "events=[{kind='broker-stop', at='20 s', lasts='30 s'}]"
RUNS = ("simulation.warmup=0 s", "simulation.duration=100 s")


def asked(that, *overrides, **limits):
    said = ", ".join(f"{key} = '{text}'" for key, text in limits.items())
    return load_scenario(LAPTOP, (*RUNS, *overrides, f"expect=[{{that='{that}', {said}}}]"))


def reading(took_s, lag_s=3.0):
    began_s = np.linspace(0, 99.999, len(took_s))
    return Reading(
        requests={"newsfeed": Timed(began_s=began_s, took_s=np.asarray(took_s))},
        lags={"fanout": Timed(began_s=began_s, took_s=np.full(len(took_s), lag_s))},
        busy={},
        busiest={},
    )


def slow(count, *, of=1_000):
    """So many requests of a run take a second, and all others about 10 ms."""
    took_s = np.random.default_rng(count).uniform(0.0099, 0.0101, of)
    took_s[np.linspace(0, of - 1, count).astype(int)] = 1.0
    return reading(took_s)


def outcome(readings, that="newsfeed.p99", **limits):
    scenario = asked(that, **limits)
    longer = {"base": longer_than_expected(scenario, readings)}
    return checked(scenario.expect[0], {"base": numbers_of(scenario, readings)}, longer)


def test_where_a_quantile_has_no_end_the_share_beyond_the_limit_says_that_it_is_kept():
    found = outcome([slow(0, of=150)] * 4, below="100 ms")
    assert found.found.high == np.inf
    assert (found.longer["100 ms"].value, found.longer["100 ms"].n) == (0.0, 600)
    assert found.outcome is Outcome.YES


def test_or_that_it_is_not():
    found = outcome([slow(20)] * 4, below="100 ms")
    assert found.found.low < 0.1 < found.found.high == np.inf
    assert found.outcome is Outcome.NO
    assert outcome([slow(20)] * 4, above="100 ms").outcome is Outcome.YES


def test_or_that_nobody_knows():
    found = outcome([slow(1, of=60)] * 4, below="100 ms")
    assert found.outcome is Outcome.UNCLEAR
    assert 0.01 in found.longer["100 ms"]


def test_what_comes_from_one_run_alone_settles_nothing():
    found = outcome([slow(0)] * 8 + [slow(50)], below="100 ms")  # less than 1 % of them all
    assert found.outcome is Outcome.UNCLEAR


def test_an_interval_with_two_ends_is_what_counts():
    found = outcome([slow(5)] * 8, below="100 ms")
    assert (found.outcome, found.longer) == (Outcome.YES, {})
    found = outcome([slow(n) for n in (2, 4, 3, 4, 2, 3, 30, 3)], below="100 ms")
    assert (found.outcome, found.longer) == (Outcome.UNCLEAR, {})


def test_only_what_was_answered_counts():
    failed = [reading(np.where(np.arange(900) < 300, np.inf, 0.010))] * 4
    [share] = longer_than_expected(asked("newsfeed.p99", below="100 ms"), failed).values()
    assert (share.value, share.n) == (0.0, 2_400)


def test_a_part_of_the_run_has_the_share_of_what_began_in_it():
    took_s = np.where(np.linspace(0, 99.999, 1_000) < 35, 1.0, 0.010)
    scenario = asked("newsfeed.p50.during", STOP, below="100 ms")
    [share] = longer_than_expected(scenario, [reading(took_s)] * 2).values()
    assert share.value == pytest.approx(0.5, abs=0.005)  # from 20 s to 35 s, of 20 s to 50 s


def test_lags_have_such_shares_too():
    longer = longer_than_expected(
        asked("lag.fanout.p95", above="1 s", below="5 s"), [reading([0.01] * 100)] * 2
    )
    assert {key: share.value for key, share in longer.items()} == {
        ("lag.fanout.p95", "1 s"): 1.0,
        ("lag.fanout.p95", "5 s"): 0.0,
    }


@pytest.mark.parametrize(
    ("that", "limits"),
    [
        ("newsfeed.failed", {"below": "1 %"}),
        ("search.p99", {"below": "1 s"}),
        ("newsfeed.p99", {"below": "2", "times": "base"}),
        ("newsfeed.p99", {"below": "2", "of": "newsfeed.p50"}),
    ],
)
def test_what_is_no_quantile_or_of_nobody_or_compared_has_none(that, limits):
    assert longer_than_expected(asked(that, **limits), [reading([0.01] * 100)] * 2) == {}
