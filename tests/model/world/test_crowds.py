"""Crowds: what is sampled of people one by one, and of people by law, is alike."""

from pathlib import Path

import numpy as np
import pytest

from model.rules import timelines
from model.world import crowds
from model.world.activity import posting_of
from model.world.crowds import DRAWN_MAX, crowd_by_law, crowd_by_rows, crowd_of
from model.world.followers import law_of
from model.world.population import USERS_MAX, population_of
from model.world.scenario import ScenarioError
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
SEEDS = range(20)
T_9995_DF19 = 3.883  # Student t, 99.95 % quantile, 19 degrees of freedom: a 99.9 % interval
# Of 5,000, enough have the most followers there are for a law to say how many those are.
SMALL = [
    "people.users=5 k",
    "people.followers={ mean = 12, max = 200, followees_spread = 0.6 }",
    "policy.influencer_followers_min=40",
]
UNEVEN = [
    "people.activity={ spread = 0.7, with_followees = 1.0, inactive = 0.2 }",
    "people.posting={ spread = 0.8, never = 0.44, with_followers = 2.0 }",
]


def laptop(*overrides):
    return load_scenario(LAPTOP, [*SMALL, *overrides])


FIGURES = {
    "lists merged per page": lambda crowd: crowd.pages.merged.mean(),
    "deviation of lists merged": lambda crowd: crowd.pages.merged.std(),
    "followees per page": lambda crowd: crowd.pages.followees.mean(),
    "reading per page": lambda crowd: np.log(crowd.pages.reading).mean(),
    "readers who follow and read much": lambda crowd: np.mean(
        (crowd.pages.followees > 13) & (crowd.pages.reading > 1)
    ),
    "followers per post": lambda crowd: crowd.posts.followers.mean(),
    "posts by influencers": lambda crowd: np.mean(crowd.posts.followers >= 40),
    "posting per post": lambda crowd: np.log(crowd.posts.posting).mean(),
    "users who read": lambda crowd: np.mean(crowd.reading > 0),
    "users who read more than others": lambda crowd: np.mean(crowd.reading > 1),
    "posting per follow": lambda crowd: crowd.followed_posting.mean(),
    "follows of who posts": lambda crowd: np.mean(crowd.followed_posting > 0),
}


