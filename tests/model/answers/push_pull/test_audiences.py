"""Audiences one by one against those by law, and the lists that pages merge."""

import numpy as np
import pytest

from model.answers.push_pull import audiences
from model.answers.push_pull.audiences import ByLaw, ByRows, audience_of
from model.world.population import population_of
from model.world.scenario import ScenarioError


@pytest.fixture
def both(asked):
    """Return a scenario, its people one by one and by law."""
    people = {"users": 20_000, "followers": {"mean": 20, "max": 2_000}}
    scenario = asked(people=people, policy={"influencer_followers_min": 200})
    return scenario, ByRows(scenario, population_of(scenario)), ByLaw(scenario)


def test_everybody_is_an_author_and_all_posts_are_theirs(both):
    for audience in both[1:]:
        assert audience.authors.users.sum() == pytest.approx(20_000)
        assert audience.authors.posts_per_s.sum() == pytest.approx(10)


@pytest.mark.parametrize("followers_min", [50, 200, 1_000])
def test_law_and_rows_have_as_many_influencers_posts_and_copies(both, followers_min):
    _, rows, law = both
    for column in ("users", "posts_per_s", "copies_per_s"):
        by_rows, by_law = (_above(each.authors, column, followers_min) for each in (rows, law))
        assert by_law == pytest.approx(by_rows, rel=0.03)


def _above(authors, column, followers_min):
    copies = authors.posts_per_s * authors.followers
    values = copies if column == "copies_per_s" else getattr(authors, column)
    return values[authors.followers >= followers_min].sum()


def test_law_and_rows_merge_as_many_lists(both):
    scenario, rows, law = both
    some, others = rows.lists(scenario), law.lists(scenario)
    # Each is a sample of 20,000 pages; one deviation of either mean is its own over its root.
    deviation = np.hypot(some.std(), others.std()) / np.sqrt(20_000)
    assert some.mean() > 1
    assert abs(some.mean() - others.mean()) < 5 * deviation


def test_a_page_merges_the_lists_of_followed_influencers_and_ones_own(asked):
    scenario = asked(policy={"influencer_followers_min": 100})
    people = population_of(scenario)
    influencers = people.follower_counts >= 100
    merged = np.zeros(len(people))
    np.add.at(merged, people.followers, influencers[people.targets])
    merged += influencers
    mean = np.average(merged, weights=people.reading)
    assert ByRows(scenario, people).lists(scenario).mean() == pytest.approx(mean, rel=0.001)


def test_of_too_many_influencers_nobody_knows_so_all_who_are_followed_are_asked(both, monkeypatch):
    scenario, rows, _ = both
    assert rows.lists(scenario).mean() < 10
    monkeypatch.setattr(audiences, "MERGE_AUTHORS_MAX", 100)
    people = population_of(scenario)
    mean = np.average(people.followee_counts + 1, weights=people.reading)
    assert rows.lists(scenario).mean() == pytest.approx(mean, rel=0.001)


def test_people_are_taken_one_by_one_as_long_as_they_can_be_made(asked, monkeypatch):
    assert isinstance(audience_of(asked()), ByRows)
    monkeypatch.setattr(audiences, "USERS_MAX", 2_999)
    assert isinstance(audience_of(asked()), ByLaw)


def test_traffic_as_recorded_has_no_one_rate(asked):
    with pytest.raises(ScenarioError, match=r"traffic\.recorded: what was recorded has no one"):
        audience_of(asked(traffic={"recorded": {"file": "requests.csv"}}))
