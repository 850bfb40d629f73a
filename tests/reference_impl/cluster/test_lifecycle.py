"""Stub services on real engines: what starts, what is refused, and what is left behind."""

from __future__ import annotations

import json
import os
import signal
import stat
import urllib.request
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from model.world.scenario import Policy
from reference_impl.cluster import clusters, lifecycle
from reference_impl.cluster.errors import NotReady, Refused
from reference_impl.cluster.home import Home
from reference_impl.cluster.identities import birth_of
from reference_impl.cluster.supervision import SUPERVISOR


def pids_of(cluster):
    return {process.name: process.pid for process in cluster.processes()}


def test_what_is_up_answers_is_known_and_goes_down_without_a_trace(up, home, processes_of):
    cluster = up()
    assert lifecycle.running(home) == cluster
    assert all(process.running for process in cluster.processes())
    assert len(cluster.gateway_urls) == 2
    for url in cluster.gateway_urls:
        assert urllib.request.urlopen(f"{url}/readyz").status == 200

    assert lifecycle.down(home) == len(cluster.members)
    assert lifecycle.running(home) is None
    assert processes_of(home) == []
    assert not cluster.sockets.exists()
    kept = {path.name for path in home.iterdir()}
    assert kept == {"data", "objects", "logs", "lock", "secret"}


def test_down_twice_is_fine_and_so_is_down_where_nothing_ever_was(up, home, tmp_path):
    up()
    assert lifecycle.down(home) > 0
    assert lifecycle.down(home) == 0
    assert lifecycle.down(tmp_path / "nowhere") == 0
    assert not (tmp_path / "nowhere").exists()


def test_the_supervisor_is_in_a_session_of_its_own_and_keeps_no_file_of_its_caller(up, tmp_path):
    with (tmp_path / "callers.lock").open("w") as held:
        os.set_inheritable(held.fileno(), True)
        cluster = up()
    supervisor = psutil.Process(cluster.identity_of(SUPERVISOR).pid)
    open_files = {file.path for file in supervisor.open_files()}
    assert str(tmp_path / "callers.lock") not in open_files
    assert os.getsid(supervisor.pid) == supervisor.pid


def test_the_state_tells_programs_what_runs_and_keeps_the_secret(up, home):
    cluster = up()
    text = (home / "cluster.json").read_text()
    assert {process["name"] for process in json.loads(text)["processes"]} == set(pids_of(cluster))
    assert cluster.settings.secret
    assert cluster.settings.secret not in text
    secretive = [home / "secret", *(home / "orders").iterdir(), home / "orders"]
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in secretive)


def test_the_same_again_is_no_news(up, scenario):
    first = up()
    heard: list[str] = []
    second = up(scenario.at_rate(500.0), report=heard.append)
    assert pids_of(second) == pids_of(first)
    assert any("already up" in text for text in heard)


def test_another_scenario_is_refused_unless_it_is_to_replace(up, scenario):
    first = up()
    pids = pids_of(first)
    other = scenario.model_copy(update={"policy": Policy(influencer_followers_min=7)})
    with pytest.raises(Refused, match=r"'small', differing in policy"):
        up(other)
    assert first.is_alive()
    second = up(other, replace=True)
    assert second.settings.influencer_followers_min == 7
    assert set(pids_of(second).values()).isdisjoint(pids.values())


def test_everything_runs_on_the_given_cpus_only(up):
    cluster = up(cpus={0})
    pids = [*pids_of(cluster).values(), cluster.identity_of(SUPERVISOR).pid]
    assert all(psutil.Process(pid).cpu_affinity() == [0] for pid in pids)


def test_a_service_that_dies_is_started_again_under_its_name(up, wait_until):
    cluster = up()
    before = pids_of(cluster)["media-1"]
    cluster.identity_of("media-1").send(signal.SIGKILL)
    wait_until(lambda: pids_of(cluster)["media-1"] != before)
    cluster.wait_ready(10)
    assert all(process.running for process in cluster.processes())


