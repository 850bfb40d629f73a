from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.answers.completing import completed
from model.answers.predict import predict
from model.answers.statistics import over_replications
from model.answers.twin import cut_of, twin_journeys, twin_of
from model.engine.codes import Outcome
from model.engine.compiled_engine import simulate
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


@pytest.fixture(scope="module")
def asked(learnt_on):
    def of(*overrides):
        scenario = load_scenario(LAPTOP, [*FLEET, *overrides])
        return scenario, learnt_on(scenario)

    return of


@pytest.fixture(scope="module")
def whole(asked):
    return predict(*asked())


@pytest.fixture(scope="module")
def half(asked):
    return predict(*asked("simulation.slice=2"))


def test_a_whole_scenario_has_nobody_elsewhere(asked):
    program = twin_of(*asked())
    assert CLOCK not in program.stations.names
    assert len(program.streams) == len(asked()[0].traffic.mix)


def test_writes_work_more_than_was_learnt_where_they_hold_more(asked):
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


def test_half_of_it_has_the_legs_of_those_elsewhere(asked):
    program = twin_of(*asked("simulation.slice=2"))
    assert "newsfeed/hydrate elsewhere" in program.journeys
    assert program.stations.members[program.stations.names.index("post_db")] == 4


ZONES = (
    "fleet.zones=2",
    *(f"fleet.{store}.replicas=2" for store in ("user_store", "post_store", "timeline_store")),
    "events=[{kind='zone-loss', zone=1, at='1 s', lasts='2 s'}]",
)


def test_where_one_zone_of_two_is_lost_half_of_a_slices_pages_fail_and_no_more(asked):
    """Until that is noticed: the other half are answered in their own zone."""
    scenario, learnt = asked("simulation.slice=2", "fleet.links.noticed_after=9 s", *ZONES)
    cut = cut_of(scenario, learnt)
    run = completed(simulate(twin_of(scenario, learnt), seed=1, until_s=4.5), cut)
    requests, pages = run.requests, run.program.journeys.index("newsfeed")
    lost = (requests.journey == pages) & (requests.arrived_s > 1.6) & (requests.arrived_s < 3.4)
    share = (requests.outcome[lost] != Outcome.DONE).mean()
    assert share == pytest.approx(0.5, abs=4 * np.sqrt(0.25 / lost.sum()))


@pytest.fixture
def requests_while(asked):
    """A run in which this happens, and which of its requests of a kind end that begin meanwhile."""

    def run_of(*events, kind="newsfeed", since_s=0.6):
        run = simulate(twin_of(*asked(f"events=[{', '.join(events)}]")), seed=1, until_s=2.0)
        requests = run.requests
        ended = (requests.outcome != Outcome.UNDER_WAY) & (requests.arrived_s > since_s)
        return run, ended & (requests.journey == run.program.journeys.index(kind))

    return run_of


@pytest.fixture
def without(requests_while):
    def run_of(*stations, kind="newsfeed"):
        crashes = (f"{{kind='crash', station='{each}', members=8}}" for each in stations)
        return requests_while(*crashes, kind=kind)

    return run_of


def test_a_post_that_its_authors_timeline_cannot_show_is_taken(without):
    run, posts = without("timeline_store", kind="post")
    assert posts.any()
    assert (run.requests.outcome[posts] == Outcome.DONE).all()
    look = ["otherwise/look/call_follow/user_db_look" in path for path in run.program.steps.paths]
    told = np.isin(run.visits.step, np.flatnonzero(look))
    assert set(np.flatnonzero(posts)) <= set(run.visits.request[told].tolist())


def test_a_page_whose_timelines_are_away_comes_from_the_posts_themselves(without):
    run, pages = without("timeline_store")
    assert (run.requests.outcome[pages] == Outcome.DONE).all()
    by_authors = ["otherwise/call_post/by_authors" in path for path in run.program.steps.paths]
    asked_all = np.isin(run.visits.step, np.flatnonzero(by_authors))
    assert set(np.flatnonzero(pages)) <= set(run.visits.request[asked_all].tolist())


