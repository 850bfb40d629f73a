"""The verbs: what they print where, and how they end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import typer
from typer.testing import CliRunner

from reference_impl.cli import add_verbs
from reference_impl.cluster.home import Home

LAPTOP = str(Path(__file__).parents[2] / "scenarios" / "laptop.toml")
COMMAND = (
    "import typer; from reference_impl.cli import add_verbs; a = typer.Typer(); add_verbs(a); a()"
)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    folder = tmp_path / "home"
    monkeypatch.setenv("FEEDTWIN_HOME", str(folder))
    return folder


@pytest.fixture
def feedtwin():
    app = typer.Typer()
    add_verbs(app)
    return lambda *arguments: CliRunner().invoke(app, arguments)


def works_in(home):
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd().startswith(str(home)) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_status_of_nothing_ends_with_6(feedtwin):
    result = feedtwin("status")
    assert result.exit_code == 6
    assert "nothing runs in" in result.stderr
    assert result.stdout == ""


def test_down_of_nothing_is_fine(feedtwin):
    result = feedtwin("down")
    assert result.exit_code == 0
    assert "nothing runs in" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.toml"], "nowhere.toml"),
        ([LAPTOP, "--set", "fleet.user_store.shards=0"], "fleet.user_store.shards"),
        ([LAPTOP, "--set", "fleet.gatway.instances=1"], "gateway"),
        ([LAPTOP, "--cpus", "one"], "--cpus takes numbers"),
        ([LAPTOP, "--cpus", "4095"], "cpus must be among"),
        ([], "Missing argument"),
    ],
)
def test_what_cannot_be_meant_ends_with_2(feedtwin, home, arguments, words):
    result = feedtwin("up", *arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert not home.exists()


def test_a_bad_setting_ends_with_2(feedtwin, monkeypatch):
    monkeypatch.setenv("FEEDTWIN_PAGE_LIMIT", "many")
    result = feedtwin("up", LAPTOP)
    assert result.exit_code == 2
    assert "FEEDTWIN_PAGE_LIMIT" in result.stderr


def test_a_home_that_is_busy_ends_with_2(feedtwin, home):
    with Home(folder=home).locked():
        result = feedtwin("down")
    assert result.exit_code == 2
    assert "being started or stopped" in result.stderr


def test_a_store_elsewhere_that_is_silent_ends_with_6(feedtwin, monkeypatch):
    monkeypatch.setenv("FEEDTWIN_BROKER", "unix:///nowhere/broker.sock")
    result = feedtwin("up", LAPTOP)
    assert result.exit_code == 6
    assert "does not answer" in result.stderr


def test_logs_outlive_what_wrote_them(feedtwin, home):
    place = Home(folder=home)
    place.create()
    place.log_of("user-1").write_text("one\ntwo\nthree\n")
    place.log_of("user-2").write_text("four\n")
    assert feedtwin("logs", "user-1", "--lines", "2").stdout == "two\nthree\n"
    assert feedtwin("logs", "--lines", "1").stdout == "user-1 | three\nuser-2 | four\n"


def test_the_log_of_nobody_ends_with_2_and_says_whose_there_are(feedtwin, home):
    place = Home(folder=home)
    place.create()
    place.log_of("user-1").write_text("one\n")
    result = feedtwin("logs", "user-7")
    assert result.exit_code == 2
    assert "user-1" in result.stderr


def interrupted(signum, *words, at="starting"):
    """Start a verb in a process of its own, and interrupt it as soon as it says something."""
    command = [sys.executable, "-P", "-c", COMMAND, *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith(at):
                process.send_signal(signum)
                break
        said = process.stderr.read()
    return process.returncode, said


@pytest.mark.verify
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_up_leaves_nothing_and_ends_with_130(home, signum):
    code, said = interrupted(signum, "up", LAPTOP)
    assert code == 130
    assert "interrupted" in said
    assert works_in(home) == []
    assert not (home / "cluster.json").exists()


@pytest.mark.verify
def test_the_real_services_come_up_and_are_shown_and_go_down(feedtwin, home):
    up = feedtwin("up", LAPTOP)
    try:
        assert up.exit_code == 0, up.stderr
        assert len(up.stdout.split()) == 2
        assert all(url.startswith("http://127.0.0.1:") for url in up.stdout.split())

        shown = feedtwin("status", "--format", "json")
        assert shown.exit_code == 0
        rows = json.loads(shown.stdout)
        assert len(rows) == 23
        assert all(row["ready"] and row["pid"] and row["memory_mb"] > 1 for row in rows)
        urls = {row["name"]: row["url"] for row in rows if row["url"]}
        assert [urls["gateway-1"], urls["gateway-2"]] == up.stdout.split()
        assert urls.keys() == {"gateway-1", "gateway-2", "frontdoor-1"}
        assert urls["frontdoor-1"] in up.stderr

        assert feedtwin("scale", "gateway", "3").stdout.startswith(up.stdout)
        assert len(json.loads(feedtwin("status", "--format", "json").stdout)) == 24
        code, said = interrupted(signal.SIGINT, "scale", "gateway", "1", at="gateway: 0 to start")
        assert (code, "interrupted" in said) == (130, True)
        assert len(json.loads(feedtwin("status", "--format", "json").stdout)) == 24
        assert feedtwin("scale", "gateway", "2").stdout == up.stdout

        again = feedtwin("up", LAPTOP)
        assert (again.exit_code, again.stdout) == (0, up.stdout)

        other = feedtwin("up", LAPTOP, "--set", "policy.page_limit=7")
        assert other.exit_code == 2
        assert "differing in policy" in other.stderr

        victim = next(row for row in rows if row["name"] == "session_store-1")
        psutil.Process(victim["pid"]).suspend()
        ill = feedtwin("status", "--format", "csv")
        psutil.Process(victim["pid"]).resume()
        assert ill.exit_code == 6
    finally:
        assert feedtwin("down").exit_code == 0
    assert works_in(home) == []
    assert feedtwin("status").exit_code == 6
