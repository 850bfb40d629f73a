"""`feedtwin load`: what it prints, where, and with which exit code it leaves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from loadtest import cli, measure
from loadtest.evidence import Window
from loadtest.generator_process import GeneratorFailed
from loadtest.results import Measurement
from loadtest.validity import Evidence, Validity
from model.answers.recordings import COLUMNS, Recording, table_of
from model.world.scenario_files import load_scenario
from reference_impl.cluster import lifecycle
from reference_impl.cluster.errors import NotReady
from reference_impl.seeding import seed
from reference_impl.seeding.people import NotSeeded

LAPTOP = Path(__file__).parents[2] / "scenarios" / "laptop.toml"
EVIDENCE = Evidence(
    lateness_p99_s=0.001,
    offered=1000,
    sent=1000,
    dropped=0,
    successes=1000,
    generator_core_share=0.1,
    foreign_share=0.0,
    stolen_share=0.0,
)


def measurement_of(*, latency_s=0.1, n=1000):
    # Microseconds that differ from one request to the next: neighbours are not alike.
    latencies_s = [latency_s + number * 37 % 100 / 1e8 for number in range(n)]
    rows: list[tuple[object, ...]] = [
        (number, "newsfeed", number / 100, number / 100, number / 100 + taken_s, 200, 9)
        for number, taken_s in enumerate(latencies_s)
    ]
    tables = {name: table_of(name, []) for name in COLUMNS}
    return Measurement(
        folder=Path("runs/one"),
        scenario=load_scenario(LAPTOP),
        recording=Recording(**(tables | {"requests": table_of("requests", rows)})),
        window=Window(since_s=0.0, until_s=n / 100),
        errors=pd.DataFrame([("post", "TimeoutError", 3)], columns=["endpoint", "error", "count"]),
        background_cpu={},
        evidence=EVIDENCE,
        validity=Validity(reasons=()),
        notes=["the generator is not pinned"],
    )


INVALID = replace(measurement_of(), validity=Validity(reasons=("the generator was late",)))
INTERRUPTED = replace(INVALID, evidence=replace(EVIDENCE, interrupted=True))


@pytest.fixture
def load(monkeypatch):
    """A function that runs the verb on a cluster that is up, with a given outcome."""

    def load(*words, outcome=None):
        asked = []

        def measured(scenario, cluster, people, **given):
            asked.append(given | {"scenario": scenario})
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome or measurement_of()

        monkeypatch.setattr(measure, "measure", measured)
        app = typer.Typer()
        app.callback()(lambda: None)
        cli.add_verbs(app)
        answer = CliRunner().invoke(app, ["load", str(LAPTOP), *words])
        return SimpleNamespace(
            code=answer.exit_code, stdout=answer.stdout, stderr=answer.stderr, asked=asked
        )

    laptop = load_scenario(LAPTOP)
    cluster = SimpleNamespace(
        wait_ready=lambda timeout_s: None,
        made_from=laptop.model_dump(mode="json"),
        policy_now=lambda: laptop.policy.of_feeds,
    )
    monkeypatch.setattr(lifecycle, "running", lambda home: cluster)
    monkeypatch.setattr(seed, "people_of", lambda scenario, home: SimpleNamespace())
    return load


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (measurement_of(latency_s=0.1), 0),
        (measurement_of(latency_s=1.5), 3),
        (measurement_of(n=30), 4),
        (INVALID, 4),
        (INTERRUPTED, 130),
        (KeyboardInterrupt(), 130),
        (GeneratorFailed("it did not get ready"), 4),
    ],
)
def test_the_exit_code_tells_what_came_out(outcome, code, load):
    assert load(outcome=outcome).code == code


def test_the_table_goes_to_stdout_and_the_talk_to_stderr(load):
    run = load(outcome=INVALID)
    assert "100.0 (100.0 to 100.0)" in run.stdout
    assert run.stdout.count("\n") == 2
    assert run.stderr.splitlines()[-4:] == [
        "post: TimeoutError, 3 times",
        "invalid: the generator was late",
        "note: the generator is not pinned",
        "run: runs/one",
    ]


def test_what_the_evidence_cannot_say_is_a_question_mark(load):
    assert "100.0 (100.0 to ?)" in load(outcome=measurement_of(n=30)).stdout


def test_programs_get_numbers(load):
    [row] = json.loads(load("--format", "json").stdout)
    assert row["endpoint"] == "newsfeed"
    assert row["p99_s"] == pytest.approx(0.1, rel=1e-4)
    assert row["verdict"] == "pass"


def test_the_rate_is_the_scenarios_unless_another_is_given(load):
    assert load().asked[0]["rate_per_s"] == load_scenario(LAPTOP).requests_per_s
    [asked] = load("--rate", "80/s", "--stream", "3", "--set", "load.duration=9 s").asked
    assert (asked["rate_per_s"], asked["stream"]) == (80, 3)
    assert asked["scenario"].load.duration == 9


@pytest.mark.parametrize("rate", ["80", "0/s", "fast/s"])
def test_a_rate_that_means_nothing_is_refused(rate, load):
    run = load("--rate", rate)
    assert run.code == 2
    assert not run.asked


def test_without_a_cluster_it_says_what_to_type(load, monkeypatch):
    monkeypatch.setattr(lifecycle, "running", lambda home: None)
    run = load()
    assert run.code == 6
    assert "feedtwin up" in run.stderr
    assert "feedtwin seed" in run.stderr


def test_a_cluster_that_is_not_ready_is_named(load, monkeypatch):
    def wait_ready(timeout_s):
        raise NotReady("timeline-2 is not ready")

    monkeypatch.setattr(lifecycle, "running", lambda home: SimpleNamespace(wait_ready=wait_ready))
    run = load()
    assert run.code == 6
    assert "timeline-2 is not ready" in run.stderr


def test_without_people_there_is_nobody_to_send_for(load, monkeypatch):
    def people_of(scenario, home):
        raise NotSeeded("nobody has been seeded here")

    monkeypatch.setattr(seed, "people_of", people_of)
    run = load()
    assert run.code == 6
    assert "nobody has been seeded" in run.stderr
