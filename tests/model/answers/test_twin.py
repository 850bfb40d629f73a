from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.answers.calibrate import expected_demand
from model.answers.calibrations import Calibration
from model.answers.completing import completed
from model.answers.predict import predict
from model.answers.statistics import over_replications
from model.answers.twin import cut_of, twin_journeys, twin_of
from model.engine.compiled_engine import simulate
from model.engine.program import Outcome
from model.world.laws import gamma
from model.world.scenario import ScenarioError
from model.world.scenario_files import load_scenario
from model.world.slices import CLOCK
from model.world.step_trees import places_in

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
SERVICES = ("gateway", "user", "follow", "post", "media", "timeline", "fanout", "pipeline")
FLEET = [
    "fleet.placement=dedicated", "traffic.rate=300/s", "simulation.warmup=0.5 s",
    "simulation.duration=4 s", "simulation.replications=3",
    "fleet.search.shards=4", "fleet.cdn.instances=4",
    *(f"fleet.{service}.instances=4" for service in SERVICES),
    *(f"fleet.{store}.shards=8" for store in ("user_store", "post_store", "timeline_store")),
]  # fmt: skip


def asked(*overrides):
    scenario = load_scenario(LAPTOP, [*FLEET, *overrides])
    works = {pair: gamma(mean=0.001, scv=0.3) for pair in expected_demand(scenario)}
    return scenario, Calibration(
        works=works,
        outside_s={},
        spread={},
        rate_min_per_s=1,
        rate_max_per_s=1_000,
        learnt_on=scenario,
        runs=(),
    )


@pytest.fixture(scope="module")
def whole():
    return predict(*asked())


@pytest.fixture(scope="module")
def half():
    return predict(*asked("simulation.slice=2"))


def test_a_whole_scenario_has_nobody_elsewhere():
    program = twin_of(*asked())
    assert CLOCK not in program.stations.names
    assert len(program.streams) == len(asked()[0].traffic.mix)


def test_writes_work_more_than_was_learnt_where_they_hold_more():
    scenario, calibration = asked()
    few, _ = asked("people.followers.mean=3")
    learnt_on_few = replace(calibration, learnt_on=few)
    alike, more = (_work_of_writes(scenario, learnt) for learnt in (calibration, learnt_on_few))
    assert alike == pytest.approx(0.001)
    assert more > alike


def _work_of_writes(scenario, calibration):
    [fanout] = [j for j in twin_journeys(scenario, calibration) if j.name == "fanout"]
    places = places_in(fanout.name, fanout.steps)
    [write] = [place.step for place in places if place.path.endswith("each/timeline_store")]
    return write.work.mean


def test_half_of_it_has_the_legs_of_those_elsewhere():
    program = twin_of(*asked("simulation.slice=2"))
    assert "newsfeed/hydrate elsewhere" in program.journeys
    assert program.stations.members[program.stations.names.index("post_db")] == 4


ZONES = (
    "fleet.zones=2",
    *(f"fleet.{store}.replicas=2" for store in ("user_store", "post_store", "timeline_store")),
    "events=[{kind='zone-loss', zone=1, at='1 s', lasts='2 s'}]",
)


def test_where_one_zone_of_two_is_lost_half_of_a_slices_pages_fail_and_no_more():
    """Until that is noticed: the other half are answered in their own zone."""
    scenario, learnt = asked("simulation.slice=2", "fleet.links.noticed_after=9 s", *ZONES)
    cut = cut_of(scenario, learnt)
    run = completed(simulate(twin_of(scenario, learnt), seed=1, until_s=4.5), cut)
    requests, pages = run.requests, run.program.journeys.index("newsfeed")
    lost = (requests.journey == pages) & (requests.arrived_s > 1.6) & (requests.arrived_s < 3.4)
    share = (requests.outcome[lost] != Outcome.DONE).mean()
    assert share == pytest.approx(0.5, abs=4 * np.sqrt(0.25 / lost.sum()))


