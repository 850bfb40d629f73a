"""Copies of posts, against sums over people one by one."""

import numpy as np
import pytest

from model.answers.sizing.fanouts import authors_of, copies_per_post
from model.world.followers import law_of
from model.world.reach import reach_of

SMALL = {"users": 30_000, "followers": {"mean": 20, "max": 3_000}}


def everybody(scenario):
    """Return followers and posting of each user, from the most followed down."""
    people = scenario.people
    places = (np.arange(people.users) + 0.5) / people.users
    followers = law_of(people).followers_at(places)
    return followers, 1 + 2 * np.log10(1 + followers)


def test_everything_pushed_reaches_the_followers_of_those_who_post(asked):
    scenario = asked(people=SMALL)
    followers, posting = everybody(scenario)
    authors = authors_of(scenario)
    assert authors.pushed_share == 1
    mean = followers @ posting / posting.sum()
    assert authors.followers_of_pushed == pytest.approx(mean, rel=0.01)
    assert mean > followers.mean()  # who has more followers posts more


def test_influencers_posts_are_not_copied(asked):
    scenario = asked(people=SMALL, policy={"strategy": "hybrid", "influencer_followers_min": 200})
    followers, posting = everybody(scenario)
    pushed = followers < 200
    authors = authors_of(scenario)
    assert authors.pushed_share == pytest.approx(posting[pushed].sum() / posting.sum(), rel=0.002)
    mean = followers[pushed] @ posting[pushed] / posting[pushed].sum()
    assert authors.followers_of_pushed == pytest.approx(mean, rel=0.01)


def test_nothing_is_copied_if_everything_is_pulled(asked):
    scenario = asked(people=SMALL, policy={"strategy": "pull"})
    assert copies_per_post(scenario, reach_of(scenario)).value == 0


def test_nothing_is_written_for_who_does_not_come_unless_everything_is_pushed(sized):
    name = "copies of a post"
    away = {"activity": {"inactive": 0.25}}
    for strategy, left in (("push", 1), ("push_active", 0.75)):
        policy = {"strategy": strategy}
        whole = sized(policy=policy).figure(name).value
        assert sized(policy=policy, people=away).figure(name).value == pytest.approx(left * whole)


def test_where_the_journeys_do_not_say_a_scenario_the_figure_does(asked):
    copies = copies_per_post(asked(), "fleet.moons: nobody has been there")
    assert copies.formula == "not known: fleet.moons: nobody has been there"
