"""Caches against sums over every order of items, and against long runs."""

from collections import OrderedDict
from itertools import permutations

import numpy as np
import pytest

from model.answers import theory


def zipf(items, exponent):
    shares = np.arange(1, items + 1) ** -exponent
    return (shares / shares.sum()).tolist()


def hit_ratio_by_kings_sum(shares, places):
    """The sum over every order in which the items held were last asked for (King 1971)."""
    total = 0.0
    for order in permutations(range(len(shares)), places):
        chance, asked = 1.0, 0.0
        for item in order:
            chance *= shares[item] / (1 - asked)
            asked += shares[item]
        total += chance * asked
    return total


@pytest.mark.parametrize("places", [1, 2, 4, 5])
@pytest.mark.parametrize("exponent", [0.0, 0.8, 2.0])
def test_a_small_cache_hits_as_in_kings_sum(places, exponent):
    shares = zipf(7, exponent)
    exact = hit_ratio_by_kings_sum(shares, places)
    assert theory.lru_hit_ratio(shares, places) == pytest.approx(exact, rel=1e-12)


def test_one_place_hits_what_is_asked_for_twice_in_a_row():
    assert theory.lru_hit_ratio([0.5, 0.3, 0.2], 1) == pytest.approx(0.25 + 0.09 + 0.04)


@pytest.mark.parametrize("hits", [theory.lru_hit_ratio, theory.lru_hit_ratio_approximation])
def test_items_alike_hit_by_the_share_that_is_held(hits):
    assert hits([1 / 16] * 16, 6) == pytest.approx(6 / 16)
    assert hits([0.5, 0.5, 0.0], 2) == 1  # what nobody asks for needs no place


@pytest.mark.parametrize("places", [2, 8, 14])
def test_the_approximation_is_near_what_is_exact(places):
    shares = zipf(18, 0.8)
    exact = theory.lru_hit_ratio(shares, places)
    assert theory.lru_hit_ratio_approximation(shares, places) == pytest.approx(exact, rel=0.03)


def test_the_approximation_is_near_a_long_run_of_many_items(interval):
    rng, shares = np.random.default_rng(2024), zipf(500, 0.8)
    ratios = []
    for _ in range(20):
        held: OrderedDict[int, None] = OrderedDict()
        hits = 0
        for number, item in enumerate(rng.choice(500, 20_000, p=shares).tolist()):
            hits += item in held and number >= 2_000
            held[item] = None
            held.move_to_end(item)
            if len(held) > 50:
                held.popitem(last=False)
        ratios.append(hits / 18_000)
    middle, half_width = interval(ratios)
    assert half_width < 0.02 * middle, "too noisy to prove anything"
    found = theory.lru_hit_ratio_approximation(shares, 50)
    assert found == pytest.approx(middle, abs=half_width + 0.01 * middle)


def test_a_cache_with_a_time_limit_hits_as_a_long_run(interval):
    rng, rates, ttl_s = np.random.default_rng(2024), [5.0, 1.0, 0.2], 0.7
    ratios = []
    for _ in range(20):
        count = 5_000
        times_s = np.cumsum(rng.exponential(1 / sum(rates), count)).tolist()
        items = rng.choice(3, count, p=np.array(rates) / sum(rates)).tolist()
        until_s, hits = [0.0] * 3, 0
        for now_s, item in zip(times_s, items, strict=True):
            if now_s < until_s[item]:
                hits += 1
            else:
                until_s[item] = now_s + ttl_s
        ratios.append(hits / count)
    middle, half_width = interval(ratios)
    assert theory.ttl_hit_ratio(rates, ttl_s) == pytest.approx(middle, abs=half_width)
    assert half_width < 0.01 * middle, "too noisy to prove anything"


def test_one_item_hits_by_its_rate_times_its_time():
    assert theory.ttl_hit_ratio([3.0], 1.0) == 0.75
    assert theory.ttl_hit_ratio([3.0, 0.0], 0.0) == 0


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        (lambda: theory.lru_hit_ratio([1.0], 0), "places must be 1 or more"),
        (lambda: theory.lru_hit_ratio([0.5, 0.4], 1), "sum to 1"),
        (lambda: theory.lru_hit_ratio([1.5, -0.5], 1), "sum to 1"),
        (lambda: theory.lru_hit_ratio([1 / 21] * 21, 3), "at most 20 items, got 21"),
        (lambda: theory.lru_hit_ratio_approximation([], 1), "sum to 1"),
        (lambda: theory.lru_hit_ratio_approximation([1.0], 0), "places must be 1 or more"),
        (lambda: theory.ttl_hit_ratio([], 1.0), "requests_per_s must be"),
        (lambda: theory.ttl_hit_ratio([0.0], 1.0), "not all 0"),
        (lambda: theory.ttl_hit_ratio([1.0, -1.0], 1.0), "0 or more"),
        (lambda: theory.ttl_hit_ratio([1.0], -1.0), "ttl_s must be 0 or more"),
    ],
)
def test_what_is_no_cache_is_refused(refused, reason):
    with pytest.raises(ValueError, match=reason):
        refused()
