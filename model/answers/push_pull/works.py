"""What bringing a post to its readers works, and what asking for lists does, in core seconds.

Calls cost what the calibration has learnt: the visits of the journeys of `world.design`, each
with its mean work.  It was learnt of calls that hold few followers or lists and cannot tell how
much more one with many works; so each follower, list and called server has its own work on top,
as `PerItem` says.  What a call holds is thus counted twice, but for as few as it was learnt of.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from model.answers.calibrations import Calibration
from model.answers.sizing.loads import visits_of
from model.rules.timelines import FANOUT_CHUNK_MAX
from model.world.design import FANOUT
from model.world.design.fanout import fanout
from model.world.design.steps import Steps
from model.world.entries import ENTRY_S
from model.world.journeys import Journey
from model.world.laws import QuantileTable
from model.world.reach import Reach, reach_of
from model.world.scenario import Endpoint, Scenario
from model.world.spreading import spreading_of

STORE = "timeline_store"
_PLACES = 60  # geometric, of follower counts; in between it is interpolated
_ALIKE = 500  # posts of one kind in a sample, so that the roundings of widths even out
_A_SECOND = QuantileTable(probabilities=(0.0, 1.0), values=(1.0, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class PerItem:
    """Work of each thing that a call holds, and of whoever calls a timeline server.

    Copies are from reports/feed_bench.md (a post to 200,000, chunks of 1,000).  Calls and lists
    are 1 over the rate of `LRANGE 0 19` that one core bore of redis-py with 32 coroutines, and of
    a server with redis-benchmark; two vCPUs, November 2026.
    """

    copy_worker_s: float = 4.15e-6
    copy_store_s: float = ENTRY_S  # on each replica; the timeline is full
    copy_found_s: float = 3.15e-6  # follow service, its database, broker
    call_s: float = 1 / 18_100
    list_s: float = 1 / 90_000

    def __post_init__(self) -> None:
        """Refuse what is no work; raises ValueError naming the field."""
        for name in self.__slots__:
            if not 0 <= (work_s := getattr(self, name)) < float("inf"):
                raise ValueError(f"{name} must be 0 or more and finite, got {work_s}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Works:
    """Core seconds of one post by its author's followers, and of what a page gathers."""

    followers: NDArray[np.int64]  # rising
    post_s: NDArray[np.float64]  # of a pushed post of an author with so many
    worker_s: NDArray[np.float64]  # of that, the fan-out workers' part
    kept_s: float  # of a post that is merged on read
    server_s: float  # of a page, for each timeline server asked for lists
    list_s: float  # and for each list

    def of_posts(self, followers: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return what a pushed post works, for each of these numbers of followers."""
        return np.interp(followers, self.followers, self.post_s)

    def of_workers(self, followers: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return what it works in fan-out workers."""
        return np.interp(followers, self.followers, self.worker_s)


def works_of(
    scenario: Scenario,
    calibration: Calibration,
    *,
    followers_max: int,
    per_item: PerItem | None = None,
) -> Works:
    """Return the works in a scenario's fleet, for posts to up to `followers_max`.

    Writes are made on every replica.  Raises CalibrationError for what was never learnt, and
    ScenarioError for what the journeys do not say.
    """
    each, reach = per_item or PerItem(), reach_of(scenario)
    places = _places(followers_max)
    pushed = [
        _of_post(scenario, calibration, _with_followers(scenario, reach, int(count)), each)
        for count in places
    ]
    copies = each.copy_worker_s, _copied_s(scenario, each)
    kept = _of_post(scenario, calibration, replace(reach, merge_share=1.0), each)
    page = calibration.work_of(Endpoint.NEWSFEED.value, STORE).mean
    return Works(
        followers=places,
        post_s=np.array([sum(post.values()) for post in pushed]) + sum(copies) * places,
        worker_s=np.array([post["fanout"] for post in pushed]) + each.copy_worker_s * places,
        kept_s=sum(kept.values()),
        server_s=page + each.call_s,
        list_s=each.list_s,
    )


def _of_post(
    scenario: Scenario, calibration: Calibration, reach: Reach, each: PerItem
) -> dict[str, float]:
    """Return the work of one post's fan-out by station, but for what its calls hold."""
    steps = fanout(Steps(FANOUT, lambda *_: _A_SECOND), reach)
    visits = visits_of(Journey(name=FANOUT, steps=steps))
    works = {
        station: count * calibration.work_of(FANOUT, station).mean
        for station, count in visits.items()
    }
    works[STORE] *= scenario.fleet.timeline_store.replicas
    works["fanout"] += visits[STORE] * each.call_s
    return works


def _with_followers(scenario: Scenario, reach: Reach, followers: int) -> Reach:
    """Return the reach if every post were pushed, and to so many followers."""
    spreading = spreading_of(scenario, np.full(_ALIKE, followers, dtype=np.int64))
    return replace(reach, merge_share=0.0, spreading=spreading)


def _copied_s(scenario: Scenario, each: PerItem) -> float:
    """Return what a copy works outside of the workers."""
    return each.copy_store_s * scenario.fleet.timeline_store.replicas + each.copy_found_s


def _places(followers_max: int) -> NDArray[np.int64]:
    """Return numbers of followers from 0 up, with both sides of where a chunk is full."""
    most = max(1, followers_max)
    geometric = np.geomspace(1, most, _PLACES).astype(np.int64)
    edges = np.array([0, FANOUT_CHUNK_MAX, FANOUT_CHUNK_MAX + 1, most])
    places = np.unique(np.concatenate((geometric, edges)))
    return places[places <= most]
