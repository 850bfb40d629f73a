from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from reference_impl.cluster.identities import Identity, read_identity, write_identity
from reference_impl.cluster.launch import LAUNCH, Order, write_order

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def parent(tmp_path):
    """The identity file of this test process, as the parent that an order may name."""
    path = tmp_path / "parent.json"
    write_identity(path, signal.SIGTERM)
    return path


def launched(tmp_path, **order):
    defaults = {"command": SLEEP, "environment": {}, "identity": str(tmp_path / "child.json")}
    write_order(Order(**(defaults | order)), tmp_path / "order.json")
    return [sys.executable, *LAUNCH, str(tmp_path / "order.json")]


@pytest.fixture
def child(tmp_path, wait_until):
    """Wait for the launched process to record itself, and return who it is."""
    path = tmp_path / "child.json"

    def find():
        wait_until(path.exists)
        return read_identity(path)

    return find


def test_the_process_is_the_one_that_was_recorded(tmp_path, parent, child):
    with subprocess.Popen(launched(tmp_path, parent=str(parent))) as process:
        assert child().pid == process.pid
        process.kill()


def test_it_gets_its_environment_beside_the_inherited_one(tmp_path):
    show = [sys.executable, "-c", "import os; print(os.environ['ADDED'], 'PATH' in os.environ)"]
    command = launched(tmp_path, command=show, environment={"ADDED": "7"})
    assert subprocess.check_output(command, text=True) == "7 True\n"


def test_it_dies_with_its_parent(tmp_path, wait_until, child):
    """A parent in between starts it, records itself as the parent, and is killed."""
    order = launched(tmp_path, parent=str(tmp_path / "between.json"))
    between = f"""
import signal, subprocess
from pathlib import Path
from reference_impl.cluster.identities import write_identity
write_identity(Path({str(tmp_path / "between.json")!r}), signal.SIGTERM)
subprocess.Popen({order!r}).wait()
"""
    with subprocess.Popen([sys.executable, "-c", between]) as process:
        sleeper = child()
        # It sleeps only once it has become its program, tied to its parent.
        command_line = Path(f"/proc/{sleeper.pid}/cmdline")
        wait_until(lambda: "time.sleep" in command_line.read_text())
        process.kill()
    wait_until(lambda: not sleeper.is_alive(), within_s=5)


@pytest.mark.parametrize("recorded", [None, Identity(pid=1, birth="of init")])
def test_it_does_not_start_for_anybody_but_its_parent(tmp_path, recorded):
    path = tmp_path / "other.json"
    if recorded is not None:
        path.write_text(json.dumps(asdict(recorded)))
    done = subprocess.run(
        launched(tmp_path, parent=str(path)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "the supervisor is gone" in done.stderr


def test_a_detached_one_is_in_a_session_of_its_own(tmp_path, child):
    subprocess.run(launched(tmp_path, detached=True), check=True)
    sleeper = child()
    assert os.getsid(sleeper.pid) == sleeper.pid != os.getsid(0)
    sleeper.send(signal.SIGKILL)


def test_it_runs_only_where_it_may(tmp_path):
    show = [sys.executable, "-c", "import os; print(os.sched_getaffinity(0))"]
    command = launched(tmp_path, command=show, cpus=[0])
    assert subprocess.check_output(command, text=True) == "{0}\n"


def test_signals_that_the_shell_ignored_work_again(tmp_path):
    show = [sys.executable, "-c", "import signal; print(signal.getsignal(signal.SIGINT))"]
    command = launched(tmp_path, command=show)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        told = subprocess.check_output(command, text=True)
    finally:
        signal.signal(signal.SIGINT, before)
    assert "default_int_handler" in told


def hold_sigint():
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


@pytest.mark.parametrize("delay_s", [0.0, 0.01, 0.03, 0.1])
def test_a_stop_while_it_is_being_launched_is_not_lost(tmp_path, delay_s):
    """As under the supervisor, whose children are born with SIGINT held back."""
    command = launched(tmp_path, command=["/bin/sleep", "60"])
    with subprocess.Popen(command, preexec_fn=hold_sigint) as process:  # noqa: PLW1509
        time.sleep(delay_s)  # no event tells how far Python has started
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == -signal.SIGINT


def test_a_lock_in_a_folder_where_nobody_works_is_dropped(tmp_path):
    lock = tmp_path / "data" / "postmaster.pid"
    lock.parent.mkdir()
    lock.write_text(f"{os.getpid()}\n")  # a stranger has the pid now
    command = launched(tmp_path, command=["/bin/true"], database=str(lock.parent))
    subprocess.run(command, check=True)
    assert not lock.exists()


def test_a_lock_in_a_folder_where_somebody_works_stays(tmp_path):
    lock = tmp_path / "data" / "postmaster.pid"
    lock.parent.mkdir()
    lock.write_text("4194304\n")
    with subprocess.Popen(SLEEP, cwd=lock.parent) as worker:
        command = launched(tmp_path, command=["/bin/true"], database=str(lock.parent))
        subprocess.run(command, check=True)
        worker.kill()
    assert lock.exists()
