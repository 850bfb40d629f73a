from __future__ import annotations

import configparser
import signal
import sys

import pytest

from reference_impl.cluster import supervision
from reference_impl.cluster.errors import NotReady
from reference_impl.cluster.home import Home
from reference_impl.cluster.launch import Order, write_order
from reference_impl.cluster.supervision import SUPERVISOR, Program, Supervisor, configuration
from reference_impl.cluster.teardown import clear

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


# Loses the first signal, as a process does that is just being started; says so, and of the second.
DEAF_ONCE = """
import pathlib, signal
here = pathlib.Path({folder!r})
signal.pthread_sigmask(signal.SIG_BLOCK, {{signal.SIGTERM}})
(here / "ready").touch()
signal.sigwait({{signal.SIGTERM}})
(here / "lost").touch()
signal.sigwait({{signal.SIGTERM}})
(here / "heard").touch()
"""


def test_a_stop_that_a_process_lost_is_told_it_again(tmp_path, monkeypatch, wait_until):
    monkeypatch.setattr(supervision, "AGAIN_S", 1.0)
    monkeypatch.setattr(supervision, "STOP_WAIT_S", 3)
    home = Home(folder=tmp_path / "home")
    home.create()
    names = ("deaf-1", "deaf-2")
    for name in names:
        folder = tmp_path / name
        folder.mkdir()
        order = Order(
            command=[sys.executable, "-c", DEAF_ONCE.format(folder=str(folder))],
            environment={},
            identity=str(home.identity_of(name)),
            parent=str(home.identity_of(SUPERVISOR)),
        )
        write_order(order, home.order_of(name))
    programs = [Program(name=name, stop_signal=signal.SIGTERM) for name in names]
    home.supervisor_conf.write_text(configuration(programs))
    try:
        supervisor = supervision.start_supervisor(home, tmp_path / "s.sock", [])
        for name in names:
            supervisor.start(name)
        wait_until(lambda: all((tmp_path / name / "ready").exists() for name in names))
        supervisor.stop(names[:1])
        assert (tmp_path / "deaf-1" / "heard").exists(), "or it was killed"
        assert not (tmp_path / "deaf-2" / "lost").exists()
    finally:
        clear(home)
