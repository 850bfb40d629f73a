"""The verbs that plan on paper, as somebody types them."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from feedtwin import command
from model.rules.exits import Exit
from model.world.scenario import ScenarioError

LAPTOP = str(Path(__file__).parents[2] / "scenarios" / "laptop.toml")
FEW_YEARS = ("--set", "availability.years=100")


@pytest.fixture
def typed(tmp_path, monkeypatch):
    """Type a command in a folder that has nothing in it."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(command(), words)


def test_size_gives_every_figure_its_formula(typed):
    told = typed("size", LAPTOP, "--format", "json")
    assert told.exit_code == Exit.MET
    figures = json.loads(told.stdout)
    assert all(figure["formula"] for figure in figures if figure["value"] is not None)
    [rate] = [f for f in figures if f["figure"] == "requests, at the peak"]
    assert rate["value"] == 30


def test_size_says_which_requests_of_a_recording_it_leaves_out(typed, tmp_path):
    line = '192.0.2.7 - - [10/Oct/2025:13:55:{}.000 +0000] "GET {} HTTP/1.1" 200 9\n'
    asked = ((36, "/user/1/newsfeed"), (37, "/favicon.ico"), (38, "/user/1/newsfeed"))
    log = "".join(line.format(*each) for each in asked)
    (tmp_path / "access.log").write_text(log, encoding="utf-8")
    recorded = f"traffic.recorded={{file='{tmp_path}/access.log', form='access-log'}}"
    told = typed("size", LAPTOP, "--set", recorded)
    assert (
        "1 of the 3 requests left out, being of other routes: GET /favicon.ico (1)" in told.stderr
    )


def test_size_says_what_runs_out_first(typed):
    told = typed("size", LAPTOP)
    assert "The first to run out: " in told.output


def test_size_says_of_what_time_each_table_is(typed):
    told = typed("size", LAPTOP).stdout
    enough, years = told.index("once all has filled up: posts of"), told.index("in year 0, today")
    assert told.index("Machines, at the peak and once all has filled up") < enough
    assert enough < told.index("survives a zone") < years < told.index("runs out in year")


def test_size_gives_people_bytes_in_a_unit_that_suits_them(typed):
    told = typed("size", LAPTOP, "--set", "people.users=2 M", "--set", "people.followers.max=900 k")
    assert re.search(r"rows of users and follows, one copy +\d+(\.\d+)? GB", told.stdout)
    assert not re.search(r"(?<![\d.])\d{7}", told.stdout)


def test_size_can_be_read_as_a_page(typed):
    assert typed("size", LAPTOP, "--markdown").stdout.startswith("#")


def test_threshold_has_a_row_for_each_and_one_for_none(typed):
    told = typed("threshold", LAPTOP, "--format", "json")
    assert told.exit_code == Exit.MET
    assert json.loads(told.stdout)[-1]["influencer from"] == "none"


def test_availability_exits_with_its_verdict(typed):
    # One copy of everything, and ten bad changes of five minutes a year: not four nines.
    told = typed("availability", LAPTOP, *FEW_YEARS, "--format", "json")
    assert told.exit_code == Exit.MISSED
    whole = json.loads(told.stdout)[0]
    assert (whole["requests"], whole["verdict"]) == ("all", "miss")


TINY = (
    "simulation.duration=1 s", "simulation.replications=2", "simulation.warmup=0.1 s",
    "availability.server.every=1000000 d", "availability.instance.every=1000000 d",
    "availability.common_cause=0",
)  # fmt: skip


@pytest.mark.parametrize("form", [(), ("--full",)])
def test_availability_joined_to_latency_tells_every_state_and_its_verdicts(typed, form):
    overrides = [word for override in TINY for word in ("--set", override)]
    told = typed("availability", LAPTOP, "--joined", *form, *overrides, "--format", "json")
    assert told.exit_code == Exit.MISSED
    states = json.loads(told.stdout)
    assert [states[0]["state"], states[-1]["state"]] == ["all well", "all"]
    incidents = next(state for state in states if state["state"] == "incidents")
    assert incidents["how known"] == "on paper"
    assert "in time: " in told.output


def test_what_is_not_simulated_has_no_full_form(typed):
    told = typed("availability", LAPTOP, "--full")
    assert told.exit_code == Exit.USAGE
    assert "--full: only with --joined" in told.output


def test_a_calibration_that_is_none_is_refused(typed, tmp_path):
    (tmp_path / "calibration.json").write_text("{}")
    told = typed("size", LAPTOP)
    assert told.exit_code == Exit.USAGE
    assert "is not a calibration" in told.output


def test_a_scenario_that_means_nothing_is_refused(typed):
    told = typed("threshold", LAPTOP, "--set", "people.users=none")
    assert isinstance(told.exception, ScenarioError)
    assert "people.users" in str(told.exception)
