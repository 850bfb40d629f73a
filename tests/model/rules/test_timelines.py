"""Shares of posts for readers who follow very many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.rules.timelines import halvings_of, halvings_survived


@given(st.integers(0, 10**6), st.integers(1, 10**5))
def test_what_is_left_of_the_posts_of_all_followees_is_at_most_a_full_feed(followees, full):
    halvings = halvings_of(followees, full)
    assert followees / 2**halvings <= full
    assert halvings == 0 or followees / 2 ** (halvings - 1) > full  # and no more is left out


def test_off_means_that_everybody_gets_everything():
    assert halvings_of(10**6, 0) == 0


@pytest.mark.parametrize("halvings", [1, 2, 3])
def test_each_halving_halves_the_posts_of_a_reader(halvings):
    posts = 40_000
    kept = sum(halvings_survived(post, 7) >= halvings for post in range(posts))
    share = 0.5**halvings
    assert abs(kept - posts * share) < 5 * (posts * share * (1 - share)) ** 0.5


def test_two_readers_lose_different_posts():
    kept = [
        {post for post in range(10_000) if halvings_survived(post, reader) >= 1}
        for reader in (1, 2)
    ]
    # Independent halves share a quarter: 2,500 of 10,000, standard deviation 43.
    assert abs(len(kept[0] & kept[1]) - 2_500) < 5 * 43
