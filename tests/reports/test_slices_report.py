"""The report on slices, and the verb that writes it."""

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from feedtwin import command
from model.answers import questions
from model.answers.asked import question_of
from model.answers.statistics import over_replications
from model.answers.summaries import NOTHING
from model.answers.trends import Trend
from model.engine.limits import TooMuch
from model.rules.exits import Exit
from model.world.scenario import ScenarioError
from model.world.scenario_files import load_scenario
from reports.scenario_report import fingerprint_of
from reports.slices_report import Compared, columns_of, plain_rows, rows_of, slices_report

ROOT = Path(__file__).parents[2]
SLICES = sorted((ROOT / "scenarios" / "slices").glob("*.toml"))
FILE = SLICES[0]


def about(mean):
    return over_replications([0.99 * mean, mean, 1.01 * mean, mean])


def trend(number, *means):
    return Trend(number=number, slices=(4, 2, 1), found=[about(mean) for mean in means])


TRENDS = [
    trend("newsfeed.p50", 0.011, 0.011, 0.01),
    trend("newsfeed.failed.during", 0.14, 0.12, 0.12),
    trend("busy.timeline", 0.5, 0.5, 0.5),
    trend("busy.media", 0.01, 0.01, 0.01),
    Trend(number="post.p99", slices=(4, 2, 1), found=[NOTHING] * 3),
]


def compared(trends=TRENDS):
    question, scenario = question_of(FILE), load_scenario(FILE)
    return Compared(file=FILE, question=question, scenario=scenario, trends=trends)


def test_there_is_a_column_per_slice():
    assert columns_of(TRENDS)[1:4] == ["1/4", "1/2", "1/1"]


def test_differences_are_said_in_percent_and_of_shares_in_points():
    said = {row[0]: row[4] for row in rows_of(TRENDS)}
    assert said["newsfeed.p50"] == "+10 %"
    assert said["newsfeed.failed.during"] == "+2 points"


def test_what_cannot_be_judged_and_who_is_idle_is_not_in_the_table():
    assert [row[0] for row in rows_of(TRENDS)] == [
        "newsfeed.p50",
        "newsfeed.failed.during",
        "busy.timeline",
    ]


def test_whatever_disagrees_is_in_the_table():
    odd = trend("busy.media", 0.04, 0.01, 0.01)
    assert rows_of([odd])[0][-1] == "no"


def test_programs_get_every_number_of_every_slice():
    rows = plain_rows(TRENDS)
    assert len(rows) == 3 * len(TRENDS)
    assert rows[0][:2] == ["newsfeed.p50", 4]


def expecting(*numbers):
    expect = ", ".join(f"{{that='{number}', below='1 s'}}" for number in numbers)
    return replace(compared(), scenario=load_scenario(FILE, [f"expect=[{expect}]"]))


def test_what_the_scenario_expects_is_in_the_table_however_idle():
    expected = ["busy.media"]
    assert "busy.media" in [row[0] for row in rows_of(TRENDS, expected)]


def test_the_report_names_what_cannot_be_judged_and_why():
    assert "Not judged: post.p99: too few of it for an interval" in slices_report([compared()])
    said = slices_report([expecting("search.p99")])
    assert "Not judged: search.p99: too few of it in every slice" in said


def test_what_is_expected_of_a_variant_is_not_asked_of_the_scenario_itself():
    of_variant = "expect=[{that='newsfeed.p50', of='post.p50', above='1', variant='odd'}]"
    asked = load_scenario(FILE, ["variants.odd=[]", of_variant])
    assert replace(compared(), scenario=asked).expected == []
    own = "expect=[{that='newsfeed.p50', of='post.p50', above='1'}]"
    asked = load_scenario(FILE, [own])
    assert replace(compared(), scenario=asked).expected == ["newsfeed.p50", "post.p50"]


def test_the_report_names_what_disagrees_and_the_files_it_is_made_from():
    text = slices_report([compared()])
    assert "| 5 | 4 |" in text
    assert "newsfeed.p50, newsfeed.failed.during" in text
    assert fingerprint_of(FILE) in text


def test_the_committed_report_is_of_these_very_scenarios():
    text = (ROOT / "reports" / "slices.md").read_text(encoding="utf-8")
    for file in SLICES:
        assert f"`{file.name}`, {fingerprint_of(file)}" in text


def test_a_report_is_bound_to_what_its_scenario_extends_as_well(tmp_path):
    base, slice_of = tmp_path / "base.toml", tmp_path / "slice.toml"
    base.write_text("name = 'one'")
    slice_of.write_text("extends = 'base.toml'")
    before = fingerprint_of(slice_of)
    base.write_text("name = 'two'")
    assert fingerprint_of(slice_of) != before


def run(monkeypatch, *words, found=TRENDS):
    def answered(*_, **__):
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr("model.answers.trends.trends_of", answered)
    return CliRunner().invoke(command(), ["trend", str(FILE), *words])


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (TRENDS[2:4], Exit.MET),
        (TRENDS, Exit.MISSED),
        (TRENDS[4:], Exit.INCONCLUSIVE),
        (ScenarioError("simulation.slice: 3 does not divide"), Exit.USAGE),
    ],
)
def test_the_exit_code_says_whether_slices_agree(monkeypatch, found, code):
    assert run(monkeypatch, found=found).exit_code == code


def test_the_verb_says_what_is_not_judged(monkeypatch):
    assert "Not judged: post.p99: too few" in run(monkeypatch).stderr


def test_a_slice_that_outgrows_the_engine_is_said_in_one_line(monkeypatch):
    def replicate(*_, **__):
        raise TooMuch("at 1 s: more than 9 visits: run with keep_visits=False")

    monkeypatch.setattr(questions, "replicate", replicate)
    words = ["trend", str(FILE), "--set", "simulation.duration=4 s", "--jobs", "1"]
    left = CliRunner().invoke(command(), words)
    assert left.exit_code == Exit.USAGE
    said = left.stderr.splitlines()[-1]
    assert "1/" in said
    assert said.endswith("shorten simulation.duration, which is 4 s, or raise simulation.slice")


def test_the_verb_writes_the_report_where_it_is_told_to(monkeypatch, tmp_path):
    run(monkeypatch, "--into", str(tmp_path))
    assert (tmp_path / "slices.md").read_text(encoding="utf-8").startswith("# Slices")
    (tmp_path / "taken").write_text("", encoding="utf-8")
    assert run(monkeypatch, "--into", str(tmp_path / "taken")).exit_code == Exit.USAGE


def test_programs_get_rows(monkeypatch):
    assert run(monkeypatch, "--format", "csv").stdout.startswith("number,slice,value,low,high")
