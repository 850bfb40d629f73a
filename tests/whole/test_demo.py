"""The demo as people start it: as root and not, deep down, side by side, interrupted, crashed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

pytestmark = [pytest.mark.verify, pytest.mark.timeout(600)]

DEMO = [str(Path(sys.executable).parent / "feedtwin"), "demo", "--quick"]
DEMO_WITHIN_S = 400
STOPPED_WITHIN_S = 30


def started_in(folder, command=DEMO, **options):
    """Start the demo in a folder of its own, as make does."""
    folder.mkdir(parents=True, exist_ok=True)
    return subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # so that a Ctrl-C reaches it and not the tests
        **options,
    )


def processes_of(folder):
    """Return the processes that were started for this folder and still run."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "environ", "status"]):
        if process.info["status"] == psutil.STATUS_ZOMBIE:
            continue
        told = " ".join(
            [*(process.info["cmdline"] or []), *(process.info["environ"] or {}).values()]
        )
        if str(folder) in told and process.pid != os.getpid():
            found.append((process.pid, process.info["cmdline"]))
    return found


def leaves_nothing_running(folder, within_s=STOPPED_WITHIN_S):
    deadline_s = time.monotonic() + within_s
    while left := processes_of(folder):
        if time.monotonic() > deadline_s:
            raise AssertionError(f"still running: {left}")
        time.sleep(0.2)
    return True


def wait_until_up(folder):
    """Return when the demo's services are up: its load can begin."""
    state = folder / ".feedtwin" / "demo" / "cluster.json"
    deadline_s = time.monotonic() + 120
    while not (state.exists() and '"stage": "up"' in state.read_text()):
        assert time.monotonic() < deadline_s, "the services did not come up"
        time.sleep(0.1)


def finished(process):
    out, err = process.communicate(timeout=DEMO_WITHIN_S)
    assert process.returncode == 0, f"{out}\n{err}"
    return out, err


def test_twice_in_a_row_from_a_deep_folder_leaves_two_reports_and_nothing_running(tmp_path):
    folder = tmp_path.joinpath(*["deep-below-many-other-folders"] * 7)
    assert len(str(folder)) > 200
    for _ in range(2):
        out, err = finished(started_in(folder))
        assert "report:" in err
        assert "newsfeed" in out or "Inconclusive" in out
        assert leaves_nothing_running(folder)
    assert len(list(folder.glob("runs/*-demo/report.html"))) == 2


def test_an_interrupt_leaves_nothing_running(tmp_path):
    process = started_in(tmp_path)
    wait_until_up(tmp_path)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert leaves_nothing_running(tmp_path)


def test_after_a_crash_the_next_one_cleans_up_and_works(tmp_path):
    process = started_in(tmp_path)
    wait_until_up(tmp_path)
    process.kill()
    process.communicate(timeout=60)
    assert processes_of(tmp_path), "the crash was to leave something to clean up"
    finished(started_in(tmp_path))
    assert leaves_nothing_running(tmp_path)


def test_two_side_by_side_do_not_meet(tmp_path):
    processes = [started_in(tmp_path / name) for name in ("one", "other")]
    for process in processes:
        finished(process)
    assert leaves_nothing_running(tmp_path)


def test_an_ordinary_user_needs_no_more_than_root(ordinary_user):
    python, who, folder = ordinary_user
    environment = {**os.environ, "HOME": folder, "MPLCONFIGDIR": folder}
    command = [*python, "-c", "import feedtwin; feedtwin.main()", "demo", "--quick"]
    finished(started_in(Path(folder), command, env=environment, **who))
    assert leaves_nothing_running(Path(folder))
