"""A home of one's own, stub services, and a look for what was left behind."""

from __future__ import annotations

import dataclasses
import os
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from model.world.scenario import Endpoint, Fleet, People, Scenario, Traffic
from reference_impl.cluster import lifecycle, members

STUBS = Path(__file__).parent / "stubs"
OPTIONS: dict[str, Any] = {"server_timing": True, "cpus": None, "report": print}
EXTERNAL = {"user_databases", "post_databases", "timeline_stores", "broker", "session_store"}


def scenario_of(shards=1, **changes):
    store = {"shards": shards}
    fleet = {"user_store": store, "post_store": store, "timeline_store": store}
    people = People.model_validate({"users": 2000, "followers": {"mean": 12, "max": 1000}})
    traffic = Traffic.model_validate({"rate": "10/s", "mix": {Endpoint.NEWSFEED: "100 %"}})
    scenario = Scenario(
        name="small", people=people, traffic=traffic, fleet=Fleet.model_validate(fleet)
    )
    return scenario.model_copy(update=changes)


@pytest.fixture
def home(tmp_path):
    """A home folder in which nothing runs afterwards, whatever the test did."""
    folder = tmp_path / "home"
    yield folder
    lifecycle.down(folder)
    assert processes_of(folder) == []


def processes_of(home):
    """Every living process that was started for a home: each works in it, or names it."""
    return [process for process in psutil.process_iter() if _belongs_to(process, str(home))]


def _belongs_to(process, home):
    try:
        if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
            return False
        return process.cwd().startswith(home) or home in " ".join(process.cmdline())
    except psutil.Error:
        return False


@pytest.fixture(name="processes_of")
def processes_of_():
    return processes_of


@pytest.fixture
def wait_until():
    """Wait for the state of another process, which sends no event."""

    def wait(condition, within_s=10.0):
        deadline_s = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < deadline_s, f"not within {within_s} s"
            time.sleep(0.02)

    return wait


@pytest.fixture
def stores(engines):
    """The session's real engines, as the environment that names external stores."""
    settings = engines.settings
    only_stores = {
        field.name: getattr(settings, field.name) if field.name in EXTERNAL else field.default
        for field in dataclasses.fields(settings)
    }
    return type(settings)(**only_stores).to_environment()


@pytest.fixture
def stub_services(monkeypatch):
    """Every service is a stub; returns how to make one of them crash."""
    for station in members.MODULES:
        monkeypatch.setitem(members.MODULES, station, "stub_service")
    monkeypatch.setenv("PYTHONPATH", str(STUBS))
    return lambda name: monkeypatch.setenv("STUB_CRASHES", name)


@pytest.fixture
def scenario():
    """One with as many shards as the session's engines."""
    return scenario_of(shards=2)


@pytest.fixture
def tiny_scenario():
    return scenario_of(shards=1)


@pytest.fixture
def up(home, scenario, stores, stub_services):
    """Bring up stub services on the session's engines, in this test's home."""

    def bring_up(scenario=scenario, home=home, **options):
        options = {"environ": stores} | options
        return lifecycle.up(scenario, home, **(OPTIONS | options))

    return bring_up


@pytest.fixture
def up_engines(home, tiny_scenario):
    """Bring up real engines of its own, and no services, in this test's home."""

    def bring_up(scenario=tiny_scenario, home=home, **options):
        options = {"environ": {}, "services": False} | options
        return lifecycle.up(scenario, home, **(OPTIONS | options))

    return bring_up
