"""More and fewer instances of stub services: who runs, who is called, who knows of it."""

from __future__ import annotations

import json
import signal

import pytest

from model.world.scenario import Instances
from reference_impl.cluster import addresses, lifecycle
from reference_impl.cluster.clusters import Cluster
from reference_impl.cluster.errors import Refused
from reference_impl.cluster.supervision import Supervisor


def test_those_that_come_run_and_are_called(before, scale, sight):
    scaled = scale("timeline", 4)
    assert scaled == sight.cluster()
    assert sight.names(scaled.called) == [f"timeline-{number}" for number in (1, 2, 3, 4)]
    assert sight.book() == sight.names(scaled.called)
    told = scaled.settings.timeline_urls
    assert told == tuple(m.address for m in scaled.called if m.station == "timeline")
    scaled.wait_ready(0)


def test_those_that_come_are_told_what_the_others_are(before, scale):
    folder = scale("timeline", 3).home
    told = [json.loads(folder.order_of(f"timeline-{number}").read_text()) for number in (2, 3)]
    for order in told:
        for own in ("FEEDTWIN_INSTANCE", "FEEDTWIN_LISTEN", "FEEDTWIN_TIMELINE_URLS"):
            del order["environment"][own]
    assert told[0]["environment"] == told[1]["environment"]


def test_those_that_go_are_the_last_and_leave_only_their_logs(before, scale, sight):
    identity = before.identity_of("timeline-2")
    after = scale("timeline", 1)
    assert not identity.is_alive()
    assert sight.names(after.members) == sight.book() == sight.supervised() == ["timeline-1"]
    folders = (after.sockets, after.home.orders, after.home.identities, after.home.logs)
    left = [path.name for folder in folders for path in folder.glob("timeline-2*")]
    assert left == ["timeline-2.log"]


def test_gateways_that_come_and_go_are_told_to_whoever_sends_load(before, scale):
    assert set(before.gateway_urls) < set(scale("gateway", 3).gateway_urls)
    fewer = scale("gateway", 1)
    assert fewer.gateway_urls == before.gateway_urls[:1]
    assert json.loads(fewer.home.state.read_text())["gateway_urls"] == list(fewer.gateway_urls)


def test_workers_are_scaled_likewise(before, scale, sight):
    scaled = scale("fanout", 2)
    assert sight.names(scaled.members, "fanout") == ["fanout-1", "fanout-2"]
    scaled.wait_ready(0)


def test_as_many_as_there_are_changes_nothing(before, scale):
    assert scale("timeline", 2) == before


def test_one_that_came_is_started_again_when_it_dies(before, scale, wait_until):
    scaled = scale("timeline", 3)
    first = scaled.identity_of("timeline-3")
    first.send(signal.SIGKILL)
    wait_until(lambda: scaled.identity_of("timeline-3") != first)
    scaled.wait_ready(10)


def test_it_is_another_cluster_by_then(before, scale, home, start_stubs, scenario_of_two):
    scaled = scale("timeline", 3)
    with pytest.raises(Refused, match="differing in fleet"):
        start_stubs(home, scenario=scenario_of_two)
    fleet = scenario_of_two.fleet.model_copy(update={"timeline": Instances(instances=3)})
    three = scenario_of_two.model_copy(update={"fleet": fleet})
    assert start_stubs(home, scenario=three) == scaled


def test_who_is_not_ready_yet_is_known_and_not_called(before, scale, monkeypatch, sight):
    seen, wait = [], Cluster.wait_until_ready

    def look_and_wait(cluster, members, timeout_s):
        assert sight.names(members) == ["timeline-3"]
        seen.append((sight.cluster(), sight.book(), sight.supervised()))
        wait(cluster, members, timeout_s)

    monkeypatch.setattr(Cluster, "wait_until_ready", look_and_wait)
    scale("timeline", 3)
    [(running, book, programs)] = seen
    assert sight.names(running.members) == programs == ["timeline-1", "timeline-2", "timeline-3"]
    assert sight.names(running.called) == book == ["timeline-1", "timeline-2"]


def test_who_is_to_go_runs_on_until_nobody_calls_any_more(before, scale, monkeypatch, sight):
    seen = []

    def look():
        sight.cluster().wait_ready(0)
        seen.append((sight.cluster(), sight.book()))

    monkeypatch.setattr(addresses, "wait_until_read_again", look)
    scale("timeline", 1)
    [(running, book)] = seen
    assert sight.names(running.members) == ["timeline-1", "timeline-2"]
    assert sight.names(running.called) == book == ["timeline-1"]


def test_nobody_is_sent_to_a_gateway_that_is_to_go(before, scale, monkeypatch, sight):
    seen = []
    monkeypatch.setattr(
        addresses, "wait_until_read_again", lambda: seen.append(sight.cluster().gateway_urls)
    )
    scale("gateway", 1)
    assert seen == [before.gateway_urls[:1]]


def test_who_stops_is_known_until_it_has_ended(before, scale, monkeypatch, sight):
    seen, forget = [], Supervisor.forget

    def look_and_forget(supervisor, names):
        seen.append(sight.members())
        forget(supervisor, names)

    monkeypatch.setattr(Supervisor, "forget", look_and_forget)
    scale("timeline", 1)
    assert seen == [["timeline-1", "timeline-2"]]


@pytest.mark.verify
def test_a_scaled_cluster_of_two_zones_deals_over_them_and_goes_down_wholly(
    tmp_path, start_stubs, scale, scenario, processes_of
):
    place = tmp_path / "zones"
    fleet = scenario.fleet.model_copy(update={"zones": 2})
    try:
        start_stubs(place, scenario=scenario.model_copy(update={"fleet": fleet}))
        scaled = scale("user", 4, home=place)
        zones = [member.zone for member in scaled.members if member.station == "user"]
        assert zones == ["zone-1", "zone-2"] * 2
    finally:
        stopped = lifecycle.down(place)
    assert stopped == len(scaled.members)
    assert processes_of(place) == []
