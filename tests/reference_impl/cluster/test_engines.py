"""Real PostgreSQL and Valkey: as root and as an ordinary user, in awkward places, after crashes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from reference_impl.cluster import binaries, lifecycle, quarters
from reference_impl.cluster.home import Home
from reference_impl.cluster.postgres import Postgres
from reference_impl.cluster.supervision import SUPERVISOR
from reference_impl.cluster.unprivileged import NOBODY, How, command_as, how_here, reaches

pytestmark = pytest.mark.verify
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


def note(url, text):
    """Write a row to a database and return all that were written."""
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS notes (text text)")
        connection.execute("INSERT INTO notes VALUES (%s)", [text])
        return [row[0] for row in connection.execute("SELECT text FROM notes")]


def test_what_was_written_is_there_after_down_and_up(up_engines, home):
    first = up_engines()
    note(first.settings.user_databases[0], "one")
    redis.Redis.from_url(first.settings.session_store).set("session", "7")
    redis.Redis.from_url(first.settings.timeline_stores[0]).set("timeline", "7")
    lifecycle.down(home)

    second = up_engines()
    assert note(second.settings.user_databases[0], "two") == ["one", "two"]
    assert redis.Redis.from_url(second.settings.session_store).get("session") == b"7"
    assert redis.Redis.from_url(second.settings.timeline_stores[0]).get("timeline") is None


def test_no_engine_listens_on_tcp(up_engines, home, processes_of):
    up_engines()
    family = processes_of(home)
    assert family
    for process in family:
        with suppress(psutil.NoSuchProcess):  # a database's worker that has ended meanwhile
            assert process.net_connections("tcp") == []


def test_a_home_may_be_deep_and_strangely_named(up_engines, tmp_path):
    deep = tmp_path / ("deep" * 40) / "100 % of 'it' is, well; strange" / "home"
    try:
        cluster = up_engines(home=deep)
        assert len(str(deep)) > 200
        assert note(cluster.settings.post_databases[0], "deep") == ["deep"]
    finally:
        lifecycle.down(deep)


def test_nothing_survives_a_killed_supervisor_and_committed_rows_do(
    up_engines, home, processes_of, wait_until
):
    first = up_engines()
    note(first.settings.user_databases[0], "one")
    first.identity_of(SUPERVISOR).send(signal.SIGKILL)
    wait_until(lambda: processes_of(home) == [], within_s=5)
    second = up_engines()
    assert note(second.settings.user_databases[0], "two") == ["one", "two"]


@pytest.mark.parametrize("name", ["user_db-1", "broker-1"])
def test_a_killed_engine_is_started_again_and_ready_again(up_engines, wait_until, name):
    cluster = up_engines()
    before = cluster.identity_of(name)
    before.send(signal.SIGKILL)
    wait_until(lambda: cluster.identity_of(name) != before)
    cluster.wait_ready(20)


def test_a_database_starts_although_a_stranger_has_the_pid_in_its_lock(
    up_engines, home, wait_until, processes_of
):
    cluster = up_engines()
    cluster.identity_of(SUPERVISOR).send(signal.SIGKILL)
    wait_until(lambda: processes_of(home) == [], within_s=5)
    lock = next(home.glob("data/*/user_db-1")) / "postmaster.pid"
    with subprocess.Popen(["sleep", "60"]) as stranger:
        lock.write_text(f"{stranger.pid}\n{lock.parent}\n0\n5432\n\n\n")
        again = up_engines()
        assert note(again.settings.user_databases[0], "one") == ["one"]
        stranger.kill()


BRING_UP = """
import json, os, sys
from pathlib import Path
from model.world.scenario_files import load_scenario
from reference_impl.cluster import lifecycle
scenario, home = map(Path, sys.argv[1:])
small = ["fleet.user_store.shards=1", "fleet.post_store.shards=1", "fleet.timeline_store.shards=1"]
cluster = lifecycle.up(
    load_scenario(scenario, small), home, server_timing=True, cpus=None,
    report=lambda text: print(text, file=sys.stderr), environ={}, services=False,
)
cluster.wait_ready(10)
count = lifecycle.down(home)
print(json.dumps({"uid": os.geteuid(), "stopped": count}))
"""


def test_an_ordinary_user_can_do_all_of_it(ordinary_user):
    python, who, folder = ordinary_user
    scenario = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
    done = subprocess.run(
        [*python, "-c", BRING_UP, str(scenario), f"{folder}/home"],
        capture_output=True, text=True, check=False, cwd=folder, **who,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["stopped"] == 5
    assert told["uid"] != 0


@pytest.fixture
def place_elsewhere(monkeypatch):
    """Where data go that cannot be in the home folder; removed with all that is in it."""
    with tempfile.TemporaryDirectory(prefix="feedtwin-test-") as folder:
        Path(folder).chmod(0o711)
        monkeypatch.setattr(quarters, "PERSISTENT_TEMPORARY", Path(folder))
        yield Path(folder)


@only_root
@pytest.mark.parametrize("how", [How.NAMESPACE, How.NOBODY])
def test_databases_of_root_run_as_nobody(place_elsewhere, up_engines, monkeypatch, how):
    if how is How.NAMESPACE and how_here() is not how:
        pytest.skip("this machine allows no user namespaces")
    monkeypatch.setattr(quarters, "how_here", lambda: how)
    cluster = up_engines()
    pid = cluster.identity_of("user_db-1").pid
    assert psutil.Process(pid).uids().real == (NOBODY if how is How.NOBODY else 0)
    assert note(cluster.settings.user_databases[0], "one") == ["one"]


@only_root
def test_databases_that_nobody_could_reach_live_elsewhere_and_stay_there(
    place_elsewhere, up_engines, home, monkeypatch, tmp_path
):
    """`tmp_path` is closed to everybody but root, as a checkout below /root would be."""
    monkeypatch.setattr(quarters, "how_here", lambda: How.NOBODY)
    assert not reaches(How.NOBODY, tmp_path)
    heard: list[str] = []
    first = up_engines(report=heard.append)
    assert any(str(place_elsewhere) in text for text in heard)
    note(first.settings.user_databases[0], "one")
    lifecycle.down(home)
    second = up_engines()
    assert note(second.settings.user_databases[0], "two") == ["one", "two"]


@only_root
def test_programs_that_nobody_could_reach_are_copied(tmp_path, monkeypatch):
    """The copy finds the libraries that the wheel keeps beside its package."""
    with tempfile.TemporaryDirectory(prefix="feedtwin-test-") as elsewhere:
        Path(elsewhere).chmod(0o711)
        place = Home(folder=tmp_path / "home")
        place.create()
        (place.folder / "elsewhere").write_text(elsewhere)
        sockets = tmp_path / "sockets"
        sockets.mkdir()
        original = binaries.postgres_folder()
        monkeypatch.setattr(
            quarters, "reaches", lambda how, folder: folder not in {original, place.data}
        )
        databases = quarters.settle(place, "small", sockets, print, How.NOBODY)
        assert isinstance(databases, Postgres)
        assert databases.binaries.is_relative_to(elsewhere)
        version = command_as(How.NOBODY, [str(databases.binaries / "postgres"), "--version"])
        assert "PostgreSQL" in subprocess.check_output(version, text=True)
