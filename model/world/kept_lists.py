"""Lists of influencers that timeline processes keep for a while, where the policy has them do so.

A process asks a server once for all lists there that one page misses.  In simulation whose list a
page shows is drawn list by list, the more followers the likelier, and each is missed by itself: of
those that are asked for together, one stands for the question, and the others cost nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.world import chance
from model.world.counts import CountTable
from model.world.crowds import Crowd, crowd_of
from model.world.journeys import Cached, ForEach, Step, WithProbability
from model.world.sampling import occupied, successes, table_of
from model.world.scenario import Endpoint, Scenario, ScenarioError

KEPT_LISTS, INFLUENCERS = "kept_lists", "influencers"  # a cache in every process, and its keys
PROCESS = "timeline"  # the key by which a request meets one process of that station

_MISSED = 25  # what a random number is for


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLists:
    """What pages ask of the lists that a process keeps."""

    per_page: CountTable
    popularity: CountTable  # whose list each is: the most followed influencer's is number 0
    calls_share: float  # of missing lists, that stand for the question of one server

    def asked(self, call: Step) -> Step:
        """Return how a page gets its lists, of which calls fetch those that are missing."""
        miss = WithProbability(p=self.calls_share, then=call, name="call")
        kept = Cached(cache=KEPT_LISTS, miss=miss, member=PROCESS)
        return ForEach(count=self.per_page, body=kept, name="merge")


def kept_lists_of(scenario: Scenario) -> KeptLists | None:
    """Return what the processes of a scenario keep; None if that is nothing.

    Raises ScenarioError where how many processes there are changes.
    """
    if scenario.policy.of_feeds.lists_kept_s == 0:
        return None
    if scenario.fleet.timeline.autoscaling is not None:
        raise ScenarioError(
            "policy.merged_lists_fresh: must be 0 s with fleet.timeline.autoscaling: which process"
            " keeps what is simulated of a fixed number of them"
        )
    crowd = crowd_of(scenario)
    if not crowd.influencers.any():
        return None
    missed = lists_missed(scenario, crowd)
    calls = occupied(missed, scenario.fleet.timeline_store.shards, scenario.seed)
    return KeptLists(
        per_page=table_of(crowd.pages.merged),
        popularity=_popularity(crowd.influencers),
        calls_share=calls.mean / missed.mean() if missed.any() else 1.0,
    )


def lists_missed(scenario: Scenario, crowd: Crowd) -> NDArray[np.int64]:
    """Return how many of the lists to merge have to be asked for, for each page of a crowd.

    A list that is kept is missed by the first page that needs it after its time is over, and
    pages come as a Poisson process.
    """
    merged, kept_s = crowd.pages.merged, scenario.policy.of_feeds.lists_kept_s
    if kept_s == 0 or not crowd.influencers.any():
        return merged
    of_each = crowd.influencers / crowd.influencers.sum()
    needed_per_s = _pages_per_s(scenario) * merged.mean() * of_each
    share = float(of_each @ (1 / (1 + needed_per_s * kept_s)))
    u = chance.u_block(scenario.seed, 0, np.arange(len(merged)), _MISSED, 0, 0, 0)
    return successes(u, merged, share)


def _pages_per_s(scenario: Scenario) -> float:
    """Return how often one process is asked for a page."""
    pages_per_s = scenario.requests_per_s * scenario.traffic.mix.get(Endpoint.NEWSFEED, 0.0)
    return pages_per_s / scenario.fleet.timeline.instances


def _popularity(followers: NDArray[np.int64]) -> CountTable:
    cumulated = np.cumsum(followers) / followers.sum()
    cumulated[-1] = 1.0
    return CountTable(
        counts=tuple(range(len(followers))), cumulated=tuple(np.minimum(cumulated, 1.0).tolist())
    )