def test_the_legs_of_a_slice_are_told_apart_by_when_anything_happens():
    cut = cut_of(*asked("simulation.slice=2", "fleet.links.noticed_after=9 s", *ZONES))
    assert {1.5, 3.5, 10.5, 12.5} <= set(cut.edges_s)
    assert cut_of(*asked("simulation.slice=2")).edges_s == ()


def test_stations_are_as_busy_in_half_as_in_the_whole(whole, half):
    for station in ("post_db", "timeline_store", "user_db"):
        one, other = (
            over_replications([o.busy[station] for o in prediction.observations])
            for prediction in (whole, half)
        )
        # Of three replications; 3 % for what the beginning of a short run lacks.
        within = np.hypot(one.half_width, other.half_width) + 0.03 * one.value
        assert abs(one.value - other.value) <= within, station


def test_a_page_spends_as_long_at_its_stores_in_half_as_in_the_whole(whole, half):
    one, other = (prediction.station_s("newsfeed") for prediction in (whole, half))
    assert set(one) == set(other)
    # Some 700 pages: a leg here stands for two, which doubles its variance.
    assert other["post_db"] == pytest.approx(one["post_db"], rel=0.1)


def test_only_who_belongs_here_is_recorded_and_every_clock_of_a_process(half):
    endpoints = {endpoint.value for endpoint in half.scenario.traffic.mix}
    assert set(half.recording.requests.endpoint) <= endpoints
    assert set(half.recording.stages.request) <= set(half.recording.requests.request)
    cpu = half.recording.cpu
    assert CLOCK not in set(cpu.station)
    seconds = cpu[cpu.station == "post_db"].groupby("process").cpu_s.max()
    # Those elsewhere ask the four servers for as much as those who belong here.
    assert seconds.mean() / cpu.at_s.max() == pytest.approx(
        half.observations[0].busy["post_db"] * 8, rel=0.2
    )


@pytest.mark.parametrize(
    ("overrides", "complaint"),
    [
        (["simulation.slice=3"], "3 does not divide"),
        (["simulation.slice=2", "fleet.placement=shared"], "one shared host cannot be sliced"),
        (["traffic.rate=1e6/s"], "at most 2,000,000 requests in one replication"),
    ],
)
def test_what_cannot_be_simulated_is_refused(overrides, complaint):
    with pytest.raises(ScenarioError, match=complaint):
        twin_of(*asked(*overrides))


def test_requests_that_are_given_one_by_one_belong_to_no_slice():
    scenario, learnt = asked("simulation.slice=2")
    with pytest.raises(ScenarioError, match="slice: must be 1 where requests are given"):
        twin_of(scenario, learnt, arrivals={"newsfeed": np.array([1.0])})


def test_those_elsewhere_must_not_be_too_many_either(monkeypatch):
    monkeypatch.setattr("model.answers.twin.BACKGROUND_MAX", 100)
    with pytest.raises(ScenarioError, match="at most 100 requests of elsewhere in one replication"):
        twin_of(*asked("simulation.slice=2"))


def test_the_wide_forks_of_the_design_are_thinned():
    cut = cut_of(*asked("simulation.slice=4"))
    paths = {thinned.path for thinned in cut.thinned}
    assert {"newsfeed/hydrate", "fanout/hear/1/few/each"} <= paths


def test_a_flood_of_images_needs_posts():
    mix = "traffic.mix={newsfeed=1.0}"
    flood = "events=[{kind='image-flood', rate='9/s', lasts='1 s'}]"
    with pytest.raises(ScenarioError, match="an image-flood needs posts"):
        twin_of(*asked(mix, flood))


def test_a_crowd_counts_among_what_is_too_much():
    crowd = "events=[{kind='flash-crowd', times=9000, lasts='9 s'}]"
    with pytest.raises(ScenarioError, match="at most 2,000,000 requests in one replication"):
        twin_of(*asked(crowd))


def test_what_nobody_asks_for_has_no_place():
    journeys = twin_of(*asked("traffic.mix=deathstarbench")).journeys
    assert set(journeys) == {"newsfeed", "profile", "post", "fanout", "development"}
