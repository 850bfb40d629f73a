"""Who sends requests: each as often as they do such things."""

from pathlib import Path

import numpy as np
import pytest

from model.world.casting import Casting
from model.world.population import population_of
from model.world.scenario import Endpoint
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
DRAWS = 20_000
UNEVEN = [
    "people.users=300",
    "people.followers.max=200",
    "people.activity={ spread = 1.0, with_followees = 1.0, inactive = 0.2 }",
    "people.posting={ spread = 1.0, never = 0.44 }",
]


@pytest.fixture(scope="module")
def population():
    return population_of(load_scenario(LAPTOP, UNEVEN))


def cast(population, endpoint):
    people, u = Casting(population), (np.arange(DRAWS) + 0.5) / DRAWS
    return np.asarray([people.cast(endpoint, a, b) for a, b in zip(u, u[::-1], strict=True)])


def assert_in_proportion(users, rates):
    counted = np.bincount(users, minlength=len(rates))
    # Places are evenly spread over the chances, so no count is off by more than one.
    assert np.abs(counted - DRAWS * rates / rates.sum()).max() <= 1


def test_posts_are_by_who_posts_as_often_as_they_do(population):
    assert_in_proportion(cast(population, Endpoint.POST)[:, 0], population.posting)


@pytest.mark.parametrize("endpoint", [Endpoint.NEWSFEED, Endpoint.LOGIN, Endpoint.FOLLOW])
def test_other_requests_are_by_who_reads_as_often_as_they_do(population, endpoint):
    assert_in_proportion(cast(population, endpoint)[:, 0], population.reading)


def test_where_all_are_alike_every_active_user_reads_as_often():
    alike = population_of(load_scenario(LAPTOP, ["people.users=300", "people.followers.max=200"]))
    assert_in_proportion(cast(alike, Endpoint.NEWSFEED)[:, 0], alike.active.astype(float))


def test_whom_many_follow_more_will_follow(population):
    targets = cast(population, Endpoint.FOLLOW)[:, 1]
    expected = 1 + population.follower_counts
    counted = np.bincount(targets, minlength=len(population))
    # One who would have followed oneself follows the next instead.
    moved = np.count_nonzero(np.abs(counted - DRAWS * expected / expected.sum()) > 1)
    assert moved < len(population) / 10


def test_only_a_follow_that_is_there_is_ended(population):
    for user, target in cast(population, Endpoint.UNFOLLOW)[::100]:
        assert user in population.followers_of(target)
