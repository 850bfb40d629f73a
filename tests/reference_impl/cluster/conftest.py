"""A home of one's own, stub services, and a look for what was left behind."""

from __future__ import annotations

import dataclasses
import os
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from model.world.scenario import Endpoint, Fleet, People, Scenario, Traffic
from reference_impl.chassis.settings import PREFIX
from reference_impl.cluster import lifecycle, members, scaling

STUBS = Path(__file__).parent / "stubs"
OPTIONS: dict[str, Any] = {"server_timing": True, "cpus": None, "report": print}
EXTERNAL = {"user_databases", "post_databases", "timeline_stores", "broker", "session_store"}


def scenario_of(shards, **more):
    store = {"shards": shards}
    one = {"instances": 1}
    fleet = {"user_store": store, "post_store": store, "timeline_store": store, "timeline": one}
    fleet |= more
    people = People.model_validate({"users": 2000, "followers": {"mean": 12, "max": 1000}})
    traffic = Traffic.model_validate({"rate": "10/s", "mix": {Endpoint.NEWSFEED: "100 %"}})
    return Scenario(name="small", people=people, traffic=traffic, fleet=Fleet.model_validate(fleet))


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
def home(tmp_path):
    """A home folder in which nothing runs afterwards, whatever the test did."""
    folder = tmp_path / "home"
    yield folder
    lifecycle.down(folder)
    assert processes_of(folder) == []


@pytest.fixture(scope="session")
def scenario():
    """One with as many shards as the session's engines."""
    return scenario_of(shards=2)


@pytest.fixture(scope="session")
def stores(engines):
    """The session's real engines, as the environment that names external stores."""
    settings = engines.settings
    told = {name: getattr(settings, name) for name in EXTERNAL}
    # A database of its own in the shared broker: clusters publish their policies there.
    told["broker"] += "?db=7"
    environ = dataclasses.replace(type(settings)(), **told).to_environment()
    return {f"{PREFIX}{name.upper()}": environ[f"{PREFIX}{name.upper()}"] for name in EXTERNAL}


@contextmanager
def stubbed(crashing=""):
    """Make stubs of all services that are started inside the block."""
    with pytest.MonkeyPatch.context() as patch:
        for station in members.MODULES:
            patch.setitem(members.MODULES, station, "stub_service")
        patch.setenv("PYTHONPATH", str(STUBS))
        patch.setenv("STUB_CRASHES", crashing)
        yield


@pytest.fixture(scope="session")
def start_stubs(scenario, stores):
    """Bring up stub services on the session's engines; `crashing` names one that ends at once."""

    def start(home, *, scenario=scenario, crashing="", **options):
        with stubbed(crashing):
            return lifecycle.up(scenario, home, **(OPTIONS | {"environ": stores} | options))

    return start


@pytest.fixture
def scale(home):
    """Scale what runs in this test's home, with stub services."""

    def scale_stubs(service, count, home=home, report=print):
        with stubbed():
            return scaling.scale(home, service, count, report)

    return scale_stubs


@pytest.fixture
def up(home, start_stubs):
    """Bring up stub services in this test's home."""
    return lambda **options: start_stubs(**({"home": home} | options))


@pytest.fixture
def up_engines(home):
    """Bring up real engines of its own, one of a kind, and no services."""

    def bring_up(home=home, **options):
        defaults = {"environ": {}, "services": False}
        return lifecycle.up(scenario_of(shards=1), home, **(OPTIONS | defaults | options))

    return bring_up
