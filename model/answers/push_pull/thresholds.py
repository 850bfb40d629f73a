"""From how many followers on an author should be an influencer: what each threshold costs."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf

import numpy as np
from numpy.typing import NDArray

from model.answers.calibrations import Calibration
from model.answers.push_pull.audiences import Audience, Authors, audience_of
from model.answers.push_pull.bursts import FRESH_S, fanout_s
from model.answers.push_pull.works import PerItem, Works, works_of
from model.rules.fanouts import RANGES_MAX
from model.rules.policy import Strategy
from model.rules.timelines import FANOUT_CHUNK_MAX
from model.world.population import merged_among
from model.world.sampling import occupied
from model.world.scenario import Endpoint, Scenario

THRESHOLDS = (
    100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdCost:
    """What one threshold costs at the peak, in cores busy."""

    followers_min: int | None  # of an influencer; None: nobody is one
    influencers: float
    copies_per_s: float  # of posts, for timelines, whether these are there or not
    lists_per_page: float
    push_cores: float  # bringing posts to timelines, or keeping them once
    pull_cores: float  # asking for influencers' lists
    lag_s: float  # until a post is with the last follower of the most followed who is pushed

    @property
    def cores(self) -> float:
        """All together."""
        return self.push_cores + self.pull_cores


@dataclass(frozen=True, slots=True, kw_only=True)
class CostCurve:
    """What all thresholds cost, from the lowest one to none."""

    name: str  # of the scenario
    fresh_s: float
    costs: tuple[ThresholdCost, ...]

    @property
    def cheapest(self) -> ThresholdCost:
        """The one that costs least, however late posts are."""
        return min(self.costs, key=lambda cost: cost.cores)

    @property
    def advised(self) -> ThresholdCost | None:
        """The cheapest of those under which every post is fresh in time; None: there is none."""
        fresh = (cost for cost in self.costs if cost.lag_s <= self.fresh_s)
        return min(fresh, key=lambda cost: cost.cores, default=None)

    @property
    def break_even(self) -> float:
        """How many times cheaper pulls would have to be for any influencers to pay.

        1 or less: they do pay; infinite: nothing is saved by them.
        """
        *some, none = self.costs
        saved = ((cost.pull_cores, none.push_cores - cost.push_cores) for cost in some)
        return min((pulled / less for pulled, less in saved if less > 0), default=inf)


def cheapest_threshold(
    scenario: Scenario,
    calibration: Calibration,
    *,
    fresh_s: float = FRESH_S,
    per_item: PerItem | None = None,
) -> CostCurve:
    """Return what each threshold costs with the scenario's people, fleet and traffic at its peak.

    A threshold that nobody reaches is left out, for it is none.  What does not depend on the
    threshold, such as reading one's own timeline, is left out as well.  Raises ValueError for
    a `fresh_s` that is not above 0, ScenarioError for people or traffic without one rate, and
    CalibrationError for what was never learnt.
    """
    if not fresh_s > 0:
        raise ValueError(f"fresh_s must be above 0, got {fresh_s}")
    audience = audience_of(scenario)
    most = int(audience.authors.followers.max())
    works = works_of(_under(scenario, None), calibration, followers_max=most, per_item=per_item)
    thresholds = (*(each for each in THRESHOLDS if each <= most), None)
    return CostCurve(
        name=scenario.name,
        fresh_s=fresh_s,
        costs=tuple(_cost(_under(scenario, each), each, audience, works) for each in thresholds),
    )


def _under(scenario: Scenario, followers_min: int | None) -> Scenario:
    """Return the scenario with this threshold; without one, posts go to whoever reads."""
    changes: dict[str, object] = {"strategy": Strategy.PUSH_ACTIVE}
    if followers_min is not None:
        changes = {"strategy": Strategy.HYBRID, "influencer_followers_min": followers_min}
    policy = scenario.policy.model_copy(update=changes)
    return scenario.model_copy(update={"policy": policy})


def _cost(
    scenario: Scenario, followers_min: int | None, audience: Audience, works: Works
) -> ThresholdCost:
    authors = audience.authors
    is_merged = merged_among(authors.followers, scenario.policy.of_feeds)
    pushed_per_s = authors.posts_per_s * ~is_merged
    kept_per_s = float(authors.posts_per_s @ is_merged)
    lists = audience.lists(scenario)
    return ThresholdCost(
        followers_min=followers_min,
        influencers=float(authors.users @ is_merged),
        copies_per_s=float(pushed_per_s @ authors.followers),
        lists_per_page=float(lists.mean()),
        push_cores=float(pushed_per_s @ works.of_posts(authors.followers))
        + kept_per_s * works.kept_s,
        pull_cores=_pulled(scenario, lists, works),
        lag_s=_lag_s(scenario, authors, pushed_per_s, works),
    )


def _pulled(scenario: Scenario, lists: NDArray[np.int64], works: Works) -> float:
    pages_per_s = scenario.requests_per_s * scenario.traffic.mix.get(Endpoint.NEWSFEED, 0.0)
    servers = occupied(lists, scenario.fleet.timeline_store.shards, scenario.seed).mean
    return pages_per_s * (servers * works.server_s + float(lists.mean()) * works.list_s)


def _lag_s(
    scenario: Scenario, authors: Authors, pushed_per_s: NDArray[np.float64], works: Works
) -> float:
    """Return how long a post of the most followed is under way, beside all others'.

    Chunks of its ranges go side by side; of one chunk everything is done in turn, which is more
    than it takes where servers are asked at once.  It is a mean: that smaller posts go first
    counts only by the share of the workers that all others take, and servers do not queue.
    """
    most = int(np.max(authors.followers[pushed_per_s > 0], initial=0))
    post_s = float(works.of_posts(np.array([most]))[0])
    if not most or not post_s:
        return 0.0
    workers = scenario.fleet.fanout.instances
    at_once = min(RANGES_MAX, workers, ceil(most / FANOUT_CHUNK_MAX))
    busy_share = float(pushed_per_s @ works.of_workers(authors.followers)) / workers
    return fanout_s(most, copies_per_s=most * at_once / post_s, busy_share=min(1.0, busy_share))
