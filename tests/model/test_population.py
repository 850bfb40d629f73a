from pathlib import Path

import numpy as np
import pytest

from model.world.casting import ABOUT_OTHERS
from model.world.population import population_of
from model.world.scenario import ScenarioError
from model.world.scenario_files import load_scenario
from model.world.workload import arrivals_of

LAPTOP = Path(__file__).parents[2] / "scenarios" / "laptop.toml"


@pytest.fixture(scope="module")
def scenario():
    return load_scenario(LAPTOP)


@pytest.fixture(scope="module")
def population(scenario):
    return population_of(scenario)


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
    with pytest.raises(ScenarioError, match=r"people\.users: at most"):
        population_of(with_people(scenario, users=10**9))


def with_people(scenario, **changes):
    return scenario.model_copy(update={"people": scenario.people.model_copy(update=changes)})


def uneven(*overrides):
    return load_scenario(LAPTOP, ["people.users=20 k", *overrides])


def test_shares_of_users_are_active_or_inactive_but_not_both():
    people = population_of(uneven("people.daily_active=30 %", "people.activity.inactive=45 %"))
    # Binomial shares: allow five standard deviations.
    assert people.active.mean() == pytest.approx(0.30, abs=5 * (0.3 * 0.7 / 20_000) ** 0.5)
    assert people.inactive.mean() == pytest.approx(0.45, abs=5 * (0.45 * 0.55 / 20_000) ** 0.5)
    assert not (people.active & people.inactive).any()


def test_only_the_active_read_and_the_inactive_post_nothing():
    people = population_of(uneven("people.activity={ spread = 1.0, inactive = 0.3 }"))
    assert ((people.reading > 0) == people.active).all()
    assert ((people.posting == 0) == people.inactive).all()
    assert people.reading[people.active].mean() == pytest.approx(1)
    assert people.posting.mean() == pytest.approx(1)


def test_a_share_of_users_never_posts():
    people = population_of(uneven("people.posting.never=44 %"))
    silent = (people.posting == 0).mean()
    assert silent == pytest.approx(0.44, abs=5 * (0.44 * 0.56 / 20_000) ** 0.5)


def test_rates_are_spread_as_far_as_the_scenario_says():
    spreads = "people.activity.spread=0.8", "people.posting={ spread = 1.2, with_followers = 0.0 }"
    people = population_of(uneven(*spreads))
    # The deviation of n normal values is off by its 1 / sqrt(2 n), give or take.
    reading, posting = np.log(people.reading[people.active]), np.log(people.posting)
    assert reading.std() == pytest.approx(0.8, rel=5 / (2 * len(reading)) ** 0.5)
    assert posting.std() == pytest.approx(1.2, rel=5 / (2 * len(posting)) ** 0.5)


def test_who_follows_more_reads_more_if_the_scenario_says_so(scenario):
    people = population_of(uneven("people.activity.with_followees=2.0"))
    rates, follow = people.reading[people.active], people.followee_counts[people.active]
    assert rates / rates[0] == pytest.approx(((follow + 1) / (follow[0] + 1)) ** 2)


def test_more_users_than_there_are_cannot_be_active_or_inactive(scenario):
    with pytest.raises(
        ScenarioError, match=r"people\.activity\.inactive: at most 0\.4, .* got 0\.5"
    ):
        population_of(load_scenario(LAPTOP, ["people.activity.inactive=50 %"]))
    population_of(load_scenario(LAPTOP, ["people.activity.inactive=40 %"]))


@pytest.mark.parametrize(
    ("overrides", "complaint"),
    [
        (["people.daily_active=0.0001 %"], r"people\.daily_active: nobody of 10 is active"),
        (["people.posting.never=99.99 %"], r"people\.posting\.never: nobody of 10 is left"),
    ],
)
def test_a_world_in_which_nobody_does_anything_is_refused(overrides, complaint):
    few = ["people.users=10", "people.followers={ mean = 2, max = 5 }"]
    with pytest.raises(ScenarioError, match=complaint):
        population_of(load_scenario(LAPTOP, few + overrides))


def test_people_of_an_edge_list_are_as_listed(tmp_path):
    edges = [(1, 7), (7, 1), (3, 7), (9, 0), (3, 1)]
    (tmp_path / "edges.csv").write_text("\n".join(f"{a},{b}" for a, b in edges))
    path = tmp_path / "laptop.toml"
    path.write_text(LAPTOP.read_text())
    people = population_of(
        load_scenario(path, ["people.users=12", "people.followers.edges=edges.csv"])
    )
    pairs = zip(people.followers.tolist(), people.targets.tolist(), strict=True)
    assert sorted(pairs) == sorted(edges)
    assert people.follower_counts.tolist() == [1, 2, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0]
    assert people.followee_counts.tolist() == [0, 1, 0, 2, 0, 0, 0, 1, 0, 1, 0, 0]
    assert people.followers_of(7).tolist() == [1, 3]


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
        assert (arrival.target >= 0) == (arrival.endpoint in ABOUT_OTHERS)
        assert arrival.target < len(population)
