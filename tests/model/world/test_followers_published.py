"""The shapes of real networks, as far as the laws can take them."""

from pathlib import Path

import numpy as np
import pytest

from model.world.followers import PowerLaw, Quantiles
from model.world.follows import follows_of
from model.world.population import population_of
from model.world.scenario.people import Followers, People
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
SEED = 7

# Followers on Bluesky, of 5.95 M users, June 2024: by the share of users who have more.  The
# first two are said to be so many, the others to be below so many (subium, 2024).
BLUESKY_USERS = 5_950_000
BLUESKY = {0.5: 1, 0.05: 95, 0.005: 1_000, 0.001: 2_300}


def followers_at_shares(law):
    return dict(zip(BLUESKY, law.followers_at(list(BLUESKY)).tolist(), strict=True))


def test_a_power_law_of_2_2_has_the_tail_of_bluesky():
    has = followers_at_shares(PowerLaw.with_mean(43, alpha=2.2, cap=600_000))
    assert has[0.05] == pytest.approx(95, rel=0.01)
    assert 500 < has[0.005] < 1_000
    assert has[0.001] == pytest.approx(2_300, rel=0.1)


def test_with_60_followers_on_average_the_tail_is_within_60_percent_of_that_of_bluesky():
    has = followers_at_shares(PowerLaw.with_mean(60, alpha=2.2, cap=600_000))
    for share in (0.05, 0.005, 0.001):
        assert 1 / 1.6 < has[share] / BLUESKY[share] < 1.6
    assert has[0.5] > 15  # instead of 1


def test_no_power_law_has_both_the_median_and_the_tail_of_bluesky():
    tail = BLUESKY[0.05], BLUESKY[0.001]
    for alpha in np.arange(1.55, 4.0, 0.05):
        law = PowerLaw(alpha=alpha, scale=tail[0] * 0.05 ** (1 / (alpha - 1)), cap=600_000)
        median, rarest = law.followers_at([0.5, 0.001])
        assert median > 5 * BLUESKY[0.5] or rarest > 5 * tail[1]


def test_quantiles_have_all_of_it():
    points = [*((1 - share, count) for share, count in BLUESKY.items()), (1.0, 600_000)]
    law = Quantiles.through(points, users=BLUESKY_USERS)
    assert followers_at_shares(law) == BLUESKY
    # So read, Bluesky had 28 followers per user; a year later it was 60 (2.4 B among 39.7 M).
    assert law.mean == pytest.approx(28, abs=1)


def people(users, **followers):
    return People(users=users, followers=Followers(**followers))


def test_the_exponent_of_twitter_is_found_again_in_a_graph_that_is_drawn_with_it():
    # Kwak et al. (WWW 2010) found 2.276.  The estimate is that of Clauset, Shalizi & Newman,
    # "Power-law distributions in empirical data", SIAM Review 51 (2009), eq. 3.7; so is its error.
    drawn, followers = follows_of(people(50_000, alpha=2.276, mean=35, max=49_000), SEED)
    counts = np.bincount(np.repeat(np.arange(50_000), drawn), minlength=50_000)
    assert len(followers) == counts.sum()
    tail = counts[counts >= 50]
    alpha = 1 + len(tail) / np.log(tail / 49.5).sum()
    error = (alpha - 1) / len(tail) ** 0.5
    assert alpha == pytest.approx(2.276, abs=error)
    assert error < 0.03, "too few to prove anything"


def test_a_graph_has_the_mean_of_its_law_and_as_many_followees_as_followers():
    world = people(100_000, alpha=2.2, mean=30, max=30_000)
    counts, followers = follows_of(world, SEED)
    followees = np.bincount(followers, minlength=100_000)
    assert followees.mean() == counts.mean()
    error = counts.std() / 100_000**0.5
    assert counts.mean() == pytest.approx(30, abs=2 * error)
    assert error < 1.5, "too heavy a tail to prove anything"


def test_quantiles_have_the_shape_of_a_university_on_facebook():
    # socfb-Reed98, which socialNetwork of DeathStarBench is seeded with: 962 people, who have
    # 39.1 friends on average, 29 in the median, 313 at most.  Two points leave the mean open (it
    # would be 27): the third, at 90 %, is where the mean is right.
    shape = 'followers={ quantiles = [["50 %", 29], ["90 %", 118], ["100 %", 313]] }'
    school = population_of(load_scenario(LAPTOP, ["people.users=962", f"people.{shape}"]))
    counts = school.follower_counts
    assert np.median(counts) == pytest.approx(29, abs=1)
    assert counts.mean() == pytest.approx(39.1, rel=0.01)
    assert counts.max() == 313
    assert school.followee_counts.mean() == counts.mean()
