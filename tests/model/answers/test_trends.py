from dataclasses import replace
from math import inf
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import ttest_ind

from model.answers.questions import Simulated
from model.answers.statistics import over_replications
from model.answers.summaries import NOTHING
from model.answers.trends import (
    Trend,
    agreement_of,
    by_chance_max,
    chance_of,
    differing,
    slices_of,
    trends_of,
    unjudged,
    verdict_on,
)
from model.rules.targets import Verdict
from model.world.scenario import ScenarioError
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
SERVICES = ("gateway", "user", "follow", "post", "media", "timeline", "fanout", "pipeline")
FLEET = [
    "fleet.placement=dedicated", "traffic.rate=300/s", "simulation.warmup=0.5 s",
    "simulation.duration=3 s", "simulation.replications=4", "simulation.slice=2",
    "fleet.search.shards=4", "fleet.cdn.instances=4",
    *(f"fleet.{service}.instances=4" for service in SERVICES),
    # Workers that take work when they are idle need eight in a slice (decision 0028).
    *(f"fleet.{service}.instances=16" for service in ("fanout", "pipeline")),
    *(f"fleet.{store}.shards=8" for store in ("user_store", "post_store", "timeline_store")),
]  # fmt: skip


@pytest.fixture(scope="module")
def asked(learnt_on):
    def of(*overrides):
        scenario = load_scenario(LAPTOP, [*FLEET, *overrides])
        return scenario, learnt_on(scenario)

    return of


def normal(mean, *, n=8, seed=0):
    return over_replications(np.random.default_rng(seed).normal(mean, 1.0, n))


def trend(*found, number="newsfeed.p50"):
    return Trend(number=number, slices=(4, 2, 1)[-len(found) :], found=found)


def same(count, *, seed=0):
    """Numbers of which all slices show the same, each with its own luck."""
    return [
        trend(*(normal(9.0, seed=seed + 3 * n + k) for k in range(3)), number=str(n))
        for n in range(count)
    ]


def test_a_slice_agrees_with_the_whole_in_as_many_questions_as_chance_leaves(asked):
    """Right slices are said to differ in one of twenty: in two of five once in forty-four."""
    answers = [trends_of(*asked(f"seed={seed}")) for seed in range(1, 6)]
    assert sum(verdict_on(trends) is not Verdict.PASS for trends in answers) <= 1
    trends = answers[0]
    newsfeed = next(t for t in trends if t.number == "newsfeed.p50")
    assert newsfeed.slices == [2, 1]
    # Narrow enough to mean something.
    assert all(found.half_width < 0.1 * found.value for found in newsfeed.found)
    assert {"newsfeed.failed", "busy.timeline_store", "lag.fanout.p50"} <= {
        t.number for t in trends
    }


def test_the_busiest_of_fewer_members_is_not_compared(asked):
    assert not any(t.number.startswith("busiest") for t in trends_of(*asked()))


def test_a_slice_is_halved_or_divided_by_its_least_factor():
    assert [slices_of(k) for k in (1, 2, 3, 12, 32)] == [
        [1],
        [2, 1],
        [3, 1],
        [12, 6, 3],
        [32, 16, 8],
    ]


def test_the_chance_of_a_difference_is_that_of_welchs_test():
    rng = np.random.default_rng(1)
    one, other = rng.normal(5.0, 1.0, 6), rng.normal(6.0, 3.0, 11)
    expected = ttest_ind(one, other, equal_var=False).pvalue
    found = chance_of(over_replications(one), over_replications(other))
    assert found == pytest.approx(expected)


def test_what_is_certain_agrees_only_if_it_is_equal():
    nine, ten = (over_replications([value] * 4) for value in (9.0, 10.0))
    assert chance_of(nine, nine) == 1
    assert chance_of(nine, ten) == 0


@pytest.mark.parametrize("of", [NOTHING, replace(normal(9.0), high=inf)])
def test_nobody_knows_whether_a_number_without_ends_agrees(of):
    unknown = trend(of, normal(9.0))
    assert unknown.chance != unknown.chance
    assert agreement_of([unknown]) == {"newsfeed.p50": "?"}
    assert verdict_on([unknown]) is Verdict.INCONCLUSIVE


def test_of_what_cannot_be_judged_it_is_said_in_which_slices_too_little_was_seen():
    endless = trend(replace(normal(9.0), high=inf), normal(9.0), normal(9.0), number="post.p99")
    unseen = trend(NOTHING, normal(9.0), NOTHING, number="lag.fanout.p99")
    why = "too few of it for an interval with two ends in"
    assert unjudged([*same(2), endless, unseen]) == {
        f"{why} 1/4": ["post.p99"],
        f"{why} 1/4, 1/1": ["lag.fanout.p99"],
    }


def test_what_is_expected_and_nowhere_found_is_said_too():
    found = same(1)
    left = unjudged(found, ["newsfeed.p99", "busiest.user_db", found[0].number])
    assert left == {
        "too few of it in every slice to say anything": ["newsfeed.p99"],
        "the busiest of fewer members is less busy, however well a slice holds them": [
            "busiest.user_db"
        ],
    }


def test_of_very_many_right_numbers_hardly_ever_one_is_said_to_differ():
    wrong = sum(bool(differing(same(40, seed=1_000 * n))) for n in range(100))
    # One question of twenty at most: 5 of 100, and three deviations of a binomial more.
    assert wrong <= 5 + 3 * np.sqrt(100 * 0.05 * 0.95)


def test_one_number_that_is_off_is_found_among_many_right_ones():
    off = trend(normal(19.0), normal(9.0, seed=1), normal(9.0, seed=2), number="off")
    trends = [*same(40), off]
    assert differing(trends) == [off]
    assert agreement_of(trends)["off"] == "no"
    assert verdict_on(trends) is Verdict.MISS


def test_the_slice_in_between_has_to_agree_as_well():
    off = trend(normal(9.0), normal(19.0, seed=1), normal(9.0, seed=2))
    assert differing([off]) == [off]


def test_how_many_may_differ_by_chance_is_binomial():
    assert by_chance_max(same(100)) == 13  # 99.9 % quantile of 100 at 5 %
    assert by_chance_max([]) == 0


def test_a_slice_that_divides_no_fleet_is_refused(asked):
    scenario, calibration = asked("simulation.slice=3")
    with pytest.raises(ScenarioError, match="3 does not divide"):
        trends_of(scenario, calibration)


def test_all_slices_are_of_one_world_and_have_luck_of_their_own(monkeypatch, asked):
    answered = []

    def simulated(scenario, _, *, jobs, luck):
        answered.append((scenario.seed, scenario.simulation.slice, luck))
        return Simulated(numbers={}, course=())

    monkeypatch.setattr("model.answers.trends.simulated", simulated)
    scenario, calibration = asked("simulation.slice=4", "seed=7")
    trends_of(scenario, calibration)
    assert [(seed, slice_of) for seed, slice_of, _ in answered] == [(7, 4), (7, 2), (7, 1)]
    assert len({luck for *_, luck in answered}) == 3


def test_a_whole_is_compared_with_nothing(asked):
    with pytest.raises(ScenarioError, match="must be 2 or more to be compared, got 1"):
        trends_of(*asked("simulation.slice=1"))
