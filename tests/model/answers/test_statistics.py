import math

import numpy as np
import pytest
from scipy import stats

from model.answers import theory
from model.answers.statistics import (
    Interval,
    TooShort,
    mean_of_replications,
    moments,
    n_for_quantile,
    over_replications,
    prediction_of_next,
    quantile_of_clusters,
    quantile_of_independent,
    quantile_of_one_run,
    quantile_of_replications,
    standard_error,
    warm_up_cut,
)


@pytest.fixture
def chance():
    return np.random.default_rng(17)


def responses(chance, count, *, busy, warm_up=1_000):
    """Responses of one run of an M/M/1 queue with mean service 1, by Lindley's recursion."""
    gaps, works = (
        chance.exponential(1 / busy, count + warm_up),
        chance.exponential(1, count + warm_up),
    )
    walk = np.concatenate(([0.0], np.cumsum(works[:-1] - gaps[1:])))
    waits = walk - np.minimum.accumulate(walk)
    return (waits + works)[warm_up:]


def coverage(interval_of, truth, times=200):
    """The share of intervals, each of new evidence, that hold the truth."""
    return np.mean([truth in interval_of() for _ in range(times)])


def test_moments_are_those_of_the_sample():
    found = moments([1.0, 2.0, 3.0, 6.0])
    assert (found.n, found.mean) == (4, 3.0)
    assert found.variance == pytest.approx(14 / 3)
    assert found.scv == pytest.approx(14 / 27)


def test_nothing_but_zeros_has_no_variation_to_speak_of():
    assert math.isnan(moments([0.0, 0.0]).scv)


def test_the_interval_of_a_mean_is_students(chance):
    values = chance.normal(5, 2, size=12)
    low, high = stats.t.interval(0.99, 11, loc=values.mean(), scale=stats.sem(values))
    found = over_replications(values, confidence=0.99)
    assert [found.low, found.value, found.high] == pytest.approx([low, values.mean(), high])
    assert found.n == 12
    assert found.half_width == pytest.approx((high - low) / 2)


def test_the_standard_error_of_a_mean_is_known_again_from_its_interval(chance):
    values = chance.normal(3.0, 2.0, size=9)
    assert standard_error(over_replications(values)) == pytest.approx(stats.sem(values))


def test_of_one_value_no_standard_error_is_known():
    one = Interval(value=1.0, low=0.0, high=2.0, confidence=0.95, n=1, method="given")
    assert math.isnan(standard_error(one))


def test_the_mean_of_one_more_run_falls_where_predicted(chance):
    hits = 0
    for _ in range(400):
        *known, new = chance.normal(5, 2, size=11)
        hits += new in prediction_of_next(known)
    assert 0.92 < hits / 400 < 0.98


def test_a_prediction_is_wider_than_the_interval_of_the_mean(chance):
    values = chance.normal(5, 2, size=10)
    ratio = prediction_of_next(values).half_width / over_replications(values).half_width
    assert ratio == pytest.approx(math.sqrt(11))


def test_intervals_over_replications_cover_mean_and_p99_of_a_queue(chance):
    p99 = theory.mmc_response_quantile_s(0.99, 0.5, 1.0)
    mean_hits = p99_hits = 0
    for _ in range(200):
        runs = [responses(chance, 5_000, busy=0.5) for _ in range(10)]
        mean_hits += 2.0 in mean_of_replications(runs)
        p99_hits += p99 in quantile_of_replications(runs, 0.99)
    assert 0.90 <= mean_hits / 200 <= 0.99
    assert 0.90 <= p99_hits / 200 <= 0.99


def test_intervals_over_clusters_cover_the_p99_of_runs_too_short_to_have_one(chance):
    def runs():
        return [responses(chance, 200, busy=0.5) for _ in range(10)]

    p99 = theory.mmc_response_quantile_s(0.99, 0.5, 1.0)
    assert 0.90 <= coverage(lambda: quantile_of_clusters(runs(), 0.99), p99) <= 0.99
    with pytest.raises(TooShort, match="needs 1000 values or more, got 200"):
        quantile_of_replications(runs(), 0.99)


@pytest.mark.parametrize("q", [0.5, 0.95, 0.99])
def test_intervals_of_one_run_cover_although_its_values_resemble_each_other(chance, q):
    truth = theory.mmc_response_quantile_s(q, 0.5, 1.0)
    covered = coverage(lambda: quantile_of_one_run(responses(chance, 10_000, busy=0.5), q), truth)
    assert 0.90 <= covered <= 0.99