def test_a_page_fails_unless_posts_can_be_read_or_it_is_known_whom_its_reader_follows(
    without,
):
    for station in ("post_db", "user_db"):
        run, pages = without("timeline_store", station)
        assert pages.any()
        assert not (run.requests.outcome[pages] == Outcome.DONE).any()


def test_a_page_whose_timelines_are_there_asks_nobody_else(requests_while):
    run, pages = requests_while("{kind='broker-stop'}")
    assert (run.requests.outcome[pages] == Outcome.DONE).all()
    instead = ["/otherwise/" in path for path in run.program.steps.paths]
    assert any(instead)
    assert not np.isin(run.visits.step, np.flatnonzero(instead)).any()


def test_whom_a_reader_follows_is_no_work_to_ask_again(without):
    run, _ = without("timeline_store")
    again = ["otherwise/call_follow" in path for path in run.program.steps.paths]
    visits = np.isin(run.visits.step, np.flatnonzero(again))
    assert visits.any()
    assert not run.visits.work_s[visits].any()


def test_the_legs_of_a_slice_are_told_apart_by_when_anything_happens(asked):
    cut = cut_of(*asked("simulation.slice=2", "fleet.links.noticed_after=9 s", *ZONES))
    assert {1.5, 3.5, 10.5, 12.5} <= set(cut.changes_s)
    assert cut_of(*asked("simulation.slice=2")).changes_s == ()


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
        (
            ["simulation.slice=2", "events=[{kind='crash', station='timeline_store'}]"],
            "must be 1 where timelines are away: pages fall back to their authors",
        ),
        (
            ["simulation.slice=2", "events=[{kind='slow', station='timeline_store', speed=0}]"],
            "must be 1 where timelines are away",
        ),
        (
            ["simulation.slice=2", *ZONES, "fleet.timeline_store.replicas=1"],
            "must be 1 where timelines are away",
        ),
        (["traffic.rate=1e6/s"], "at most 2,000,000 requests in one replication"),
    ],
)
def test_what_cannot_be_simulated_is_refused(overrides, complaint, asked):
    with pytest.raises(ScenarioError, match=complaint):
        twin_of(*asked(*overrides))


def test_requests_that_are_given_one_by_one_belong_to_no_slice(asked):
    scenario, learnt = asked("simulation.slice=2")
    with pytest.raises(ScenarioError, match="slice: must be 1 where requests are given"):
        twin_of(scenario, learnt, arrivals={"newsfeed": np.array([1.0])})


def test_those_elsewhere_must_not_be_too_many_either(monkeypatch, asked):
    monkeypatch.setattr("model.answers.twin.BACKGROUND_MAX", 100)
    with pytest.raises(ScenarioError, match="at most 100 requests of elsewhere in one replication"):
        twin_of(*asked("simulation.slice=2"))


def test_the_wide_forks_of_the_design_are_thinned(asked):
    cut = cut_of(*asked("simulation.slice=4"))
    paths = {thinned.path for thinned in cut.thinned}
    assert {"newsfeed/hydrate", "fanout/hear/1/few/each"} <= paths


def test_a_flood_of_images_needs_posts(asked):
    mix = "traffic.mix={newsfeed=1.0}"
    flood = "events=[{kind='image-flood', rate='9/s', lasts='1 s'}]"
    with pytest.raises(ScenarioError, match="an image-flood needs posts"):
        twin_of(*asked(mix, flood))


def test_a_crowd_counts_among_what_is_too_much(asked):
    crowd = "events=[{kind='flash-crowd', times=9000, lasts='9 s'}]"
    with pytest.raises(ScenarioError, match="at most 2,000,000 requests in one replication"):
        twin_of(*asked(crowd))


def test_what_nobody_asks_for_has_no_place(asked):
    journeys = twin_of(*asked("traffic.mix=deathstarbench")).journeys
    assert set(journeys) == {"newsfeed", "profile", "post", "fanout", "development"}
