"""How often people read and post: on average, and each beside the others."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.world.scenario import Endpoint, Scenario, ScenarioError
from model.world.scenario.people import Activity, People, Posting

DAY_S = 86_400.0


def reads_per_day(scenario: Scenario) -> float:
    """Return the newsfeed pages of one active user a day, on average.

    Raises ScenarioError if the traffic is what was recorded, which has no one rate.
    """
    return _requests_per_active_day(scenario) * scenario.traffic.mix.get(Endpoint.NEWSFEED, 0.0)


def posts_per_day(scenario: Scenario) -> float:
    """Return the posts of one user, active or not, a day, on average.

    Raises ScenarioError if the traffic is what was recorded, which has no one rate.
    """
    posts = _requests_per_active_day(scenario) * scenario.traffic.mix.get(Endpoint.POST, 0.0)
    return posts * scenario.people.daily_active


def reading_of(activity: Activity, followees: ArrayLike) -> NDArray[np.float64]:
    """Return how often users who follow so many read, relative to each other.

    Of several who follow as many it is the mean: what sets them apart is `lognormal`.
    """
    return (np.asarray(followees, dtype=np.float64) + 1) ** activity.with_followees


def posting_of(posting: Posting, followers: ArrayLike) -> NDArray[np.float64]:
    """Return how often users with so many followers post, relative to each other.

    Posting grows with the logarithm of the followers, as in the workload of Pequod (Kate et
    al., "Easy Freshness with Pequod Cache Joins", NSDI 2014).  Of several with as many it is
    the mean: some never post, whoever follows them, and `lognormal` sets the others apart.

    With 44 % who never post and a spread of 1.74, a tenth of the users make 80 % of the posts,
    as on Twitter (Wojcik & Hughes, "Sizing Up Twitter Users", Pew Research Center 2019).
    """
    return 1 + posting.with_followers * np.log10(1 + np.asarray(followers, dtype=np.float64))


def lognormal(
    spread: float, u: NDArray[np.float64], *, biased: bool = False
) -> NDArray[np.float64]:
    """Return factors of mean 1 whose logarithm has deviation `spread`, for chances `u`.

    `biased` draws people in proportion to their own factor: those whom one meets among
    pages or posts, instead of among users.
    """
    if spread == 0:
        return np.ones_like(u)
    from scipy.special import ndtri

    moved = spread / 2 if biased else -spread / 2
    factors: NDArray[np.float64] = np.exp(spread * (ndtri(u) + moved))
    return factors


def refuse_more_than_all(people: People) -> None:
    """Raise ScenarioError if more users are active or inactive than there are."""
    known = people.daily_active + people.activity.inactive
    if known > 1 + 1e-9:
        raise ScenarioError(
            f"people.activity.inactive: at most {1 - people.daily_active:.4g}, those who do not"
            f" come on a day, got {people.activity.inactive:.4g}"
        )


def _requests_per_active_day(scenario: Scenario) -> float:
    """Return the requests of all kinds of a user on a day when they come."""
    if (said := scenario.traffic.requests_per_active_day) is not None:
        return said
    people = scenario.people
    return scenario.requests_per_s * DAY_S / (people.users * people.daily_active)
