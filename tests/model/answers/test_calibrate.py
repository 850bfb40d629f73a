"""Calibration is first shown to recover a system whose every work is known."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from model.answers.accounting import Window, with_hits_seen
from model.answers.calibrate import (
    Lesson,
    calibrate,
    expected_demand,
    same_scenario,
    visits_compared,
)
from model.answers.calibrations import (
    Calibration,
    CalibrationError,
    extrapolations,
    load_calibration,
)
from model.answers.simulated import recording_of
from model.answers.twin import twin_journeys, twin_of
from model.engine.compiled_engine import simulate
from model.world.journeys import AllOf, own_name, sequence
from model.world.laws import gamma
from model.world.scenario_files import load_scenario
from model.world.topology import EVENT_LOOPS

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
WORK_MS = {
    "gateway": 0.6, "user": 0.9, "follow": 0.5, "post": 0.8, "media": 0.4, "timeline": 1.2,
    "fanout": 1.5, "relay": 0.3, "session_store": 0.05, "user_db": 0.2, "post_db": 0.3,
    "timeline_store": 0.08, "broker": 0.06, "object_store": 1.0, "password": 20.0,
    "darkroom": 3.0, "pipeline": 8.0, "search": 0.7, "search_index": 0.4, "cdn": 0.5,
}  # fmt: skip
OUTSIDE_S = 0.003
UNTIL_S = 60.0


def truth_of(scenario, demand):
    """Return a calibration that is true: gamma works, the newsfeed's twice as long at a loop."""

    def law(journey, station):
        mean_ms = WORK_MS[station] * (2 if (journey, station) == ("newsfeed", "timeline") else 1)
        return gamma(mean=mean_ms / 1e3, scv=0.3)

    return Calibration(
        works={pair: law(*pair) for pair in demand},
        outside_s={"newsfeed": OUTSIDE_S},
        spread={},
        rate_min_per_s=0,
        rate_max_per_s=1e9,
        learnt_on=scenario,
        runs=(),
    )


@pytest.fixture(scope="module")
def scenario():
    # A dearer mix than the laptop's, so that a short run has enough of everything.
    mix = (
        "{newsfeed=0.37, post=0.13, follow=0.1, unfollow=0.1, login=0.06, register=0.05,"
        " profile=0.06, search=0.05, image=0.08}"
    )
    return load_scenario(LAPTOP, [f"traffic.mix={mix}"])


@pytest.fixture(scope="module")
def truth(scenario):
    return truth_of(scenario, expected_demand(scenario))


@pytest.fixture(scope="module")
def lessons(scenario, truth):
    def lesson(rate_per_s):
        program = twin_of(scenario.at_rate(rate_per_s), truth)
        run = simulate(program, seed=3, replication=int(rate_per_s), until_s=UNTIL_S)
        window = Window(recording=recording_of(run), since_s=5.0, until_s=UNTIL_S)
        return Lesson(name=f"at-{rate_per_s}", rate_per_s=rate_per_s, window=window)

    return [lesson(40.0), lesson(20.0)]


@pytest.fixture(scope="module")
def learnt(scenario, lessons):
    return calibrate(scenario, lessons)


@pytest.mark.parametrize(
    "station",
    [
        "gateway",
        "timeline",
        "user",
        "media",
        "password",
        "darkroom",
        "search",
        "search_index",
        "cdn",
    ],
)
def test_the_work_of_a_metered_station_is_recovered_per_endpoint(truth, learnt, station):
    pairs = [pair for pair in truth.works if pair[1] == station and pair in learnt.works]
    assert pairs
    for pair in pairs:
        expected = truth.works[pair].mean
        # Gamma with scv 0.3 from at least 100 requests: a standard error under 5.5 %.
        assert learnt.works[pair].mean == pytest.approx(expected, rel=0.18), pair


@pytest.mark.parametrize("station", ["session_store", "user_db", "post_db", "timeline_store"])
def test_all_the_work_of_a_store_is_recovered(truth, learnt, lessons, scenario, station):
    demand = expected_demand(scenario)
    requests = pd.concat([lesson.window.requests for lesson in lessons])
    counts = requests.endpoint.value_counts()

    def total_s(calibration):
        pairs = [pair for pair in demand if pair[1] == station and pair[0] in counts]
        return sum(calibration.works[p].mean * demand[p] * counts[p[0]] for p in pairs)

    assert total_s(learnt) == pytest.approx(total_s(truth), rel=0.1)


