"""Bursts: few accounts make most copies, and a post takes time to reach everybody."""

import numpy as np
import pytest

from model.answers.push_pull import Edges
from model.answers.push_pull.bursts import fanout_s, few_with, followers_fresh_max


def star(posts_per_day):
    return Edges(
        authors=np.array([0, 0, 0, 1]),
        readers=np.array([1, 2, 3, 0]),
        posts_per_day=np.array(posts_per_day),
        reads_per_day=np.ones(4),
    )


def test_copies_are_shared_out_by_followers_and_posts():
    few = few_with(star([2.0, 4.0, 9.0, 9.0]), 3)
    assert few.accounts_share == 0.25
    assert few.copies_share == pytest.approx(6 / 10)


def test_where_nobody_who_is_followed_posts_there_are_no_copies_to_share_out():
    with pytest.raises(ValueError, match="posts_per_day: nobody who is followed posts"):
        few_with(star([0.0, 0.0, 9.0, 9.0]), 3)


def test_twitters_fan_out_reaches_a_million_in_three_seconds_and_a_half():
    # Krikorian, "Timelines at Scale": 3.5 s for 1 M followers, so 1.4 M in the 5 s aimed at.
    assert fanout_s(1_000_000, copies_per_s=286_000) == pytest.approx(3.5, rel=0.01)
    assert followers_fresh_max(286_000, fresh_s=5.0) == pytest.approx(1.4e6, rel=0.03)


def test_what_others_posts_keep_busy_is_not_there_for_a_burst():
    assert fanout_s(1_000, copies_per_s=100, busy_share=0.75) == pytest.approx(40)
    assert followers_fresh_max(100, fresh_s=40, busy_share=0.75) == pytest.approx(1_000)


def test_a_fleet_that_is_busy_all_the_time_never_reaches_everybody():
    assert fanout_s(1, copies_per_s=100, busy_share=1.0) == float("inf")


@pytest.mark.parametrize("rule", [followers_fresh_max, lambda *a, **k: fanout_s(1, **k)])
def test_impossible_fleets_are_refused(rule):
    with pytest.raises(ValueError, match=r"busy_share must be in 0\.\.1, got 1.5"):
        rule(copies_per_s=1.0, busy_share=1.5)
    with pytest.raises(ValueError, match="copies_per_s must be above 0 and finite, got 0"):
        rule(copies_per_s=0)


def test_nothing_is_fresh_at_once():
    with pytest.raises(ValueError, match="fresh_s must be above 0, got 0"):
        followers_fresh_max(1.0, fresh_s=0)
