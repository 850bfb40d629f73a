"""How many posts the first page of a profile shows."""

from pathlib import Path

import numpy as np
import pytest

from model.world.population import population_of
from model.world.profiles import posts_on_profiles
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"


def posts(*overrides):
    scenario = load_scenario(LAPTOP, overrides)
    return scenario, posts_on_profiles(scenario)


def test_as_many_are_shown_as_those_who_are_looked_at_have_posted():
    scenario, shown = posts("people.posts_per_user=2", "people.users=50 k")
    people = population_of(scenario)
    looks = 1 + people.follower_counts
    each = 2 * people.posting / people.posting.mean()
    # One person in 50,000 is drawn otherwise than another; none of them is much of the whole.
    assert shown.mean() == pytest.approx(np.average(each, weights=looks), rel=0.03)
    assert np.var(shown) > shown.mean(), "Poisson numbers of different means vary more than one"


def test_a_page_shows_no_more_than_it_has_room_for():
    _, shown = posts("people.posts_per_user=1000", "policy.page_limit=30")
    assert (shown == 30).all()


def test_who_never_posts_shows_nothing():
    _, shown = posts("people.posts_per_user=10", "people.posting.never=40 %")
    assert np.mean(shown == 0) == pytest.approx(0.4, abs=0.03)


def test_where_nobody_has_posted_nothing_is_shown():
    assert posts("people.posts_per_user=0")[1].max() == 0
