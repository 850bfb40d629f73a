"""What every test may ask for."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from model.world.scenario import Endpoint, People, Scenario, Traffic
from reference_impl.chassis.settings import Settings
from reference_impl.cluster.clusters import Cluster
from reference_impl.cluster.lifecycle import down, up
from reference_impl.cluster.unprivileged import How, command_as, how_here

ORDINARY_UID = 65533


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """Real stores of a fleet with two shards of everything, schemas applied, and no services."""

    cluster: Cluster

    @property
    def settings(self) -> Settings:
        """Where everything is; `dataclasses.replace` it to configure a service."""
        return self.cluster.settings

    @property
    def user_databases(self) -> tuple[str, ...]:
        return self.settings.user_databases

    @property
    def post_databases(self) -> tuple[str, ...]:
        return self.settings.post_databases

    @property
    def timeline_stores(self) -> tuple[str, ...]:
        return self.settings.timeline_stores

    @property
    def broker(self) -> str:
        return self.settings.broker

    @property
    def session_store(self) -> str:
        return self.settings.session_store


@pytest.fixture(scope="session")
def engines(tmp_path_factory):
    """Real engines, shared by all tests of a run: leave in them what disturbs no other test."""
    home = tmp_path_factory.mktemp("feedtwin")
    people = People.model_validate({"users": 2000, "followers": {"mean": 12, "max": 1000}})
    traffic = Traffic.model_validate({"rate": "10/s", "mix": {Endpoint.NEWSFEED: "100 %"}})
    scenario = Scenario(name="engines-for-tests", people=people, traffic=traffic)
    try:
        yield Engines(
            cluster=up(
                scenario,
                home,
                server_timing=True,
                cpus=None,
                report=print,
                environ={},
                services=False,
            )
        )
    finally:
        down(home)


@pytest.fixture
def sockets():
    """A folder for unix sockets, whose paths must be short."""
    with tempfile.TemporaryDirectory(prefix="s-") as folder:
        yield Path(folder)


@asynccontextmanager
async def served_on(path, app):
    """Serve on a unix socket, an address that nobody else takes; yield a client of it."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.UnixSite(runner, str(path)).start()
        connector = aiohttp.UnixConnector(str(path))
        async with aiohttp.ClientSession("http://localhost", connector=connector) as client:
            yield client
    finally:
        await runner.cleanup()


@pytest.fixture
def serving_on():
    return served_on


@pytest.fixture
def ordinary_user():
    """How to run Python as somebody who is not root, and a folder that this somebody owns."""
    with tempfile.TemporaryDirectory(prefix="feedtwin-test-") as folder:
        python = [sys.executable, "-P"]
        if os.geteuid() != 0:
            yield python, {}, folder
        elif _can_use_this_checkout(ORDINARY_UID):
            os.chown(folder, ORDINARY_UID, ORDINARY_UID)
            who = {"user": ORDINARY_UID, "group": ORDINARY_UID, "extra_groups": []}
            yield python, who, folder
        elif how_here() is How.NAMESPACE:
            # Without any privilege, but files that only root may read stay within reach.
            yield command_as(How.NAMESPACE, python), {}, folder
        else:
            reason = f"{sys.executable} or the checkout cannot be read by any ordinary user"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)


def _can_use_this_checkout(uid):
    probe = [sys.executable, "-P", "-c", "import reference_impl, psycopg"]
    who = {"user": uid, "group": uid, "extra_groups": []}
    try:
        return (
            subprocess.run(probe, check=False, capture_output=True, cwd="/", **who).returncode == 0
        )
    except PermissionError:
        return False
