"""What is left of a cluster after a crash is ended if it is ours, and only then."""

from __future__ import annotations

import json
import signal

import psutil
import pytest

from reference_impl.cluster import lifecycle
from reference_impl.cluster.home import Home
from reference_impl.cluster.identities import birth_of
from reference_impl.cluster.supervision import SUPERVISOR


@pytest.fixture
def stranger():
    process = psutil.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def crash(up, home, processes_of, wait_until):
    """Bring a cluster up and kill its supervisor; nothing outlives it by five seconds."""
    cluster = up()
    cluster.identity_of(SUPERVISOR).send(signal.SIGKILL)
    wait_until(lambda: processes_of(home) == [], within_s=5)
    return cluster


def test_up_works_again_after_the_supervisor_was_killed(crash, up, home):
    assert lifecycle.running(home) is None
    again = up()
    assert all(process.running for process in again.processes())
    assert not crash.sockets.exists()


def test_a_stranger_with_a_recorded_pid_is_left_alone(crash, home, stranger):
    forged = {"pid": stranger.pid, "birth": crash.identity_of("user-1").birth}
    for name in ("user-1", SUPERVISOR):
        Home(folder=home).identity_of(name).write_text(json.dumps(forged))
    assert lifecycle.down(home) == 0
    assert birth_of(stranger.pid) is not None


@pytest.mark.verify
def test_an_up_that_was_killed_half_way_is_cleared_by_the_next(up, home):
    first = up()
    pids = {process.pid for process in first.processes()}
    state = json.loads(first.home.state.read_text())
    first.home.write_state(state | {"stage": "starting"})
    assert lifecycle.running(home) is None
    second = up()
    assert pids.isdisjoint(process.pid for process in second.processes())
    assert not first.sockets.exists()


@pytest.mark.verify
def test_a_lost_state_file_does_not_hide_what_runs(up, home, processes_of):
    cluster = up()
    cluster.home.state.unlink()
    assert lifecycle.down(home) == len(cluster.members)
    assert processes_of(home) == []
    assert not cluster.sockets.exists()


@pytest.mark.verify
def test_a_supervisor_that_hangs_is_ended_all_the_same(up, home, processes_of, monkeypatch):
    monkeypatch.setattr("reference_impl.cluster.supervision.ANSWER_WAIT_S", 1.0)
    cluster = up()
    cluster.identity_of(SUPERVISOR).send(signal.SIGSTOP)
    assert lifecycle.down(home) == len(cluster.members)
    assert processes_of(home) == []