def test_an_interval_for_independent_values_fails_where_they_resemble_each_other(chance):
    # The negative control of the test above: what it would cost to overlook the dependence.
    truth = theory.mmc_response_quantile_s(0.5, 0.7, 1.0)
    covered = coverage(
        lambda: quantile_of_independent(responses(chance, 10_000, busy=0.7), 0.5), truth
    )
    assert covered < 0.6


def test_clusters_may_be_of_any_size_and_empty(chance):
    values = chance.exponential(size=5_000)
    clusters = np.split(values, [0, 100, 1_000, 1_500, 3_500])
    assert -math.log(0.5) in quantile_of_clusters(clusters, 0.5)


@pytest.mark.parametrize(
    ("count", "ranks"),
    [(1_000, (983, 997)), (10_000, (9_880, 9_920)), (100_000, (98_938, 99_062))],
)
def test_order_statistics_are_the_binomial_ranks(count, ranks):
    found = quantile_of_independent(np.arange(1, count + 1), 0.99)
    assert (found.low, found.high) == ranks


def test_intervals_of_independent_values_cover(chance):
    def interval():
        return quantile_of_independent(chance.exponential(size=500), 0.9)

    assert 0.92 <= coverage(interval, math.log(10), 400) <= 0.985


def test_an_end_that_too_few_values_cannot_place_is_infinite(chance):
    assert quantile_of_independent(np.arange(367), 0.99).high == math.inf
    assert quantile_of_independent(np.arange(368), 0.99).high < math.inf
    assert quantile_of_independent(np.arange(100), 0.001).low == -math.inf
    assert quantile_of_one_run(chance.exponential(size=100), 0.99).high == math.inf


@pytest.mark.parametrize(
    ("q", "confidence", "count"), [(0.99, 0.95, 368), (0.01, 0.95, 368), (0.5, 0.9, 5)]
)
def test_how_many_values_a_quantile_needs(q, confidence, count):
    assert n_for_quantile(q, confidence=confidence) == count


def test_the_warm_up_is_cut_where_it_ends(chance):
    values = chance.normal(10, 1, size=2_000)
    values[:300] += np.linspace(20, 0, 300)
    assert 200 <= warm_up_cut(values) <= 400


def test_a_run_that_was_steady_from_the_start_loses_little(chance):
    cuts = [warm_up_cut(chance.normal(10, 1, size=2_000)) for _ in range(20)]
    assert np.median(cuts) < 200


def test_the_warm_up_cut_is_the_one_that_minimises_its_definition(chance):
    values = chance.normal(10, 1, size=200)
    values[:40] += 5
    batches = values.reshape(-1, 5).mean(axis=1)
    certainty = [batches[d:].var() / (len(batches) - d) for d in range(21)]
    assert warm_up_cut(values) == 5 * int(np.argmin(certainty))


def test_a_run_that_never_settles_has_no_warm_up():
    with pytest.raises(TooShort, match="not settled: half of 1000 values"):
        warm_up_cut(np.arange(1_000))


@pytest.mark.parametrize(
    ("ask", "complaint"),
    [
        (lambda: moments([1.0]), "needs 2 values or more, got 1"),
        (lambda: over_replications([1.0]), "needs 2 values or more, got 1"),
        (lambda: prediction_of_next([1.0]), "needs 2 values or more, got 1"),
        (lambda: mean_of_replications([[1.0], []]), "needs 1 values or more, got 0"),
        (lambda: quantile_of_independent([], 0.5), "needs 1 values or more, got 0"),
        (lambda: quantile_of_one_run(np.arange(39), 0.5), "needs 40 values or more, got 39"),
        (lambda: quantile_of_clusters([np.arange(9)], 0.5), "needs 2 clusters or more, got 1"),
        (lambda: quantile_of_clusters([[], []], 0.5), "needs 2 values or more, got 0"),
        (lambda: warm_up_cut(np.arange(49)), "needs 50 values or more, got 49"),
    ],
)
def test_too_little_evidence_is_refused(ask, complaint):
    with pytest.raises(TooShort, match=complaint):
        ask()


def test_a_value_that_is_none_is_refused():
    with pytest.raises(ValueError, match="1 of 3 values are NaN"):
        over_replications([1.0, math.nan, 2.0])
