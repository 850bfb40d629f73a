"""Searches over zones: how far they go, and without which shards while some are away."""

from pathlib import Path

import numpy as np
import pytest

from model.answers.questions import simulated
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


@pytest.mark.parametrize(("shards", "then_s"), [(1, 0.0), (6, 0.5)])
def test_a_search_goes_to_the_first_shard_and_from_there_to_the_others(shards, then_s, learnt_on):
    also = [f"fleet.search.shards={shards}", "fleet.links.zone_rtt=500 ms", "events=[]"]
    scenario = load_scenario(LAPTOP, [*FLEET, *also])
    run = simulate(twin_of(scenario, learnt_on(scenario)), seed=3, until_s=30.0).requests
    took_s = (run.done_s - run.arrived_s)[run.outcome == Outcome.DONE]
    ways = np.round(took_s / 0.5)  # what is worked takes far less
    assert set(ways) == {then_s / 0.5, then_s / 0.5 + 1}
    far = ways > then_s / 0.5
    # Of three zones two are not the first shard's; four deviations of a binomial share.
    assert far.mean() == pytest.approx(2 / 3, abs=4 * (2 / 9 / len(far)) ** 0.5)


INSTANCES = (
    "gateway", "user", "follow", "post", "media", "timeline", "fanout", "pipeline", "cdn",
)  # fmt: skip
WHOLE = [
    "fleet.placement=dedicated", "fleet.search.shards=16",
    *(f"fleet.{each}.instances=16" for each in INSTANCES),
    *(f"fleet.{each}_store.shards=16" for each in ("user", "post", "timeline")),
    "traffic.mix={search=1.0}", "traffic.rate=60/s", "policy.rate_limits=false",
    "simulation.warmup=1 s", "simulation.duration=20 s", "simulation.replications=4",
]  # fmt: skip


@pytest.mark.parametrize("slice_of", [2, 4])
def test_a_search_takes_as_long_in_a_slice_as_in_the_whole(slice_of, learnt_on):
    medians = []
    for of in (1, slice_of):
        scenario = load_scenario(LAPTOP, [*WHOLE, f"simulation.slice={of}"])
        medians.append(simulated(scenario, learnt_on(scenario)).numbers["search.p50"])
    whole, part = medians
    error = (whole.high - whole.low + part.high - part.low) / 2
    assert error < 0.05 * whole.value
    assert part.value == pytest.approx(whole.value, abs=error)
