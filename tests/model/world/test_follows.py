"""Who follows whom: drawn from all others, in proportion to how much each follows."""

import numpy as np
import pytest

from model.world import chance, follows
from model.world.follows import (
    _FOLLOWER,
    Line,
    _different,
    _followers,
    _followers_of_famous,
    follows_of,
)
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


def one_after_another(seed, line):
    """The two followers of user 3, of whom none was drawn with others'."""
    own = chance.u_block(seed, 0, 3, _FOLLOWER, 0, 0, np.arange(2))
    return _followers(seed, 3, line.at(own), line)


def of_somebody_famous(seed, line):
    return _followers_of_famous(seed, 3, 2, line)


@pytest.mark.parametrize("draw", [one_after_another, of_somebody_famous])
def test_both_ways_to_draw_choose_the_first_in_proportion_and_the_rest_of_those_left(draw):
    line = Line.of(np.array([1.0, 2.0, 3.0, 4.0] + [0.0001] * 60))
    drawn = np.asarray([draw(seed, line) for seed in range(4_000)])
    first = np.bincount(drawn[:, 0], minlength=3)[:3] / 4_000
    # User 3 is drawn for: the others share the chances 1 : 2 : 3.
    assert first == pytest.approx([1 / 6, 2 / 6, 3 / 6], abs=5 * (0.25 / 4_000) ** 0.5)
    after_2 = drawn[drawn[:, 0] == 2, 1]
    second = np.bincount(after_2, minlength=2)[:2] / len(after_2)
    assert second == pytest.approx([1 / 3, 2 / 3], abs=5 * (0.25 / len(after_2)) ** 0.5)


@pytest.mark.parametrize("spread", [0.0, 1.0, 4.0])
@pytest.mark.parametrize("users", [1, 2, 1_000, 1_025])
def test_on_a_line_everybody_is_found_where_they_are(users, spread):
    widths = np.random.default_rng(users).lognormal(sigma=spread, size=users)
    line, ends = Line.of(widths), np.cumsum(widths)
    edges = ends[:-1] / ends[-1]
    u = np.concatenate((np.linspace(1e-9, 1 - 1e-9, 5_000), edges, np.nextafter(edges, 0)))
    assert (line.at(u) == np.searchsorted(ends, u * ends[-1], side="right")).all()


def test_users_of_no_width_are_nowhere_on_the_line():
    line = Line.of(np.array([0.0, 1.0, 0.0, 0.0, 3.0]))
    assert line.at(np.array([0.001, 0.2499, 0.25, 0.999])).tolist() == [1, 1, 4, 4]


def test_of_values_each_stays_where_it_comes_first():
    assert _different(np.array([4, 2, 4, 0, 2, 3]), 5).tolist() == [4, 2, 0, 3]
