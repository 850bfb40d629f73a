import numpy as np
import pandas as pd

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
            "attempt": 0,
            "member": 0,
            "began_s": began_s,
            "lasted_s": np.where(began_s < CHANGE_S, 1.0, 5.0),
            "is_single": False,
        }
    )


def drawn_s(pools, at_s):
    return set(pools.drawn_s(np.full(50, at_s), np.linspace(-3.0, 3.0, 50)).tolist())


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
    assert np.isnan(Pools(legs()[:0], width=4, changes_s=(1.0,)).drawn_s(np.ones(1), np.zeros(1)))
