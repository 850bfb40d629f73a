"""Searches while some of the index's shards are away: others are asked first, and without them."""

from pathlib import Path

import numpy as np
import pytest

from model.answers.twin import twin_of
from model.engine.codes import Outcome
from model.engine.compiled_engine import simulate
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
FLEET = [
    "fleet.placement=dedicated", "fleet.zones=3", "fleet.search.shards=6",
    *(f"fleet.{each}.instances=3" for each in ("gateway", "follow")),
    "fleet.user_store.shards=3", "fleet.user_store.replicas=3", "fleet.user_store.failover=0 s",
    "traffic.mix={search=1.0}", "traffic.rate=200/s",
    "simulation.warmup=0 s", "simulation.duration=30 s",
]  # fmt: skip
EVENTS = {
    "zone": "{kind='zone-loss', zone=1, at='10 s', lasts='15 s'}",
    "shards": "{kind='crash', station='search', members=2, at='10 s', lasts='15 s'}",
    "indexes": "{kind='crash', station='search_index', members=2, at='10 s', lasts='15 s'}",
}


@pytest.fixture
def searches(learnt_on):
    """Simulate; returns when searches came, whether each failed, and which shards each met."""

    def of(event):
        scenario = load_scenario(LAPTOP, [*FLEET, f"events=[{EVENTS[event]}]"])
        run = simulate(twin_of(scenario, learnt_on(scenario)), seed=3, until_s=30.0)
        visits, stations = run.visits, run.program.stations
        index = stations.names.index("search_index")
        at_index = stations.of_member[visits.member] == index
        member = visits.member[at_index] - np.flatnonzero(stations.of_member == index)[0]
        met = np.zeros((len(run.requests.journey), 6), dtype=int)
        np.add.at(met, (visits.request[at_index], member), 1)
        return run.requests.arrived_s, run.requests.outcome != Outcome.DONE, met

    return of


@pytest.mark.parametrize("event", EVENTS)
def test_once_it_is_noticed_no_search_fails_and_all_that_are_up_are_asked(event, searches):
    arrived_s, failed, met = searches(event)
    noticed = (arrived_s >= 15.0) & (arrived_s < 24.0)
    assert noticed.sum() > 1_500
    assert not failed[noticed].any()
    up = [1, 2, 4, 5] if event == "zone" else [2, 3, 4, 5]
    assert (met[noticed][:, up] == 1).all()


@pytest.mark.parametrize("event", EVENTS)
def test_before_that_who_asks_one_that_is_away_first_fails(event, searches):
    arrived_s, failed, _ = searches(event)
    before = (arrived_s >= 10.0) & (arrived_s < 14.9)
    assert failed[before].mean() >= 0.3


def test_without_events_each_search_meets_each_shard_once(searches):
    arrived_s, failed, met = searches("zone")
    before = arrived_s < 9.9
    assert not failed[before].any()
    assert (met[before] == 1).all()
