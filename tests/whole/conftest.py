"""One small cluster for the tests of the whole system, and people who are new to it."""

import itertools
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from persons import Person

from model.world.scenario_files import load_scenario
from reference_impl.cluster import lifecycle

LAPTOP = Path(__file__).parents[2] / "scenarios" / "laptop.toml"
FEW = [
    "policy.influencer_followers_min=4",  # an influencer from four followers on ...
    "policy.influencer_exit_share=0.5",  # ... until there is but one
    "policy.timeline_cap=20",
]
LIMITED = "policy.rate_limits=true"
GONE_WITHIN_S = 10.0
READY_WITHIN_S = 60.0
LETTER = ["policy.timelines_by=post", "policy.follows_kept=follower"]


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    with running(tmp_path_factory.mktemp("whole"), FEW) as cluster:
        yield cluster


@pytest.fixture
def cluster_by_the_letter(tmp_path_factory):
    """Timelines by post id, and pairs kept by follower only: what the design document says."""
    with running(tmp_path_factory.mktemp("letter"), [*FEW, *LETTER]) as cluster:
        yield cluster


@pytest.fixture
def cluster_with_limits(tmp_path_factory):
    """Where nobody may do anything too often."""
    with running(tmp_path_factory.mktemp("limits"), [*FEW, LIMITED]) as cluster:
        yield cluster


@contextmanager
def running(home, overrides):
    try:
        yield lifecycle.up(
            load_scenario(LAPTOP, overrides),
            home,
            server_timing=True,
            cpus=None,
            report=lambda _: None,
            environ={},
        )
    finally:
        lifecycle.down(home)


@pytest.fixture(scope="session")
def gateways(cluster):
    return cluster.gateway_urls


@pytest.fixture(scope="session")
def newcomer(gateways):
    """Return a function that registers somebody new."""
    numbers = itertools.count()
    return lambda: Person(gateways, f"newcomer.{next(numbers)}")


@pytest.fixture(scope="session")
def visitor(cluster):
    """Return a function that registers somebody new, who comes by the front door."""
    numbers = itertools.count()
    return lambda **said: Person([cluster.door_url], f"visitor.{next(numbers)}", **said)


@pytest.fixture
def kill(cluster):
    """Return a function that kills a process; when the test is over all are ready again."""

    def kill(name):
        [process] = [process for process in cluster.processes() if process.name == name]
        victim = psutil.Process(process.pid)
        victim.kill()
        victim.wait(GONE_WITHIN_S)

    yield kill
    cluster.wait_ready(READY_WITHIN_S)


@pytest.fixture
def pair(newcomer):
    """A reader and the author whom they follow."""
    reader, author = newcomer(), newcomer()
    assert reader.follow(author).status_code == 200
    return reader, author
