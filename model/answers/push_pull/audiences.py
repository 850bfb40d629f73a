"""Who posts to how many, and how many lists a page merges: of people one by one, or by law."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from model.rules.timelines import MERGE_AUTHORS_MAX
from model.world.activity import posting_of
from model.world.crowds import crowd_by_law
from model.world.followers import law_of
from model.world.population import USERS_MAX, Population, merged_among, population_of
from model.world.sampling import weighted
from model.world.scenario import Endpoint, Scenario

STEPS = 20_000  # geometric, from the most followed user down to the least


@dataclass(frozen=True, slots=True, kw_only=True)
class Authors:
    """Users with as many followers, by entry."""

    followers: NDArray[np.int64]
    users: NDArray[np.float64]
    posts_per_s: NDArray[np.float64]  # of all of the entry's users together


class Audience(Protocol):
    """The people of one scenario, under any policy."""

    @property
    def authors(self) -> Authors:
        """Everybody, by the number of followers."""

    def lists(self, scenario: Scenario) -> NDArray[np.int64]:
        """Return the lists merged into each page of a sample, under this scenario's policy."""


def audience_of(scenario: Scenario) -> Audience:
    """Return the people, one by one if that many can be made, and by their law otherwise.

    Raises ScenarioError if the traffic is what was recorded, which has no one rate.
    """
    if scenario.people.users <= USERS_MAX:
        return ByRows(scenario, population_of(scenario))
    return ByLaw(scenario)


class ByRows:
    """People one by one."""

    def __init__(self, scenario: Scenario, people: Population) -> None:
        self._people = people
        self.authors = Authors(
            followers=people.follower_counts,
            users=np.ones(len(people)),
            posts_per_s=_posts_per_s(scenario, people.posting),
        )

    def lists(self, scenario: Scenario) -> NDArray[np.int64]:
        """See Audience."""
        people = self._people
        is_merged = merged_among(people.follower_counts, scenario.policy.of_feeds)
        if np.count_nonzero(is_merged) > MERGE_AUTHORS_MAX:
            is_merged = np.ones_like(is_merged)
        return weighted(people.followed_among(is_merged) + is_merged, people.reading)


class ByLaw:
    """People of whom only the laws are known.

    Authors are integrated in geometric steps: a sample of posts would miss the rare one who has
    a large part of all followers.
    """

    def __init__(self, scenario: Scenario) -> None:
        people = scenario.people
        edges = np.append(0.0, np.geomspace(1 / people.users, 1, STEPS))
        inside = np.append(edges[1] / 2, np.sqrt(edges[2:] * edges[1:-1]))
        followers = law_of(people).followers_at(inside)
        shares = np.diff(edges)
        self.authors = Authors(
            followers=followers,
            users=shares * people.users,
            posts_per_s=_posts_per_s(scenario, posting_of(people.posting, followers) * shares),
        )

    def lists(self, scenario: Scenario) -> NDArray[np.int64]:
        """See Audience."""
        return crowd_by_law(scenario).pages.merged


def _posts_per_s(scenario: Scenario, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share out the posts of the peak by these weights."""
    total_per_s = scenario.requests_per_s * scenario.traffic.mix.get(Endpoint.POST, 0.0)
    per_s: NDArray[np.float64] = total_per_s * weights / weights.sum()
    return per_s
