"""Who follows whom: drawn from all others, in proportion to how much each follows."""

import numpy as np
import pytest

from model.world import follows
from model.world.follows import _followers, _followers_of_famous, follows_of
from model.world.scenario.people import Followers, People

SEED = 5


def people(users, **followers):
    return People(users=users, followers=Followers(**{"mean": 12, "max": users // 2} | followers))


@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_drawing_at_once_or_user_by_user_draws_the_same(spread, monkeypatch):
    world = people(500, followees_spread=spread)
    at_once = follows_of(world, SEED)[1]
    monkeypatch.setattr(follows, "_repeated", lambda edges: edges)  # as if all were drawn in vain
    assert (follows_of(world, SEED)[1] == at_once).all()
    for block in (1, 7):
        monkeypatch.setattr(follows, "_BLOCK", block)
        assert (follows_of(world, SEED)[1] == at_once).all()


@pytest.mark.parametrize("spread", [0.0, 2.0])
def test_followers_are_distinct_others_even_of_whom_everybody_follows(spread):
    counts, followers = follows_of(people(300, max=299, alpha=1.6, followees_spread=spread), SEED)
    assert counts.max() == 299
    for user, own in enumerate(np.split(followers, np.cumsum(counts)[:-1])):
        assert len(set(own.tolist())) == counts[user]
        assert user not in own


def test_who_follows_more_is_drawn_more_often():
    spread = 0.8
    counts, followers = follows_of(people(20_000, max=400, followees_spread=spread), SEED)
    followees = np.bincount(followers, minlength=len(counts))
    # A Poisson number whose mean varies has the variance of both; its own is known to about
    # the fourth moment, here within a tenth.
    mean = counts.mean()
    expected = mean + mean**2 * np.expm1(spread**2)
    assert followees.mean() == mean
    assert followees.var() == pytest.approx(expected, rel=0.1)


def test_what_pew_found_of_followees_needs_a_spread_of_one_at_most():
    # The median of the most active tenth followed 456, that of all others 74 (Wojcik & Hughes,
    # "Sizing Up Twitter Users", Pew Research Center 2019).  If they are the tenth that follows
    # most, those are the quantiles at 95 % and 45 %.
    counts, followers = follows_of(people(40_000, mean=100, max=500, followees_spread=1.0), SEED)
    followees = np.bincount(followers, minlength=len(counts))
    ratio = np.quantile(followees, 0.95) / np.quantile(followees, 0.45)
    assert ratio == pytest.approx(456 / 74, rel=0.1)


@pytest.mark.parametrize("draw", [_followers, _followers_of_famous])
def test_both_ways_to_draw_choose_the_first_in_proportion_and_the_rest_of_those_left(draw):
    ends = np.cumsum([1.0, 2.0, 3.0, 4.0] + [0.0001] * 60)
    drawn = np.asarray([draw(seed, 3, 2, ends) for seed in range(4_000)])
    first = np.bincount(drawn[:, 0], minlength=3)[:3] / 4_000
    # User 3 is drawn for: the others share the chances 1 : 2 : 3.
    assert first == pytest.approx([1 / 6, 2 / 6, 3 / 6], abs=5 * (0.25 / 4_000) ** 0.5)
    after_2 = drawn[drawn[:, 0] == 2, 1]
    second = np.bincount(after_2, minlength=2)[:2] / len(after_2)
    assert second == pytest.approx([1 / 3, 2 / 3], abs=5 * (0.25 / len(after_2)) ** 0.5)
