import itertools

import numpy as np
import pytest

from model.answers.availability import closed_forms
from model.answers.availability.components import Members

HOUR_S = 3_600.0
NOBODY = -1


def members(count, **given):
    its = {"name": "server", "every_s": 10 * HOUR_S, "repair_s": HOUR_S, **given}
    return Members(count=count, **its)


def by_enumeration(part, n, is_up):
    """Add up the probabilities of all ways in which n parts can be up, where the system is."""
    ways = itertools.product((True, False), repeat=n)
    return sum(part ** sum(way) * (1 - part) ** (n - sum(way)) for way in ways if is_up(way))


def by_linear_algebra(count, crews, fails, repairs):
    """Solve the balance of a birth-death chain as a system of equations."""
    rates = np.zeros((count + 1, count + 1))
    for down in range(count):
        rates[down, down + 1] = (count - down) * fails
        rates[down + 1, down] = min(down + 1, crews) * repairs
    generator = rates - np.diag(rates.sum(axis=1))
    equations = np.vstack([generator.T, np.ones(count + 1)])
    return np.linalg.lstsq(equations, np.append(np.zeros(count + 1), 1.0), rcond=None)[0]


def test_four_tiers_in_series_are_worse_than_the_worst():
    assert closed_forms.series([0.9999, 0.99995, 0.9999, 0.9995]) == pytest.approx(
        0.99925, abs=5e-6
    )


def test_two_of_99_percent_are_four_nines_only_if_independent():
    assert closed_forms.parallel([0.99, 0.99]) == pytest.approx(0.9999)
    assert closed_forms.common_cause_of_two(0.01, 0.1) == pytest.approx(0.99891, abs=5e-6)


def test_bad_changes_cost_more_than_zones():
    assert closed_forms.after_outages(4, 30, 1 / 3) == pytest.approx(0.9999987, abs=5e-8)
    assert closed_forms.after_outages(10, 300) == pytest.approx(0.99990, abs=5e-6)


def test_three_zones_at_80_percent_after_a_loss_are_at_53_before():
    assert closed_forms.headroom(3, 0.8) == pytest.approx(0.53, abs=0.004)


@pytest.mark.parametrize(("k", "n"), [(1, 1), (1, 3), (2, 3), (3, 5), (5, 5), (0, 2)])
def test_k_of_n_counts_every_way_of_being_up(k, n):
    expected = by_enumeration(0.9, n, lambda way: sum(way) >= k)
    assert closed_forms.k_of_n(k, n, 0.9) == pytest.approx(expected)


@pytest.mark.parametrize("k", [0, 1, 3, 6])
def test_with_a_crew_for_each_the_members_are_independent(k):
    one = closed_forms.availability(10 * HOUR_S, HOUR_S)
    assert closed_forms.k_of_members(k, members(6)) == pytest.approx(closed_forms.k_of_n(k, 6, one))


@pytest.mark.parametrize("crews", [1, 2, 5])
def test_shared_crews_solve_the_balance_of_the_chain(crews):
    shares = by_linear_algebra(5, crews, 1 / (10 * HOUR_S), 1 / HOUR_S)
    for k in range(6):
        found = closed_forms.k_of_members(k, members(5, crews=crews))
        assert found == pytest.approx(shares[: 5 - k + 1].sum(), rel=1e-9)


def test_one_crew_is_worse_than_one_for_each():
    assert closed_forms.k_of_members(4, members(5, crews=1)) < closed_forms.k_of_members(
        4, members(5)
    )


def test_the_beta_factor_formula_is_about_the_exact_one():
    two = members(2, every_s=99 * HOUR_S, common_share=0.1)  # each is down 1 % of the time
    exact, about = closed_forms.k_of_members(1, two), closed_forms.common_cause_of_two(0.01, 0.1)
    assert 1 - exact == pytest.approx(1 - about, rel=0.02)


def test_a_shard_with_one_copy_is_as_available_as_its_server():
    one = closed_forms.availability(10 * HOUR_S, HOUR_S)
    assert closed_forms.shard_readable(members(1)) == pytest.approx(one)
    assert closed_forms.shard_writable(members(1), 15.0) == pytest.approx(one)


def shard_life(rng, copies, failover_s, span_s):
    """Follow every copy of one shard, and which of them takes the writes; return its good share."""
    up, primary, lost, moves_at_s = [True] * copies, 0, NOBODY, np.inf
    next_s = rng.exponential(10 * HOUR_S, copies)
    now_s = good_s = 0.0
    while now_s < span_s:
        event_s = min(*next_s, span_s, moves_at_s)
        good_s += (event_s - now_s) * (primary != NOBODY)
        now_s = event_s
        if now_s == moves_at_s:
            primary, moves_at_s = next(c for c in range(copies) if up[c]), np.inf
            continue
        copy = int(np.argmin(next_s))
        up[copy] = not up[copy]
        next_s[copy] = now_s + rng.exponential(10 * HOUR_S if up[copy] else HOUR_S)
        if copy == primary:
            lost, primary = copy, NOBODY
            moves_at_s = now_s + failover_s if any(up) else np.inf
        elif primary == NOBODY and up[copy] and (moves_at_s == np.inf or copy == lost):
            primary, moves_at_s = copy, np.inf
        elif primary == NOBODY and not any(up):
            moves_at_s = np.inf
    return good_s / span_s


def test_writes_of_a_shard_are_those_of_one_followed_copy_by_copy(interval):
    rng = np.random.default_rng(5)
    lives = [shard_life(rng, 3, 300.0, 20_000 * HOUR_S) for _ in range(20)]
    low, high = interval(1 - np.asarray(lives))
    lost = 1 - closed_forms.shard_writable(members(3), 300.0)
    assert low <= lost <= high
    assert high - low < 0.15 * lost, "too noisy to prove anything"


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        (lambda: closed_forms.availability(0, 1), "every_s must be positive, got 0"),
        (lambda: closed_forms.availability(1, -1), "repair_s must not be negative, got -1"),
        (lambda: closed_forms.series([0.9, 1.1]), "share between 0 and 1, got 1.1"),
        (lambda: closed_forms.parallel([-0.1]), "share between 0 and 1, got -0.1"),
        (lambda: closed_forms.k_of_n(3, 2, 0.9), r"k must be in 0\.\.n, got 3"),
        (lambda: closed_forms.k_of_members(3, members(2)), r"k must be in 0\.\.count, got 3"),
        (lambda: closed_forms.common_cause_of_two(0.1, 2), "share between 0 and 1, got 2"),
        (lambda: closed_forms.after_outages(-1, 1), "per_year must not be negative, got -1"),
        (lambda: closed_forms.after_outages(1, -1), "lasting_s must not be negative, got -1"),
        (lambda: closed_forms.shard_writable(members(2), -1), "failover_s must not be negative"),
        (lambda: closed_forms.headroom(0, 0.8), "zones must be at least 1, got 0"),
        (lambda: members(0), "server: count must be at least 1, got 0"),
        (lambda: members(1, every_s=0.0), "server: every_s must be positive, got 0.0"),
        (lambda: members(1, repair_s=0.0), "server: repair_s must be positive, got 0.0"),
        (lambda: members(1, common_share=1.0), r"server: common_share must be in \[0, 1\)"),
        (lambda: members(1, crews=-1), "server: crews must not be negative, got -1"),
    ],
)
def test_what_means_nothing_is_refused(asked, complaint):
    with pytest.raises(ValueError, match=complaint):
        asked()