def test_what_edges_had_is_as_it_was_seen_and_costs_each_call_as_much(scenario, truth):
    """Nearly all images were there: the few that were not must not make all of them dear."""
    warm = with_edges_having(scenario, 0.9)
    run = simulate(twin_of(warm.at_rate(30.0), truth), seed=4, replication=1, until_s=UNTIL_S)
    window = Window(recording=recording_of(run), since_s=5.0, until_s=UNTIL_S)
    seen = with_hits_seen(scenario, window).fleet.cdn.hit_share
    assert seen == pytest.approx(0.9, abs=5 * (0.9 * 0.1 / 130) ** 0.5)
    learnt = calibrate(scenario, [Lesson(name="warm", rate_per_s=30.0, window=window)])
    assert learnt.works["image", "cdn"].mean == pytest.approx(0.0005, rel=0.15)
    assert learnt.outside_s["image"] == pytest.approx(0, abs=0.0005)


def test_an_origin_that_nobody_had_to_ask_is_taken_to_work_for_images_as_for_others(
    scenario, truth
):
    full = with_edges_having(scenario, 1.0)
    run = simulate(twin_of(full.at_rate(40.0), truth), seed=4, replication=1, until_s=UNTIL_S)
    window = Window(recording=recording_of(run), since_s=5.0, until_s=UNTIL_S)
    learnt = calibrate(scenario, [Lesson(name="full", rate_per_s=40.0, window=window)])
    for station in ("media", "object_store"):
        mean_s = learnt.works["image", station].mean
        assert mean_s == pytest.approx(WORK_MS[station] / 1e3, rel=0.15), station


def with_edges_having(scenario, hit_share):
    cdn = scenario.fleet.cdn.model_copy(update={"hit_share": hit_share})
    fleet = scenario.fleet.model_copy(update={"cdn": cdn})
    return scenario.model_copy(update={"fleet": fleet})


def test_what_the_worker_and_the_relay_do_for_a_post_is_recovered(truth, learnt):
    relayed = [("fanout", "relay"), ("reflection", "relay")]
    for pair in (("fanout", "fanout"), *relayed, ("development", "pipeline")):
        assert learnt.works[pair].mean == pytest.approx(truth.works[pair].mean, rel=0.15), pair


def test_the_delay_outside_of_all_stations_is_recovered(learnt):
    # Medians of a few hundred requests at a low load: within half a millisecond.
    assert learnt.outside_s["newsfeed"] == pytest.approx(OUTSIDE_S, abs=0.0005)
    assert learnt.outside_s["post"] == pytest.approx(0, abs=0.001)


def test_a_load_that_was_not_learnt_from_is_predicted(scenario, truth, learnt):
    held_out = scenario.at_rate(70.0)

    def quantiles(calibration, replications):
        runs = [
            simulate(twin_of(held_out, calibration), seed=9, replication=r, until_s=40.0)
            for r in replications
        ]
        return np.array(
            [np.quantile(run.latencies_s("newsfeed", since_s=5.0), [0.5, 0.95]) for run in runs]
        )

    true, told = quantiles(truth, range(4)), quantiles(learnt, range(4))
    # The same luck in both, so that only what was learnt differs.
    assert told.mean(axis=0) == pytest.approx(true.mean(axis=0), rel=0.1)


def test_visits_seen_are_the_visits_that_the_journeys_make(scenario, lessons):
    compared = visits_compared(scenario, lessons)
    assert set(EVENT_LOOPS) - {"fanout", "relay", "pipeline"} <= set(compared.station)
    for row in compared.itertuples():
        assert row.measured == pytest.approx(row.modelled, rel=0.15), row


def test_a_wrong_account_is_noticed(scenario, truth, lessons):
    # Half of the broker's CPU lost: its recovered work must show it.
    def halved(lesson):
        recording = lesson.window.recording
        cpu_s = recording.cpu.cpu_s.where(
            recording.cpu.station != "broker", 0.5 * recording.cpu.cpu_s
        )
        cpu = recording.cpu.assign(cpu_s=cpu_s)
        window = replace(lesson.window, recording=replace(recording, cpu=cpu))
        return replace(lesson, window=window)

    learnt = calibrate(scenario, [halved(lesson) for lesson in lessons])
    pair = ("fanout", "broker")
    assert learnt.works[pair].mean == pytest.approx(0.5 * truth.works[pair].mean, rel=0.15)


