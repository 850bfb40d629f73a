"""How numbers of two answers differ."""

from math import inf

import numpy as np
import pytest

from model.answers.differences import difference_at_most, difference_of, differing
from model.answers.statistics import Interval, over_replications, quantile_of_clusters


def between(low, high):
    middle = (low + high) / 2 if high < inf else low
    return Interval(value=middle, low=low, high=high, confidence=0.95, n=9, method="given")


def test_errors_of_both_numbers_are_added_by_their_squares():
    assert difference_of(between(8, 14), between(1, 9)) == pytest.approx((1, 11))


def test_an_arm_of_one_is_added_to_the_opposite_arm_of_the_other():
    lopsided = Interval(value=1.0, low=1.0, high=5.0, confidence=0.95, n=9, method="given")
    assert difference_of(lopsided, lopsided) == pytest.approx((-4, 4))
    assert difference_of(between(9, 9), lopsided) == pytest.approx((4, 8))


def test_so_many_times_a_number_has_so_many_times_its_error():
    assert difference_of(between(9, 9), between(1, 3), times=2.0) == pytest.approx((3, 7))


def test_of_two_that_are_alike_one_in_twenty_is_said_to_differ_at_most():
    rng = np.random.default_rng(7)
    pairs = [(over_replications(rng.normal(size=10)), over_replications(rng.normal(size=10)))
             for _ in range(2_000)]  # fmt: skip
    ends = [difference_of(one, other) for one, other in pairs]
    differ = sum(low > 0 or high < 0 for low, high in ends)
    assert differ < 2_000 * 0.05 + 3 * (2_000 * 0.05 * 0.95) ** 0.5


TRIALS = 400
MISSES_MAX = TRIALS * 0.05 + 3 * (TRIALS * 0.05 * 0.95) ** 0.5  # of 95 %, and 3 deviations of luck


def pairs(correlation, times=1.0):
    """Two numbers of ten replications each, of which one is `times` the other but for luck."""
    rng = np.random.default_rng(8)
    cov = [[1.0, correlation], [correlation, 1.0]]
    for _ in range(TRIALS):
        one, other = rng.multivariate_normal((0.0, 0.0), cov, size=10).T
        yield times * one, other


@pytest.mark.parametrize("correlation", [-1.0, -0.5, 0.0, 0.5, 0.95])
@pytest.mark.parametrize("times", [1.0, 3.0])
def test_at_most_so_far_apart_are_numbers_of_one_run_however_they_depend(correlation, times):
    misses = 0
    for one, other in pairs(correlation, times):
        low, high = difference_at_most(
            over_replications(one), over_replications(other), times=times
        )
        by_pairs = over_replications(one - times * other)
        assert low <= by_pairs.low + 1e-9
        assert by_pairs.high <= high + 1e-9
        misses += not low <= 0 <= high
    assert misses <= MISSES_MAX


def test_errors_added_by_their_squares_are_too_small_where_one_falls_as_the_other_rises():
    ends = [difference_of(over_replications(a), over_replications(b)) for a, b in pairs(-1.0)]
    assert sum(not low <= 0 <= high for low, high in ends) > MISSES_MAX


def waits_of(trials, replications, customers, load=0.8):
    """Waits in a queue (M/M/1) that is in its steady state from the first customer on (Lindley)."""
    rng = np.random.default_rng(9)
    shape = (trials, replications)
    waits = np.empty((*shape, customers))
    waits[..., 0] = rng.exponential(1 / (1 - load), shape) * (rng.random(shape) < load)
    for k in range(1, customers):
        more = rng.exponential(1.0, shape) - rng.exponential(1 / load, shape)
        waits[..., k] = np.maximum(waits[..., k - 1] + more, 0.0)
    return waits


def test_parts_of_a_run_of_a_queue_in_steady_state_are_not_said_to_differ():
    before, during = np.split(waits_of(TRIALS, replications=10, customers=300), 2, axis=-1)
    means = [part.mean(axis=-1).ravel() for part in (before, during)]
    assert np.corrcoef(means)[0, 1] > 0.1, "who waits at the end of one part waits in the next"
    misses = 0
    for one, other in zip(during, before, strict=True):
        low, high = difference_at_most(
            quantile_of_clusters(one, 0.95), quantile_of_clusters(other, 0.95)
        )
        misses += not low <= 0 <= high
    assert misses <= MISSES_MAX


def test_an_end_that_nobody_knows_leaves_one_of_the_difference_open():
    assert difference_at_most(between(1.0, 1.0), between(0.2, inf)) == (-inf, 0.8)


BASE = {
    "newsfeed.p50": between(0.010, 0.012),
    "newsfeed.p99": between(0.9, 1.1),
    "newsfeed.failed": between(0.0, 0.02),
    "newsfeed.failed.during": between(0.0, 0.02),
    "all.failed": between(0.0, 0.02),
    "busy.gateway": between(0.1, 0.1),
}


def test_an_answer_differs_from_another_in_what_both_intervals_tell_apart():
    found = differing(
        BASE | {"newsfeed.p50": between(0.020, 0.022), "newsfeed.failed": between(0.01, 0.03)}, BASE
    )
    assert found.differ == pytest.approx({"newsfeed.p50": 0.010})


def test_judged_are_the_numbers_of_requests_over_the_whole_run_that_both_answers_have():
    fewer = {name: number for name, number in BASE.items() if name != "newsfeed.p99"}
    judged = ("newsfeed.p50", "newsfeed.failed", "all.failed")
    assert differing(BASE, fewer).judged == differing(fewer, BASE).judged == judged


def test_an_end_that_nobody_knows_proves_nothing_and_the_other_does():
    unknown = BASE | {"newsfeed.p99": between(0.2, inf)}
    for p99, differ in ((between(0.3, 0.3), set()), (between(0.1, 0.1), {"newsfeed.p99"})):
        assert set(differing(BASE | {"newsfeed.p99": p99}, unknown).differ) == differ
