from __future__ import annotations

import configparser
import signal

import pytest

from reference_impl.cluster import supervision
from reference_impl.cluster.errors import NotReady
from reference_impl.cluster.home import Home
from reference_impl.cluster.supervision import Program, Supervisor, configuration

PROGRAMS = [
    Program(name="user_db-1", stop_signal=signal.SIGINT),
    Program(name="gateway-1", stop_signal=signal.SIGTERM),
]


def test_each_program_is_stopped_by_its_own_signal():
    parser = configparser.RawConfigParser()
    parser.read_string(configuration(PROGRAMS))
    assert parser["program:user_db-1"]["stopsignal"] == "INT"
    assert parser["program:gateway-1"]["stopsignal"] == "TERM"


def test_programs_are_started_again_whenever_they_end_but_not_unasked():
    parser = configparser.RawConfigParser()
    parser.read_string(configuration(PROGRAMS))
    told = parser["program:gateway-1"]
    assert (told["autostart"], told["autorestart"]) == ("false", "true")


def test_no_more_open_files_are_asked_for_than_the_system_grants(monkeypatch):
    monkeypatch.setattr("resource.getrlimit", lambda _: (256, 4096))
    assert "minfds = 4096\n" in configuration([])


def test_a_supervisor_that_cannot_start_says_why(tmp_path, monkeypatch):
    monkeypatch.setattr(supervision, "ANSWER_WAIT_S", 2.0)
    home = Home(folder=tmp_path / "home")
    home.create()
    home.supervisor_conf.write_text("[supervisord]\nminfds = many\n")
    with pytest.raises(NotReady, match=r"(?s)supervisord does not answer.*invalid literal"):
        supervision.start_supervisor(home, tmp_path / "s.sock", [])


def test_nobody_answers_where_there_is_no_supervisor(tmp_path):
    assert not Supervisor(tmp_path / "none.sock").answers_within(0.05)