def test_a_vacuum_while_nobody_asked_is_not_taken_for_a_habit(truth, scenario, lessons):
    # Seen idle before one of the runs, a database was busy with half a core of its own.
    def disturbed(lesson, share):
        window = replace(lesson.window, idle_share={"user_db-1": share, "user_db-2": 0.0})
        return replace(lesson, window=window)

    learnt = calibrate(scenario, [disturbed(lessons[0], 0.5), disturbed(lessons[1], 0.0)])
    demand = expected_demand(scenario)
    pairs = [pair for pair in demand if pair[1] == "user_db"]
    learnt_s = sum(learnt.works[pair].mean * demand[pair] for pair in pairs)
    true_s = sum(truth.works[pair].mean * demand[pair] for pair in pairs)
    assert learnt_s == pytest.approx(true_s, rel=0.1)


def test_the_range_and_the_runs_are_kept(learnt, lessons):
    assert (learnt.rate_min_per_s, learnt.rate_max_per_s) == (20.0, 40.0)
    assert learnt.runs == ("at-20.0", "at-40.0")


def test_too_little_is_refused(scenario, lessons):
    with pytest.raises(CalibrationError, match="at least one measured run"):
        calibrate(scenario, [])
    short = replace(lessons[0], window=replace(lessons[0].window, until_s=6.0))
    with pytest.raises(CalibrationError, match="too few to learn from"):
        calibrate(scenario, [short])


def test_a_calibration_reads_back_as_it_was_written(learnt, tmp_path):
    file = tmp_path / "calibration.json"
    learnt.save(file)
    assert load_calibration(file) == learnt


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "is not a calibration"),
        ("{}", "is not a calibration"),
        ('{"schema_version": 9}', "must be 1"),
    ],
)
def test_a_file_that_is_no_calibration_is_refused(tmp_path, text, complaint):
    file = tmp_path / "calibration.json"
    file.write_text(text)
    with pytest.raises(CalibrationError, match=complaint):
        load_calibration(file)
    with pytest.raises(CalibrationError, match="cannot be read"):
        load_calibration(tmp_path / "nowhere.json")


def test_a_question_outside_of_what_was_learnt_says_in_what(scenario, learnt):
    assert extrapolations(scenario.at_rate(30.0), learnt) == []
    wider = load_scenario(LAPTOP, ["fleet.gateway.instances=4", "people.image_size=30 kB"])
    said = extrapolations(wider.at_rate(90.0), learnt)
    assert said == [
        "load: learnt at 20/s to 40/s, asked for 90/s",
        "people: image_size 20,000 → 30,000",
        "fleet: gateway instances 2 → 4",
        "traffic: another mix of requests",
    ]


def test_what_was_not_learnt_is_not_answered(learnt):
    with pytest.raises(CalibrationError, match="nothing was learnt of moon in newsfeed"):
        learnt.work_of("newsfeed", "moon")


def test_runs_of_different_scenarios_or_one_run_twice_are_not_learnt_from(scenario, tmp_path):
    def run(name, asked):
        return SimpleNamespace(folder=tmp_path / name, scenario=asked)

    other = load_scenario(LAPTOP, ["fleet.gateway.instances=4"])
    assert same_scenario([run("a", scenario), run("b", scenario.at_rate(9.0))]) == scenario
    with pytest.raises(CalibrationError, match="given twice"):
        same_scenario([run("a", scenario), run("a", scenario)])
    with pytest.raises(CalibrationError, match="has another fleet"):
        same_scenario([run("a", scenario), run("b", other)])


def test_a_post_asks_for_image_audience_and_past_at_once(scenario, truth):
    # The post service does these together: the order of stations is part of the journey.
    journeys = {journey.name: journey for journey in twin_journeys(scenario, truth)}
    [all_of] = [step for step in sequence(journeys["post"].steps) if isinstance(step, AllOf)]
    begun = [own_name(sequence(branch)[0]) for branch in all_of.branches]
    assert begun == ["medium", "follow", "post_db"]
