from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from reference_impl.cluster.identities import (
    Identity,
    birth_of,
    read_identity,
    write_identity,
)

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def identity_of(pid):
    birth = birth_of(pid)
    assert birth is not None
    return Identity(pid=pid, birth=birth)


@pytest.fixture
def sleeper():
    with subprocess.Popen(SLEEP) as process:
        yield process
        process.kill()


def test_a_running_process_is_alive_and_an_ended_one_is_not(sleeper):
    identity = identity_of(sleeper.pid)
    assert identity.is_alive()
    sleeper.kill()
    sleeper.wait()
    assert not identity.is_alive()


def test_a_process_that_waits_to_be_buried_is_not_alive(sleeper):
    identity = identity_of(sleeper.pid)
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert not identity.is_alive()


def test_another_process_with_the_same_pid_is_a_stranger(sleeper):
    stranger = replace(identity_of(sleeper.pid), birth="of somebody else")
    assert not stranger.is_alive()


def test_a_stranger_gets_no_signal(sleeper):
    replace(identity_of(sleeper.pid), birth="of somebody else").send(signal.SIGKILL)
    with pytest.raises(subprocess.TimeoutExpired):
        sleeper.wait(0.2)


def test_the_process_itself_gets_the_signal(sleeper):
    identity_of(sleeper.pid).send(signal.SIGTERM)
    assert sleeper.wait(5) == -signal.SIGTERM


def test_a_signal_to_nobody_is_no_error(sleeper):
    identity = identity_of(sleeper.pid)
    sleeper.kill()
    sleeper.wait()
    identity.send(signal.SIGTERM)


def test_a_program_may_have_brackets_and_spaces_in_its_name(tmp_path):
    program = tmp_path / "a) Z (b"
    program.symlink_to("/bin/sleep")
    with subprocess.Popen([program, "60"]) as process:
        assert identity_of(process.pid).is_alive()
        process.kill()


def test_what_was_written_is_read_back_and_every_start_is_counted(tmp_path):
    path = tmp_path / "me.json"
    write_identity(path, signal.SIGINT)
    write_identity(path, signal.SIGINT)
    me = identity_of(os.getpid())
    assert read_identity(path) == replace(me, stop_signal=signal.SIGINT, starts=2)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', '{"pid": 1, "age": 7}'])
def test_half_an_identity_is_none(tmp_path, text):
    path = tmp_path / "broken.json"
    path.write_text(text)
    assert read_identity(path) is None


def test_no_file_is_no_identity(tmp_path):
    assert read_identity(tmp_path / "nobody.json") is None
