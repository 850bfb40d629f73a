"""The follower laws: each against sums over many users, one by one."""

import numpy as np
import pytest

from model.world.followers import FollowerLaw, Listed, PowerLaw, Quantiles, law_of
from model.world.scenario.people import Followers, People

USERS = 1_000_000
LAWS: dict[str, FollowerLaw] = {
    "a power law": PowerLaw.with_mean(60, alpha=2.2, cap=50_000),
    "a power law of exponent 2": PowerLaw.with_mean(60, alpha=2.0, cap=50_000),
    "quantiles": Quantiles.through([(0.5, 4), (0.95, 95), (1.0, 20_000)], users=USERS),
    "quantiles with users alike": Quantiles.through(
        [(0.2, 30), (0.6, 30), (0.9, 500), (1.0, 500)], users=USERS
    ),
    "a list": Listed(counts=np.repeat([5_000, 300, 30, 0], [100, 900, 9_000, 990_000])),
}


@pytest.fixture(params=list(LAWS.values()), ids=list(LAWS))
def law(request):
    return request.param


@pytest.fixture
def counts(law):
    """Return the followers of so many users, each in the middle of their place."""
    return law.followers_at((np.arange(USERS) + 0.5) / USERS)


@pytest.mark.parametrize("alpha", [1.8, 2.0, 2.2, 3.0])
def test_a_power_law_has_the_mean_that_the_scenario_asks_for(alpha):
    law = PowerLaw.with_mean(60, alpha=alpha, cap=1_000_000)
    # Rank by rank from the top, finely enough for the heaviest of the tails.
    ranks = np.logspace(-9, 0, 200_001)
    followers = np.minimum(law.scale * ranks ** (-1 / (alpha - 1)), law.cap)
    mean = np.trapezoid(followers, ranks) + law.cap * 1e-9
    assert mean == pytest.approx(60, rel=0.001)
    assert law.mean == pytest.approx(60)


def test_a_tail_of_a_power_law_falls_with_the_density_exponent_less_one():
    law = PowerLaw(alpha=2.2, scale=10.0, cap=10**9)
    ratio = law.share_with_at_least(1_000) / law.share_with_at_least(10_000)
    assert ratio == pytest.approx(10**1.2)


def test_the_mean_is_that_of_the_users(law, counts):
    # Followers are whole numbers: half of one is the most by which rounding changes the mean.
    assert law.mean == pytest.approx(counts.mean(), rel=0.01)


def test_whoever_is_further_from_the_top_has_no_more_followers(counts):
    assert (np.diff(counts) <= 0).all()
    assert counts[-1] >= 0


@pytest.mark.parametrize("followers", [0, 1, 30, 31, 200, 499.5, 2_000])
def test_shares_and_means_above_a_threshold_are_those_of_the_users(law, counts, followers):
    # A user counts as soon as rounding brings them there: compare at the half before.
    at_least = counts >= followers
    rounded = max(0.0, followers - 0.5) if float(followers).is_integer() else followers
    share, mean = law.share_with_at_least(rounded), law.mean_above(rounded)
    assert share == pytest.approx(at_least.mean(), rel=0.001, abs=2 / USERS)
    assert mean == pytest.approx((counts * at_least).mean(), rel=0.01, abs=0.001)


def test_nobody_has_more_than_the_most_followed(law, counts):
    beyond = int(counts.max()) + 1
    assert law.share_with_at_least(beyond) == 0
    assert law.mean_above(beyond) == 0
    assert law.mean_above(float("inf")) == 0


def test_everybody_has_no_followers_or_more(law):
    assert law.share_with_at_least(0) == 1
    assert law.mean_above(0) == pytest.approx(law.mean)


def test_quantiles_go_through_their_points():
    law = Quantiles.through([(0.5, 1), (0.95, 95), (0.999, 2_300), (1.0, 600_000)], users=10**6)
    assert law.followers_at([0.5, 0.05, 0.001, 1e-6, 1e-9]).tolist() == [
        *(1, 95, 2_300),
        *(600_000, 600_000),  # there is nobody above the most followed
    ]
    assert law.share_with_at_least(95) == pytest.approx(0.05)


def test_between_points_a_tenth_of_the_users_has_the_same_multiple_of_followers():
    law = Quantiles.through([(0.9, 99), (0.999, 9_999), (1.0, 10_000)], users=10**5)
    assert law.followers_at([0.1, 0.01, 0.001]).tolist() == [99, 999, 9_999]


def test_users_who_are_all_alike_count_at_their_followers():
    alike = LAWS["quantiles with users alike"]
    assert alike.share_with_at_least(30) == pytest.approx(0.8)
    assert alike.share_with_at_least(500) == pytest.approx(0.1)
    fewest = Quantiles.through([(0.0, 5), (0.5, 5), (1.0, 100)], users=1_000)
    assert fewest.share_with_at_least(5) == 1


def test_below_the_first_point_followers_fall_to_none_unless_a_point_says_otherwise():
    falls = Quantiles.through([(0.5, 8), (1.0, 100)], users=1_000)
    assert falls.followers_at([0.999]).tolist() == [0]
    ends = Quantiles.through([(0.0, 5), (0.5, 8), (1.0, 100)], users=1_000)
    assert ends.followers_at([0.999]).tolist() == [5]


def test_a_point_nearer_to_the_top_than_one_user_is_is_left_out():
    law = Quantiles.through([(0.5, 8), (0.9999, 70), (1.0, 90)], users=1_000)
    assert law.followers == (0, 8, 90)


def people(**followers):
    return People(users=1_000, followers=Followers(**{"mean": 12, "max": 900} | followers))


def test_the_scenario_chooses_the_law(tmp_path):
    assert isinstance(law_of(people()), PowerLaw)
    assert isinstance(law_of(people(quantiles=(("50 %", 1), ("100 %", 99)))), Quantiles)
    (tmp_path / "edges").write_text("1 7\n2 7\n7 2\n")
    listed = law_of(people(edges=str(tmp_path / "edges")))
    assert listed.followers_at([0.0005, 0.0015, 0.0025]).tolist() == [2, 1, 0]
    assert listed.mean == pytest.approx(0.003)


def test_what_is_not_used_of_the_power_law_is_not_checked():
    followers = Followers(quantiles=((0.5, 1), (1.0, 99)))
    assert People(users=1_000, followers=followers).followers.max >= 1_000


@pytest.mark.parametrize(
    ("followers", "complaint"),
    [
        ({"max": 1_000}, "followers.max must be below users, got 1000"),
        ({"mean": 901}, "followers.mean must not exceed max, got 901"),
        ({"quantiles": ((0.5, 1), (1.0, 1_000))}, "must end below users, they end at 1000"),
        ({"quantiles": ((0.5, 1), (0.9, 10))}, "must end at 100 %, they end at 0.9"),
        ({"quantiles": ((0.5, 3), (1.0, 2))}, "must rise"),
        ({"quantiles": ((0.5, 3), (0.5, 4), (1.0, 9))}, "must rise"),
        ({"quantiles": ((0.5, 3), (1.0, 9)), "edges": "x"}, "give quantiles or edges, not both"),
    ],
)
def test_followers_that_cannot_be_are_refused(followers, complaint):
    with pytest.raises(ValueError, match=complaint):
        people(**followers)
