"""One cluster of stub services to be scaled, and a look at it from every side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from model.world.scenario import Instances
from reference_impl.cluster import addresses, lifecycle
from reference_impl.cluster.supervision import Supervisor


class Sight:
    """What can be seen of the timelines of a cluster: who is said to be there, and who is."""

    def __init__(self, home):
        self._home = home

    def cluster(self):
        cluster = lifecycle.running(self._home)
        assert cluster is not None
        return cluster

    def names(self, members, station="timeline"):
        return [member.name for member in members if member.station == station]

    def members(self):
        return self.names(self.cluster().members)

    def book(self):
        book = json.loads(Path(self.cluster().settings.addresses).read_text())
        return [Path(entry["url"]).stem for entry in book["timeline"]]

    def supervised(self):
        supervisor = Supervisor(self.cluster().supervisor_socket)
        told: Any = supervisor._rpc.supervisor.getAllProcessInfo()
        return [known["name"] for known in told if known["name"].startswith("timeline-")]

    def assert_is(self, cluster):
        assert self.cluster() == cluster
        assert self.supervised() == self.book() == self.names(cluster.members)
        assert not any(cluster.why_not_ready(member) for member in cluster.members)


@pytest.fixture(scope="package")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("scaled")


@pytest.fixture(scope="package")
def scenario_of_two(scenario):
    two = Instances(instances=2)
    fleet = scenario.fleet.model_copy(update={"timeline": two, "gateway": two})
    return scenario.model_copy(update={"fleet": fleet})


@pytest.fixture(scope="package")
def shared(home, start_stubs, scenario_of_two):
    yield start_stubs(home, scenario=scenario_of_two)
    lifecycle.down(home)


@pytest.fixture
def sight(home):
    return Sight(home)


@pytest.fixture
def before(shared, sight, scale, monkeypatch):
    """The cluster that these tests share, as it was at first: two timelines and two gateways."""
    monkeypatch.setattr(addresses, "wait_until_read_again", lambda: None)
    yield shared
    monkeypatch.setattr(addresses, "wait_until_read_again", lambda: None)
    for service in ("timeline", "gateway", "user", "fanout"):
        left, count = sight.cluster(), len(sight.names(shared.members, service))
        if left.uncalled or len(sight.names(left.members, service)) != count:
            scale(service, count)
