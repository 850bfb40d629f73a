"""What goes up comes down again, and a failure leaves nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from model.world.scenario import Policy
from reference_impl.chassis.policies import default_policy
from reference_impl.cluster import clusters, lifecycle
from reference_impl.cluster.errors import NotReady, Refused
from reference_impl.cluster.feed_policy import set_policy


def test_what_goes_down_leaves_only_what_is_to_be_kept(up, home, processes_of):
    cluster = up()
    assert lifecycle.down(home) == len(cluster.members)
    assert lifecycle.running(home) is None
    assert processes_of(home) == []
    assert not cluster.sockets.exists()
    kept = {"data", "objects", "caches", "logs", "lock", "secret"}
    assert {path.name for path in home.iterdir()} == kept
    assert lifecycle.down(home) == 0


def test_down_where_nothing_ever_was_makes_nothing(tmp_path):
    assert lifecycle.down(tmp_path / "nowhere") == 0
    assert not (tmp_path / "nowhere").exists()


def test_a_service_that_keeps_ending_is_named_with_the_end_of_its_log(
    up, home, processes_of, monkeypatch
):
    monkeypatch.setattr(clusters, "STARTS_MAX", 1)
    with pytest.raises(NotReady, match=r"(?s)post-1 keeps ending.*what a bad day"):
        up(crashing="post-1")
    assert processes_of(home) == []
    assert lifecycle.running(home) is None


def test_a_store_elsewhere_that_does_not_answer_is_named_before_anything_starts(up, stores):
    with pytest.raises(NotReady, match="external store does not answer"):
        up(environ=stores | {"FEEDTWIN_BROKER": "unix:///nowhere/broker.sock"})


def test_a_database_elsewhere_that_does_not_answer_is_named_before_anything_starts(up, stores):
    nowhere = "postgresql://nobody@/nothing?host=%2Fnowhere"
    with pytest.raises(NotReady, match="external database does not answer"):
        up(environ=stores | {"FEEDTWIN_USER_DATABASES": f"{nowhere} {nowhere}"})


def test_a_failure_before_anything_started_leaves_no_sockets_folder(up, monkeypatch):
    def no_plan(_scenario, sockets, *_, **__):
        raise NotReady(str(sockets))

    monkeypatch.setattr(lifecycle, "plan_of", no_plan)
    with pytest.raises(NotReady) as failure:
        up()
    assert not Path(str(failure.value)).exists()


def test_a_fresh_start_is_with_the_scenarios_policy_whatever_was_set_before(up, home, scenario):
    set_policy(up().settings, {"strategy": "pull"})
    lifecycle.down(home)
    assert up().policy_now() == scenario.policy.of_feeds


def test_what_another_version_brought_up_goes_down(up, home, processes_of):
    cluster = up()
    state = json.loads(cluster.home.state.read_text())
    for member in state["members"]:
        member["check"] = "in a way of before"
    cluster.home.write_state(state | {"schema_version": 1})
    assert lifecycle.down(home) == len(cluster.members)


def test_data_of_before_are_left_alone_and_named(up, home):
    other = home / "data" / "users-2.posts-2.timelines-2"
    other.mkdir(parents=True)
    heard: list[str] = []
    up(report=heard.append)
    assert f"{other}: of another version of feedtwin, nobody reads it any more" in heard
    assert other.exists()


@pytest.mark.parametrize("cpus", [{4095}, {0, 4095}])
def test_cpus_that_are_not_there_are_refused(up, cpus):
    with pytest.raises(Refused, match=r"cpus must be among \[.*\], got .*4095"):
        up(cpus=cpus)


@pytest.mark.verify
def test_another_scenario_takes_the_place_of_the_first_if_asked_to(up, scenario):
    first = up()
    pids = {process.pid for process in first.processes()}
    other = scenario.model_copy(update={"policy": Policy(influencer_followers_min=7)})
    second = up(scenario=other, replace=True)
    assert default_policy(second.settings.policy).influencer_followers_min == 7
    assert pids.isdisjoint(process.pid for process in second.processes())


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