@pytest.fixture(scope="module", params=["hybrid", "pull", "push"])
def differences(request):
    """Return, by figure, what it is by law less what it is by rows, seed by seed."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in FIGURES}
    for seed in SEEDS:
        scenario = laptop(*UNEVEN, f"policy.strategy={request.param}", f"seed={seed}")
        law, rows = crowd_by_law(scenario), crowd_by_rows(scenario)
        for name, figure in FIGURES.items():
            found[name].append((figure(law) - figure(rows), figure(rows)))
    return {name: np.asarray(values).T for name, values in found.items()}


@pytest.mark.parametrize("name", FIGURES)
def test_people_by_law_are_like_people_one_by_one(differences, name):
    more, rows = differences[name]
    half_width = T_9995_DF19 * np.std(more, ddof=1) / len(SEEDS) ** 0.5
    assert abs(np.mean(more)) <= half_width + 1e-9
    assert half_width <= 0.12 * max(np.mean(rows), 0.25), "too noisy to prove anything"


@pytest.mark.parametrize("crowd_of_people", [crowd_by_rows, crowd_by_law])
def test_who_reads_more_follows_more_influencers_so_pages_merge_more_than_users_would(
    crowd_of_people,
):
    alike = crowd_of_people(laptop())
    more = crowd_of_people(laptop("people.activity.with_followees=2.0"))
    people = population_of(laptop())
    stars = people.follower_counts >= 40
    lists, weights = people.followed_among(stars), (people.followee_counts + 1.0) ** 2
    per_user, per_page = lists.mean(), np.average(lists, weights=weights)
    # The error of a weighted mean, of which five are allowed: those people are a sample too.
    error = np.sqrt(np.sum(weights**2 * (lists - per_page) ** 2)) / weights.sum()
    assert per_page > 1.5 * per_user + 5 * error
    assert alike.pages.merged.mean() == pytest.approx(per_user + stars.mean(), abs=5 * error)
    assert more.pages.merged.mean() == pytest.approx(per_page + stars.mean(), abs=5 * error)


def test_pages_are_sampled_as_often_as_their_reader_reads():
    scenario = laptop(*UNEVEN)
    people, crowd = population_of(scenario), crowd_by_rows(scenario)
    stars = people.follower_counts >= 40
    lists = people.followed_among(stars) + stars
    expected = np.average(lists, weights=people.reading)
    assert crowd.pages.merged.mean() == pytest.approx(expected, rel=0.01)
    followees = np.average(people.followee_counts, weights=people.reading)
    assert crowd.pages.followees.mean() == pytest.approx(followees, rel=0.01)


def test_posts_are_sampled_as_often_as_their_author_posts():
    scenario = laptop(*UNEVEN)
    people, crowd = population_of(scenario), crowd_by_rows(scenario)
    expected = np.average(people.follower_counts, weights=people.posting)
    assert crowd.posts.followers.mean() == pytest.approx(expected, rel=0.01)


LARGE = (
    "people.followers={ alpha = 2.2, mean = 60, max = '30 M' }",
    "people.followers.quantiles=[['50 %', 1], ['95 %', 95], ['99.9 %', 2300], ['100 %', '30 M']]",
)


def by_share(law):
    """Return places from the top, each the middle of a share of users, and these shares."""
    edges = np.geomspace(1e-13, 1.0, 200_001)
    return np.sqrt(edges[1:] * edges[:-1]), np.diff(edges)


@pytest.mark.parametrize("followers", LARGE)
def test_of_a_billion_users_posts_have_the_followers_that_the_law_says(followers):
    scenario = laptop("people.users=1 B", "people.posting.with_followers=0", followers)
    posts = crowd_by_law(scenario).posts
    assert posts.followers.mean() == pytest.approx(law_of(scenario.people).mean, rel=0.01)


@pytest.mark.parametrize("followers", LARGE)
def test_posts_have_the_more_followers_if_who_has_more_posts_more(followers):
    scenario = laptop("people.users=1 B", "people.posting.with_followers=2", followers)
    law = law_of(scenario.people)
    places, shares = by_share(law)
    counts = law.followers_at(places)
    rates = shares * posting_of(scenario.people.posting, counts)
    expected = np.average(counts, weights=rates)
    assert crowd_by_law(scenario).posts.followers.mean() == pytest.approx(expected, rel=0.01)


def test_of_people_one_by_one_none_is_left_out_of_the_followers_of_posts():
    # A few of 60,000 have most of the followers; of 20,000 posts hardly one is of theirs.
    scenario = laptop("people.users=60 k", "people.followers.max=59 k", "people.followers.alpha=2")
    people = population_of(scenario)
    expected = np.average(people.follower_counts, weights=people.posting)
    assert crowd_by_rows(scenario).posts.followers.mean() == pytest.approx(expected, rel=0.001)


@pytest.mark.parametrize("crowd_of_people", [crowd_by_rows, crowd_by_law])
def test_nothing_is_merged_where_everything_is_pushed(crowd_of_people):
    assert not crowd_of_people(laptop("policy.strategy=push")).pages.merged.any()


@pytest.mark.parametrize("crowd_of_people", [crowd_by_rows, crowd_by_law])
def test_where_there_are_too_many_influencers_everybody_followed_is_asked_for(
    crowd_of_people, monkeypatch
):
    scenario = laptop()
    stars = np.count_nonzero(population_of(scenario).follower_counts >= 40)
    monkeypatch.setattr(timelines, "MERGE_AUTHORS_MAX", stars // 2)
    pages = crowd_of_people(scenario).pages
    assert (pages.merged == pages.followees + 1).all()
    monkeypatch.setattr(timelines, "MERGE_AUTHORS_MAX", stars * 2)
    pages = crowd_of_people(scenario).pages
    assert (pages.merged < pages.followees + 1).mean() > 0.9


@pytest.mark.parametrize(("edges", "most"), [(None, DRAWN_MAX), ("follows.txt", USERS_MAX)])
def test_people_are_drawn_as_long_as_that_is_quick_and_those_of_a_file_as_long_as_it_can_be_done(
    monkeypatch, edges, most
):
    made = []
    monkeypatch.setattr(crowds, "crowd_by_rows", lambda _: made.append("one by one"))
    monkeypatch.setattr(crowds, "crowd_by_law", lambda _: made.append("by law"))
    people = laptop().people
    followers = people.followers.model_copy(update={"edges": edges})
    for users in (most, most + 1):
        of_many = people.model_copy(update={"users": users, "followers": followers})
        crowd_of(laptop().model_copy(update={"people": of_many}))
    assert made == ["one by one", "by law"]


def test_people_who_do_not_fit_into_rows_are_a_law():
    many = laptop("people.users=1 B", "people.followers.max=30 M", "people.followers.mean=60")
    assert len(crowd_of(many).pages.merged) == len(crowd_of(laptop()).pages.merged)
    assert crowd_of(many).posts.followers.max() > 100_000
    with pytest.raises(ScenarioError, match="inactive: at most"):
        crowd_of(many.model_copy(update={"people": _all_inactive(many.people)}))


def _all_inactive(people):
    activity = people.activity.model_copy(update={"inactive": 1.0})
    return people.model_copy(update={"activity": activity})


def test_a_world_without_followers_has_no_follows(tmp_path):
    scenario = laptop(
        "people.users=1 k", 'people.followers={ quantiles = [["50 %", 0], ["100 %", 0]] }'
    )
    for crowd in (crowd_by_rows(scenario), crowd_by_law(scenario)):
        assert not len(crowd.followed_posting)
        assert not crowd.pages.followees.any()
