from pathlib import Path

import numpy as np
import pytest

from model.world.followers import FollowerLaw, law_of
from model.world.population import population_of
from model.world.scenario import Endpoint, Followers
from model.world.scenario_files import load_scenario
from model.world.workload import arrivals_of

LAPTOP = Path(__file__).parents[2] / "scenarios" / "laptop.toml"


@pytest.fixture(scope="module")
def scenario():
    return load_scenario(LAPTOP)


@pytest.fixture(scope="module")
def population(scenario):
    return population_of(scenario)


@pytest.mark.parametrize("alpha", [1.8, 2.0, 2.2, 3.0])
def test_the_follower_law_has_the_mean_that_the_scenario_asks_for(alpha):
    law = law_of(Followers(alpha=alpha, mean=60, max=1_000_000))
    # Rank by rank from the top, finely enough for the heaviest of the tails.
    ranks = np.logspace(-9, 0, 200_001)
    followers = np.minimum(law.scale * ranks ** (-1 / (alpha - 1)), law.cap)
    mean = np.trapezoid(followers, ranks) + law.cap * 1e-9
    assert mean == pytest.approx(60, rel=0.001)


def test_a_tail_of_the_follower_law_falls_with_the_density_exponent_less_one():
    law = FollowerLaw(alpha=2.2, scale=10.0, cap=10**9)
    ratio = law.share_with_at_least(1_000) / law.share_with_at_least(10_000)
    assert ratio == pytest.approx(10**1.2)
    assert law.share_with_at_least(law.cap + 1) == 0


def test_followers_are_distinct_others_and_as_many_as_the_law_says(scenario, population):
    for user in range(len(population)):
        followers = population.followers_of(user)
        assert len(set(followers.tolist())) == population.follower_counts[user] == len(followers)
        assert user not in followers
    assert population.follower_counts.mean() == pytest.approx(12, rel=0.05)
    assert population.follower_counts.max() <= scenario.people.followers.max


def test_following_is_spread_evenly_over_users(population):
    following = np.bincount(population.followers, minlength=len(population))
    # Nearly Poisson with mean 12: its variance is its mean, within five standard errors.
    assert following.var() == pytest.approx(following.mean(), rel=5 * (2 / len(population)) ** 0.5)


def test_counting_followed_influencers_agrees_with_walking_the_edges(population):
    chosen = population.follower_counts >= 200
    expected = np.zeros(len(population), dtype=int)
    for target in np.flatnonzero(chosen):
        expected[population.followers_of(target)] += 1
    assert chosen.sum() > 0
    assert (population.followed_among(chosen) == expected).all()


def test_a_population_too_large_for_rows_is_refused(scenario):
    crowd = scenario.people.model_copy(update={"users": 10**9})
    with pytest.raises(ValueError, match=r"people\.users: at most"):
        population_of(scenario.model_copy(update={"people": crowd}))


def test_the_same_seed_gives_the_same_people_and_another_seed_others(scenario, population):
    again = population_of(scenario)
    other = population_of(scenario.model_copy(update={"seed": scenario.seed + 1}))
    assert (again.followers == population.followers).all()
    assert (
        len(other.followers) != len(population.followers)
        or (other.followers != population.followers).any()
    )


def test_arrivals_come_at_the_rate_and_in_the_mix_asked_for(scenario, population):
    arrivals = arrivals_of(scenario, population, rate_per_s=500, until_s=40, stream=1)
    # Poisson counts: allow five standard deviations.
    assert abs(len(arrivals) - 20_000) < 5 * 20_000**0.5
    for endpoint, share in scenario.traffic.mix.items():
        count = sum(arrival.endpoint is endpoint for arrival in arrivals)
        assert abs(count - 20_000 * share) < 5 * (20_000 * share) ** 0.5


def test_gaps_between_arrivals_are_exponential(scenario, population):
    from scipy.stats import kstest

    arrivals = arrivals_of(scenario, population, rate_per_s=500, until_s=10, stream=3)
    gaps_s = np.diff([arrival.at_s for arrival in arrivals])
    assert kstest(gaps_s, "expon", args=(0, 1 / 500)).pvalue > 0.001


def test_a_longer_stream_begins_with_the_shorter_one_and_another_stream_differs(
    scenario, population
):
    short = arrivals_of(scenario, population, rate_per_s=50, until_s=5, stream=1)
    long = arrivals_of(scenario, population, rate_per_s=50, until_s=20, stream=1)
    other = arrivals_of(scenario, population, rate_per_s=50, until_s=5, stream=2)
    assert long[: len(short)] == short
    assert other[: len(short)] != short


def test_everyone_asked_for_exists_and_nobody_follows_oneself(scenario, population):
    for arrival in arrivals_of(scenario, population, rate_per_s=500, until_s=10, stream=5):
        assert 0 <= arrival.user < len(population)
        assert arrival.target != arrival.user
        wants_target = arrival.endpoint in (Endpoint.FOLLOW, Endpoint.UNFOLLOW)
        assert (arrival.target >= 0) == wants_target
        assert arrival.target < len(population)
