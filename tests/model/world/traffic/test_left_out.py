"""What recorded files have and scenarios have not, and that files are read as they now are."""

import os
from pathlib import Path

import pytest

from model.world.scenario import ScenarioError
from model.world.scenario.traffic import Recorded
from model.world.scenario_files import load_scenario
from model.world.traffic import left_out_of, read_recording, recordings
from model.world.traffic.recordings.access_logs import read_access_log

LAPTOP = Path(__file__).parents[4] / "scenarios" / "laptop.toml"
LINE = '192.0.2.7 - - [10/Oct/2025:13:55:36 +0000] "GET {} HTTP/1.1" 200 9\n'
FEED, ICON, LIVE = "/user/1/newsfeed", "/favicon.ico", "/livez"


@pytest.fixture
def log(tmp_path):
    """Write a log of such paths; returns what writes it."""

    def write(*paths, name="access.log"):
        file = tmp_path / name
        file.write_text("".join(LINE.format(path) for path in paths), encoding="utf-8")
        return file

    return write


def scenario(file, *overrides):
    recorded = f"traffic.recorded={{file='{file}', form='access-log'}}"
    return load_scenario(LAPTOP, (recorded, *overrides))


def test_each_file_is_told_once_with_what_it_has_most_of(log):
    one, other = log(FEED, ICON, LIVE, ICON), log(FEED, LIVE, name="other.log")
    asked = (scenario(one), scenario(other), scenario(one, "traffic.recorded.faster=2"))
    of_one, of_other = left_out_of(asked)
    assert of_one == (
        "traffic.recorded: access.log: 3 of the 4 requests left out, being of other routes:"
        " GET /favicon.ico (2), GET /livez (1)"
    )
    assert of_other.startswith("traffic.recorded: other.log: 1 of the 2 requests left out")


def test_where_nothing_is_left_out_nothing_is_told(log):
    assert left_out_of([load_scenario(LAPTOP), scenario(log(FEED))]) == []


def test_a_file_that_is_gone_is_refused(log):
    asked = scenario(log(FEED))
    log(FEED).unlink()
    with pytest.raises(ScenarioError, match=r"access.log cannot be read"):
        left_out_of([asked])


def test_a_file_is_read_once_until_it_is_another(log, monkeypatch):
    read = []

    def counted(*of, **how):
        read.append(of)
        return read_access_log(*of, **how)

    monkeypatch.setattr(recordings, "read_access_log", counted)
    file = log(FEED, ICON)
    recorded = Recorded(file=str(file), form="access-log")
    read_recording(recorded, seed=1)
    fast = read_recording(recorded.model_copy(update={"faster": 2.0}), seed=1)
    assert (len(read), len(fast.at_s)) == (1, 1)
    log(FEED, FEED)  # as long as it was, to the byte or not: it was written later
    os.utime(file, ns=(1, 1))
    assert len(read_recording(recorded, seed=1).at_s) == 2
    assert len(read) == 2
