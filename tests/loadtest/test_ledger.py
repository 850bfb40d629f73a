"""What processes have worked is read from outside, and none of it is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import pytest

from loadtest import clocks
from loadtest.ledger import Ledger

BURN = """
import time
def burn(s):
    until = time.process_time() + s
    while time.process_time() < until:
        sum(range(1000))
"""
ONE_PROCESS = """
input(); burn(0.5); print('done', flush=True); input()
"""
THREADS_THAT_END = """
import threading
input()
threads = [threading.Thread(target=sum, args=(range(4_000_000),)) for _ in range(4)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]
print(time.process_time(), flush=True); input()
"""
CHILDREN_THAT_END = """
import os
input()
for _ in range(3):
    pid = os.fork()
    if pid == 0:
        burn(0.2)
        os._exit(0)
    os.waitpid(pid, 0)
print('done', flush=True); input()
"""
CHILD_THAT_LIVES = """
import os
input()
told, tell = os.pipe()
if os.fork() == 0:
    burn(0.4)
    os.write(tell, b'.')
    time.sleep(60)
os.read(told, 1)
print('done', flush=True); input()
burn(0.3); print('done', flush=True); input()
"""


@contextmanager
def worker(script):
    """Start a process that begins at `go()` and returns from it with what it printed."""
    with subprocess.Popen(
        [sys.executable, "-c", BURN + script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        stdin, stdout = process.stdin, process.stdout
        assert stdin
        assert stdout

        def go():
            stdin.write("\n")
            stdin.flush()
            return stdout.readline().strip()

        yield SimpleNamespace(name="worker-1", station="worker", pid=process.pid, go=go)
        os.killpg(process.pid, signal.SIGKILL)


def worked_s(ledger):
    return ledger.readings[-1].cpu_s - ledger.readings[0].cpu_s


@pytest.mark.parametrize(
    ("script", "burnt_s"), [(ONE_PROCESS, 0.5), (CHILDREN_THAT_END, 0.6), (CHILD_THAT_LIVES, 0.4)]
)
def test_the_work_of_a_process_and_its_children_is_read_within_a_twentieth(script, burnt_s):
    with worker(script) as process:
        ledger = Ledger([process], cores=[0])
        ledger.read()
        process.go()
        ledger.read()
        assert worked_s(ledger) == pytest.approx(burnt_s, rel=0.05, abs=0.02)


def test_threads_that_have_ended_are_counted():
    with worker(THREADS_THAT_END) as process:
        used_s = float(process.go())
        assert clocks.cpu_s_of(process.pid) == pytest.approx(used_s, rel=0.05)


def test_children_that_end_between_readings_stay_counted_without_an_account_of_the_reaped(
    monkeypatch,
):
    kept = clocks.families

    def families():  # as on macOS
        return {pid: replace(kin, reaped_cpu_s=0.0) for pid, kin in kept().items()}

    monkeypatch.setattr(clocks, "families", families)
    with worker(CHILD_THAT_LIVES) as process:
        ledger = Ledger([process], cores=[0])
        ledger.read()
        process.go()
        ledger.read()
        alive_s = worked_s(ledger)
        [child] = [pid for pid, kin in families().items() if kin.parent == process.pid]
        os.kill(child, signal.SIGKILL)
        ledger.read()
        process.go()
        ledger.read()
        assert worked_s(ledger) == pytest.approx(alive_s + 0.3, abs=0.05)


def test_a_process_that_ended_keeps_its_last_reading_and_is_told_of():
    with worker(ONE_PROCESS) as process:
        ledger = Ledger([process], cores=[0])
        process.go()
        ledger.read()
        assert ledger.lost() == []
        os.killpg(process.pid, signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert ledger.lost() == ["worker-1"]
    ledger.read()
    assert ledger.lost() == ["worker-1"]
    assert ledger.readings[-1].cpu_s >= ledger.readings[0].cpu_s > 0.4


def test_work_that_is_not_ours_shows_as_the_difference(monkeypatch):
    [core] = list(os.sched_getaffinity(0))[:1]
    with worker(ONE_PROCESS) as ours, worker(ONE_PROCESS) as stranger:
        for process in (ours, stranger):
            os.sched_setaffinity(process.pid, {core})
        ledger = Ledger([ours], cores=[core])
        ledger.read()
        ours.go()
        stranger.go()
        ledger.read()
    first, last = ledger.core_readings
    foreign_s = (last.busy_s - first.busy_s) - (last.ours_s - first.ours_s)
    # Others may use this core too, so that only the lower bound is known.
    assert foreign_s > 0.4


def test_what_psutil_says_of_families_is_what_proc_says(monkeypatch):
    with worker(CHILDREN_THAT_END) as process:
        process.go()
        direct = clocks.families()[process.pid]
        monkeypatch.setattr(clocks, "LINUX", False)
        by_psutil = clocks.families()[process.pid]
    assert by_psutil.reaped_cpu_s == pytest.approx(direct.reaped_cpu_s)
    assert by_psutil.parent == direct.parent == os.getpid()
    assert direct.reaped_cpu_s == pytest.approx(0.6, rel=0.05, abs=0.05)


def test_what_psutil_says_stands_in_where_there_is_no_clock(monkeypatch):
    monkeypatch.setattr(clocks, "LINUX", False)
    with worker(ONE_PROCESS) as process:
        process.go()
        assert clocks.cpu_s_of(process.pid) == pytest.approx(0.5, abs=0.1)
    assert clocks.cpu_s_of(process.pid) is None


def test_a_process_that_is_gone_has_no_clock():
    with worker(ONE_PROCESS) as process:
        pass
    assert clocks.cpu_s_of(process.pid) is None