def test_a_service_that_keeps_ending_is_named_with_the_end_of_its_log(
    up, home, stub_services, processes_of, monkeypatch
):
    monkeypatch.setattr(clusters, "STARTS_MAX", 1)
    stub_services("post-1")
    with pytest.raises(NotReady, match=r"(?s)post-1 keeps ending.*what a bad day"):
        up()
    assert processes_of(home) == []
    assert lifecycle.running(home) is None


def test_a_service_that_is_not_ready_in_time_is_named_with_its_reason(up):
    cluster = up()
    (cluster.sockets / "timeline-1.sock.refuse").touch()
    with pytest.raises(NotReady, match="timeline-1 is not ready: 503 the moon is wrong"):
        cluster.wait_ready(0)


def test_a_store_elsewhere_that_does_not_answer_is_named_before_anything_starts(up, stores):
    stores["FEEDTWIN_BROKER"] = "unix:///nowhere/broker.sock"
    with pytest.raises(NotReady, match="external store does not answer"):
        up(environ=stores)


def test_a_failure_before_anything_started_leaves_no_sockets_folder(up, home, monkeypatch):
    def no_plan(_scenario, sockets, *_, **__):
        raise NotReady(str(sockets))

    monkeypatch.setattr(lifecycle, "plan_of", no_plan)
    with pytest.raises(NotReady) as failure:
        up()
    assert not Path(str(failure.value)).exists()


def test_no_process_outlives_a_killed_supervisor_and_up_works_again(
    up, home, processes_of, wait_until
):
    first = up()
    first.identity_of(SUPERVISOR).send(signal.SIGKILL)
    wait_until(lambda: processes_of(home) == [], within_s=5)
    assert lifecycle.running(home) is None
    second = up()
    assert all(process.running for process in second.processes())
    assert not first.sockets.exists()


def test_a_stranger_with_a_recorded_pid_is_left_alone(up, home, wait_until, processes_of):
    cluster = up()
    cluster.identity_of(SUPERVISOR).send(signal.SIGKILL)
    wait_until(lambda: processes_of(home) == [], within_s=5)
    stranger = psutil.Popen(["sleep", "60"])
    path = Home(folder=home).identity_of("user-1")
    forged = replace(cluster.identity_of("user-1"), pid=stranger.pid)
    path.write_text(json.dumps({"pid": forged.pid, "birth": forged.birth}))

    lifecycle.down(home)

    assert stranger.is_running()
    assert birth_of(stranger.pid)
    stranger.kill()
    stranger.wait()


@pytest.mark.verify
def test_an_up_that_was_killed_half_way_is_cleared_by_the_next(up, home):
    first = up()
    pids = pids_of(first)
    state = json.loads((home / "cluster.json").read_text())
    (home / "cluster.json").write_text(json.dumps(state | {"stage": "starting"}))
    assert lifecycle.running(home) is None
    second = up()
    assert set(pids_of(second).values()).isdisjoint(pids.values())
    assert not first.sockets.exists()


@pytest.mark.verify
def test_a_lost_state_file_does_not_hide_what_runs(up, home, processes_of):
    up()
    (home / "cluster.json").unlink()
    assert lifecycle.down(home) > 0
    assert processes_of(home) == []


@pytest.mark.verify
def test_two_homes_live_side_by_side(up, home, tmp_path, processes_of):
    one, other_home = up(), tmp_path / "other"
    try:
        other = up(home=other_home)
        assert set(one.gateway_urls).isdisjoint(other.gateway_urls)
        assert lifecycle.down(home) == len(one.members)
        assert all(process.running for process in other.processes())
    finally:
        lifecycle.down(other_home)
    assert processes_of(other_home) == []


def test_a_home_that_is_being_started_cannot_be_taken_down(up, home):
    with Home(folder=home).locked():
        with pytest.raises(Refused, match="being started or stopped"):
            up()
        with pytest.raises(Refused, match="being started or stopped"):
            lifecycle.down(home)
