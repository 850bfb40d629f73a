"""What one cluster of stub services, shared by these tests, tells about itself."""

from __future__ import annotations

import json
import os
import signal
import stat
import urllib.request
from pathlib import Path

import psutil
import pytest

from model.rules.policy import Strategy
from model.world.scenario import Fleet, Policy
from reference_impl.cluster import lifecycle
from reference_impl.cluster.clusters import cluster_of
from reference_impl.cluster.errors import ClusterError, NotReady, Refused
from reference_impl.cluster.feed_policy import publish_policy, set_policy
from reference_impl.cluster.home import Home
from reference_impl.cluster.members import CALLED
from reference_impl.cluster.supervision import SUPERVISOR


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="module")
def lock_of_caller(home):
    """A file that the caller has open, and would hand on to what it starts."""
    with (home / "callers.lock").open("w") as lock:
        os.set_inheritable(lock.fileno(), True)
        yield lock.name


@pytest.fixture(scope="module")
def cluster(home, start_stubs, lock_of_caller):
    yield start_stubs(home, cpus={0})
    lifecycle.down(home)


@pytest.fixture
def supervisor(cluster):
    return psutil.Process(cluster.identity_of(SUPERVISOR).pid)


def pids_of(cluster):
    return {process.name: process.pid for process in cluster.processes()}


def test_a_running_cluster_is_found_by_its_home(cluster, home):
    assert lifecycle.running(home) == cluster


def test_every_process_runs_and_is_the_one_that_psutil_sees(cluster):
    for process in cluster.processes():
        assert process.running
        assert process.started_s == psutil.Process(process.pid).create_time()


def test_every_gateway_answers_where_it_is_said_to_listen(cluster):
    assert len(cluster.gateway_urls) == 2
    for url in cluster.gateway_urls:
        assert urllib.request.urlopen(f"{url}/readyz").status == 200


def test_the_supervisor_is_in_a_session_of_its_own(supervisor):
    assert os.getsid(supervisor.pid) == supervisor.pid


def test_the_supervisor_keeps_no_file_of_its_caller_open(supervisor, lock_of_caller):
    assert lock_of_caller not in {file.path for file in supervisor.open_files()}


def test_what_the_supervisor_starts_is_born_with_sigint_held_back(supervisor):
    status = Path(f"/proc/{supervisor.pid}/status").read_text()
    blocked = dict(line.split(":\t") for line in status.splitlines() if "Sig" in line)["SigBlk"]
    assert int(blocked, 16) == 1 << (signal.SIGINT - 1)


def test_everything_runs_on_the_given_cpus_only(cluster, supervisor):
    processes = [supervisor, *(psutil.Process(pid) for pid in pids_of(cluster).values())]
    assert all(process.cpu_affinity() == [0] for process in processes)


def test_the_state_tells_programs_what_runs(cluster):
    state = json.loads(cluster.home.state.read_text())
    assert {process["name"] for process in state["processes"]} == set(pids_of(cluster))
    assert state["gateway_urls"] == list(cluster.gateway_urls)


def test_the_secret_is_shown_to_nobody(cluster):
    home = cluster.home
    assert cluster.settings.secret
    assert cluster.settings.secret not in home.state.read_text()
    for path in (home.folder / "secret", home.orders, *home.orders.iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_the_same_again_at_another_rate_is_no_news(cluster, home, start_stubs, scenario):
    heard: list[str] = []
    pids = pids_of(cluster)
    again = start_stubs(home, scenario=scenario.at_rate(500.0), cpus={0}, report=heard.append)
    assert pids_of(again) == pids
    assert heard == [f"already up in {home}"]


def test_the_same_again_leaves_the_policy_that_was_set_meanwhile(
    cluster, home, start_stubs, scenario
):
    set_policy(cluster.settings, {"strategy": "pull"})
    again = start_stubs(home, cpus={0})
    assert again.policy_now().strategy is Strategy.PULL
    publish_policy(cluster.settings, scenario.policy.of_feeds)


def test_another_scenario_is_refused(cluster, home, start_stubs, scenario):
    other = scenario.model_copy(update={"policy": Policy(influencer_followers_min=7)})
    with pytest.raises(Refused, match=r"'small', differing in policy"):
        start_stubs(home, scenario=other, cpus={0})
    assert cluster.is_alive()


def test_a_policy_that_was_set_is_refused_to_who_asks_for_the_first_and_the_other_way_round(
    cluster, scenario
):
    pull = scenario.model_copy(update={"policy": Policy(strategy=Strategy.PULL)})
    lifecycle.refuse_another(cluster, scenario)
    with pytest.raises(Refused, match=r"has strategy=hybrid.*feedtwin policy set strategy=pull"):
        lifecycle.refuse_another(cluster, pull)
    set_policy(cluster.settings, {"strategy": "pull"})
    lifecycle.refuse_another(cluster, pull)
    with pytest.raises(Refused, match=r"has strategy=pull.*feedtwin policy set strategy=hybrid"):
        lifecycle.refuse_another(cluster, scenario)
    publish_policy(cluster.settings, scenario.policy.of_feeds)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"seed": 5}, "another seed"),
        ({"fleet": Fleet(cores=3)}, "another fleet"),
        ({"policy": Policy(page_limit=7)}, "another policy"),
    ],
)
def test_what_is_fixed_is_refused_to_who_asks_for_another(cluster, scenario, changed, words):
    with pytest.raises(Refused, match=f"brought up for {words}: feedtwin up --replace"):
        lifecycle.refuse_another(cluster, scenario.model_copy(update=changed))


def test_the_traffic_comes_and_goes(cluster, scenario):
    lifecycle.refuse_another(cluster, scenario.at_rate(500.0))


def test_the_book_names_every_instance_that_others_call(cluster):
    book = json.loads(Path(cluster.settings.addresses).read_text())
    told = {entry["url"] for entries in book.values() for entry in entries}
    called = {m.called_address for m in cluster.members if m.station in CALLED}
    assert told == called


def test_a_cluster_of_another_version_is_said_to_be_one(cluster, home):
    state = json.loads(cluster.home.state.read_text())
    with pytest.raises(ClusterError, match="another version of feedtwin: feedtwin down"):
        cluster_of(cluster.home, state | {"schema_version": 1})


def test_nobody_starts_or_stops_it_while_somebody_does(cluster, home, start_stubs):
    with Home(folder=home).locked():
        with pytest.raises(Refused, match="being started or stopped"):
            start_stubs(home, cpus={0})
        with pytest.raises(Refused, match="being started or stopped"):
            lifecycle.down(home)


def test_one_that_is_not_ready_in_time_is_named_with_its_reason(cluster):
    refusal = cluster.sockets / "timeline-1.sock.refuse"
    refusal.touch()
    with pytest.raises(NotReady, match="timeline-1 is not ready: 503 the moon is wrong"):
        cluster.wait_ready(0)
    refusal.unlink()
    cluster.wait_ready(0)


def test_one_that_dies_is_started_again_under_its_name(cluster, wait_until):
    before = pids_of(cluster)["media-1"]
    cluster.identity_of("media-1").send(signal.SIGKILL)
    wait_until(lambda: pids_of(cluster)["media-1"] != before)
    cluster.wait_ready(10)
