import numpy as np
import pandas as pd
import pytest

from model.answers.pools import Pools

LEGS = 400
CHANGE_S = 10.0


def legs():
    """Legs that last 1 s until something changes, and 5 s from then on."""
    began_s = np.linspace(0.0, 20.0, LEGS, endpoint=False)
    return pd.DataFrame(
        {
            "request": np.arange(LEGS),
            "outer": 0,
            "together": 0,
            "attempt": 0,
            "member": 0,
            "began_s": began_s,
            "lasted_s": np.where(began_s < CHANGE_S, 1.0, 5.0),
            "is_single": False,
        }
    )


def drawn_s(pools, at_s):
    return set(pools.drawn_s(np.full(50, at_s), np.linspace(0.001, 0.999, 50)).tolist())


def test_a_leg_is_drawn_from_none_of_the_other_side_of_a_change():
    pools = Pools(legs(), width=4, changes_s=(CHANGE_S,))
    assert drawn_s(pools, 9.99) == {1.0}
    assert drawn_s(pools, 10.0) == {5.0}


def test_without_a_change_all_are_in_one_pool():
    assert drawn_s(Pools(legs(), width=4), 9.99) == {1.0, 5.0}


def test_a_change_that_no_leg_has_seen_makes_no_pool():
    pools = Pools(legs(), width=4, changes_s=(-1.0, CHANGE_S, 99.0))
    assert drawn_s(pools, -2.0) == {1.0}
    assert drawn_s(pools, 100.0) == {5.0}


def test_of_no_legs_nothing_is_known():
    assert np.isnan(
        Pools(legs()[:0], width=4, changes_s=(1.0,)).drawn_s(np.ones(1), np.full(1, 0.5))
    )


def test_the_share_that_is_later_counts_half_of_what_is_equal():
    later = Pools(legs().assign(lasted_s=np.repeat([3.0, 1.0, 2.0, 1.0], LEGS // 4)), 4).legs.later
    assert later.to_numpy() == pytest.approx(np.repeat([0.125, 0.75, 0.375, 0.75], LEGS // 4))


def test_a_leg_lasts_as_long_as_one_than_which_as_many_are_later():
    pools = Pools(legs().assign(lasted_s=np.arange(LEGS, dtype=float)), width=4)
    drawn = pools.drawn_s(np.zeros(4), np.array([0.0, 0.2499, 0.7499, 1.0]))
    assert drawn.tolist() == [399.0, 300.0, 100.0, 0.0]
